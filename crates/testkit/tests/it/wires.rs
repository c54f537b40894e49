//! One plugin over every wire.

use std::time::{Duration, Instant};

use bytes::Bytes;
use graftwire_model::*;
use graftwire_sdk::app::{AppContext, CallRoute, ConvertVersions, ReviewAdmission};
use graftwire_sdk::frame::chunks::ChunkCollector;
use graftwire_sdk::frame::{Field, Frame};
use graftwire_sdk::prelude::{
    Answer, CallResource, CheckHealth, ChunkSender, PacketSender, Plugin, PublishStream, QueryChunked,
    QueryData, QueryError, RequestContext, ResourceResponse, StreamData,
};
use graftwire_sdk::{Admission, Conversion, Render};
use graftwire_testkit::{Pair, Wire};

/// Answers every call with what it was asked, so that a test sees both directions.
struct Mirror;

impl QueryData for Mirror {
    async fn query(&self, cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        match query.query_type.as_str() {
            "fail" => Err(QueryError::downstream("the database said no").with_status(503)),
            "hang" => std::future::pending().await,
            _ => {
                let seen = format!(
                    "{}|{}|{}|{:?}|{}|{}",
                    query.ref_id,
                    query.max_data_points,
                    query.interval.0,
                    query.time_range,
                    cx.headers.http("X-Trace").unwrap_or_default(),
                    cx.call.tenant(),
                );
                Ok(Answer::from(Frame::new(seen).with_field(Field::new("n", vec![i64::MIN, i64::MAX]))))
            }
        }
    }
}

impl QueryChunked for Mirror {
    async fn query_chunked(
        &self,
        _cx: &RequestContext,
        query: Query,
        mut chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        let frame = |rows: std::ops::Range<i64>| {
            Frame::new("n").with_field(Field::new("n", rows.collect::<Vec<_>>()))
        };
        match query.query_type.as_str() {
            "fail" => {
                chunks.send("f", frame(0..2)).await?;
                Err(QueryError::downstream("half way").with_status(503))
            }
            "panic" => panic!("in a chunk"),
            // Ten million rows: 80 MB if anybody held them all.
            "huge" => {
                for at in (0..10_000_000).step_by(10_000) {
                    MADE.store(at, std::sync::atomic::Ordering::Relaxed);
                    chunks.send("f", frame(at..at + 10_000)).await?;
                }
                Ok(())
            }
            _ => {
                chunks.send("a-b", frame(0..3)).await?;
                chunks.send("c", frame(10..11)).await?;
                chunks.send("a-b", frame(3..5)).await
            }
        }
    }
}

/// How far the huge answer has come.
static MADE: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

impl CheckHealth for Mirror {
    async fn check_health(&self, cx: &RequestContext) -> Result<HealthResponse, CallError> {
        let settings = cx.plugin.data_source.as_ref().unwrap();
        Ok(HealthResponse {
            status: HealthStatus::Ok,
            message: format!("{} {}", settings.uid, settings.secrets.get("key").unwrap_or_default()),
            json_details: Bytes::from_static(b"{\"a\":1}"),
        })
    }
}

impl CallResource for Mirror {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        if request.path == "fail" {
            return Err(
                CallError::new(Code::PermissionDenied, "not yours ✗").with_origin(ErrorSource::Downstream)
            );
        }
        let mut response = ResourceResponse::new(201, "application/octet-stream", request.body);
        response.headers.append("X-Seen", format!("{} {} {}", request.method, request.path, request.url));
        response.headers.append("X-Seen", request.headers.get_all("x-in").collect::<Vec<_>>().join("+"));
        Ok(response)
    }
}

impl StreamData for Mirror {
    async fn subscribe(
        &self,
        _cx: &RequestContext,
        request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        let status = match request.path.as_str() {
            "no" => StreamStatus::PermissionDenied,
            "none" => StreamStatus::NotFound,
            _ => StreamStatus::Ok,
        };
        Ok(SubscribeResponse { status, initial_data: request.data })
    }

    async fn run(
        &self,
        _cx: &RequestContext,
        request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        for _ in 0..3 {
            packets.send_json(request.data.clone()).await?;
        }
        if request.path == "fail" { Err(CallError::new(Code::Aborted, "lost it")) } else { Ok(()) }
    }
}

impl PublishStream for Mirror {
    async fn publish(
        &self,
        _cx: &RequestContext,
        request: PublishRequest,
    ) -> Result<PublishResponse, CallError> {
        Ok(PublishResponse { status: StreamStatus::Ok, data: request.data })
    }
}

impl Admission for Mirror {
    async fn validate(
        &self,
        _cx: &RequestContext,
        request: AdmissionRequest,
    ) -> Result<ValidationResponse, CallError> {
        let result = StatusResult { message: request.kind.kind, code: 422, ..StatusResult::default() };
        Ok(ValidationResponse { allowed: false, result: Some(result), warnings: vec!["careful".to_owned()] })
    }

    async fn mutate(
        &self,
        _cx: &RequestContext,
        request: AdmissionRequest,
    ) -> Result<MutationResponse, CallError> {
        Ok(MutationResponse { allowed: true, object: request.old_object, ..MutationResponse::default() })
    }
}

impl Conversion for Mirror {
    async fn convert(
        &self,
        _cx: &RequestContext,
        request: ConversionRequest,
    ) -> Result<ConversionResponse, CallError> {
        Ok(ConversionResponse { uid: request.uid, result: None, objects: request.objects })
    }
}

impl Render for Mirror {
    async fn render(&self, _cx: &RequestContext, request: RenderRequest) -> Result<(), CallError> {
        // What is seen goes into the error, as the answer has no other place.
        let seen = format!("{} {} {:?}", request.url, request.render_key, request.timeout);
        if request.width > 0 { Ok(()) } else { Err(CallError::new(Code::InvalidArgument, seen)) }
    }
}

impl ReviewAdmission for Mirror {
    async fn review_admission(
        &self,
        _cx: &AppContext,
        request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        Ok(AdmissionReviewResponse::change(request.object))
    }
}

impl ConvertVersions for Mirror {
    async fn convert_versions(
        &self,
        _cx: &AppContext,
        request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        let error = Some(ApiStatus::failure(422, "Invalid", request.target_version));
        Ok(VersionConversionResponse { error, ..VersionConversionResponse::default() })
    }
}

impl CallRoute for Mirror {
    async fn call_route(
        &self,
        _cx: &AppContext,
        request: RouteRequest,
    ) -> Result<ResourceResponse, CallError> {
        Ok(ResourceResponse::text(200, request.path))
    }
}

fn mirror() -> Plugin<Mirror> {
    Plugin::single("mirror-datasource", Mirror)
        .query_data()
        .query_chunked()
        .check_health()
        .call_resource()
        .stream_data()
        .publish_stream()
        .admission()
        .conversion()
        .render()
        .review_admission()
        .convert_versions()
        .call_route()
        .without_authentication()
}

fn context() -> PluginContext {
    let mut secrets = Secrets::new();
    secrets.insert("key", "s3cret");
    PluginContext {
        data_source: Some(DataSourceInstanceSettings {
            uid: "u1".to_owned(),
            secrets,
            ..DataSourceInstanceSettings::default()
        }),
        ..PluginContext::default()
    }
}

#[tokio::test]
async fn every_call_reaches_the_plugin_and_comes_back() {
    for wire in Wire::carrying(Capability::CallResource) {
        let pair = Pair::open(mirror(), wire).await.unwrap();
        let backend = pair.backend();
        let cx = CallContext::new;

        let health = backend
            .check_health(cx(), HealthRequest { context: context(), headers: Headers::new() })
            .await
            .unwrap();
        assert_eq!(health.message, "u1 s3cret", "{wire}");
        assert_eq!(health.json_details, "{\"a\":1}");

        let metrics = backend.collect_metrics(cx(), MetricsRequest::default()).await.unwrap();
        assert!(
            String::from_utf8_lossy(&metrics.prometheus).contains("grafana_plugin_request_total{"),
            "{wire}"
        );

        let mut pieces = backend
            .call_resource(
                cx(),
                ResourceRequest {
                    method: "PUT".to_owned(),
                    path: "a/b c".to_owned(),
                    url: "a/b%20c?x=1".to_owned(),
                    headers: [("X-In".to_owned(), vec!["1".to_owned(), "2".to_owned()])]
                        .into_iter()
                        .collect::<std::collections::BTreeMap<_, _>>()
                        .into(),
                    body: Bytes::from_static(b"body"),
                    ..ResourceRequest::default()
                },
            )
            .await
            .unwrap();
        let piece = pieces.next().await.unwrap().unwrap();
        assert_eq!((piece.status, piece.body.as_ref()), (201, b"body".as_slice()), "{wire}");
        assert_eq!(piece.headers.get_all("X-Seen").collect::<Vec<_>>(), ["PUT a/b c a/b%20c?x=1", "1+2"]);
        assert!(pieces.next().await.is_none());

        for (path, status) in [
            ("yes", StreamStatus::Ok),
            ("no", StreamStatus::PermissionDenied),
            ("none", StreamStatus::NotFound),
        ] {
            let request = SubscribeRequest {
                path: path.to_owned(),
                data: Bytes::from_static(b"{\"q\":7}"),
                ..SubscribeRequest::default()
            };
            let answer = backend.subscribe_stream(cx(), request).await.unwrap();
            assert_eq!(
                (answer.status, answer.initial_data.as_ref()),
                (status, b"{\"q\":7}".as_slice()),
                "{wire}"
            );
        }

        for (path, end) in [("yes", None), ("fail", Some((Code::Aborted, "lost it")))] {
            let request = RunStreamRequest {
                path: path.to_owned(),
                data: Bytes::from_static(b"{}"),
                ..RunStreamRequest::default()
            };
            let mut stream = backend.run_stream(cx(), request).await.unwrap();
            for _ in 0..3 {
                assert_eq!(stream.next().await.unwrap().unwrap().data, "{}");
            }
            let ended = stream.next().await.map(|item| item.unwrap_err());
            assert_eq!(ended.as_ref().map(|error| (error.code(), error.message())), end, "{wire}");
        }

        let request = PublishRequest { data: Bytes::from_static(b"[1]"), ..PublishRequest::default() };
        assert_eq!(backend.publish_stream(cx(), request).await.unwrap().data, "[1]");

        let request = AdmissionRequest {
            operation: AdmissionOperation::Delete,
            kind: GroupVersionKind { kind: "K".to_owned(), ..GroupVersionKind::default() },
            old_object: Bytes::from_static(b"old"),
            ..AdmissionRequest::default()
        };
        let refused = backend.validate_admission(cx(), request.clone()).await.unwrap();
        assert_eq!(
            (refused.allowed, refused.result.unwrap().message.as_str(), refused.warnings.len()),
            (false, "K", 1)
        );
        assert_eq!(backend.mutate_admission(cx(), request).await.unwrap().object, "old");

        let object =
            RawObject { raw: Bytes::from_static(b"{}"), content_type: "application/json".to_owned() };
        let request = ConversionRequest {
            uid: "c1".to_owned(),
            objects: vec![object.clone()],
            ..ConversionRequest::default()
        };
        let converted = backend.convert_objects(cx(), request).await.unwrap();
        assert_eq!((converted.uid.as_str(), converted.objects), ("c1", vec![object]));
    }
}

#[tokio::test]
async fn images_are_made_or_it_is_said_why_not() {
    for wire in Wire::all() {
        let pair = Pair::open(mirror(), wire).await.unwrap();
        let page = RenderRequest {
            url: "http://x".to_owned(),
            render_key: "k".to_owned(),
            timeout: Millis(1_500),
            ..RenderRequest::default()
        };
        let failed = pair.backend().render(CallContext::new(), page.clone()).await.unwrap();
        assert_eq!(failed.error, "http://x k Millis(2000)", "{wire}: whole seconds travel");
        let made =
            pair.backend().render(CallContext::new(), RenderRequest { width: 1, ..page }).await.unwrap();
        assert!(!made.is_error(), "{wire}: {made:?}");
    }
}

#[tokio::test]
async fn queries_keep_every_bit_in_both_formats() {
    for wire in Wire::all().filter(|wire| wire.carries_frames()) {
        let backend = Pair::open(mirror(), wire).await.unwrap();
        for format in [FrameFormat::Arrow, FrameFormat::Json] {
            let range = TimeRange { from: EpochMillis(i64::MIN), to: EpochMillis(i64::MAX) };
            let one = Query {
                ref_id: "Ä b".to_owned(),
                max_data_points: -1,
                interval: Millis(i64::MAX),
                time_range: range,
                ..Query::default()
            };
            let mut headers = Headers::new();
            headers.insert("http_X-Trace", "abc");
            let failing = Query { ref_id: "B".to_owned(), query_type: "fail".to_owned(), ..Query::default() };
            let request =
                QueryRequest { headers, queries: vec![one, failing], format, ..QueryRequest::default() };
            let mut cx = CallContext::new();
            cx.add_metadata("tenantID", "acme");
            let answer = backend.backend().query_data(cx, request).await.unwrap();

            let good = &answer.responses["Ä b"];
            assert_eq!((good.status, good.frames[0].format), (200, format), "{wire}");
            let frame = Frame::decode(&good.frames[0]).unwrap();
            assert_eq!(frame.name, format!("Ä b|-1|{}|{range:?}|abc|acme", i64::MAX));
            let expected =
                Frame::new(frame.name.clone()).with_field(Field::new("n", vec![i64::MIN, i64::MAX]));
            assert_eq!(frame.fields, expected.fields, "{wire}");
            let bad = &answer.responses["B"];
            assert_eq!((bad.status, bad.error.as_str()), (503, "the database said no"));
            assert_eq!(bad.error_source, Some(ErrorSource::Downstream));
        }
    }
}

#[tokio::test]
async fn chunks_become_the_same_frames_in_both_formats() {
    for wire in Wire::carrying(Capability::QueryChunkedData) {
        let pair = Pair::open(mirror(), wire).await.unwrap();
        for format in [FrameFormat::Arrow, FrameFormat::Json] {
            let queries = ["good", "fail", "panic"].map(|kind| Query {
                ref_id: kind.to_owned(),
                query_type: kind.to_owned(),
                ..Query::default()
            });
            let request = QueryRequest { queries: queries.to_vec(), format, ..QueryRequest::default() };
            let mut chunks = pair.backend().query_chunked(CallContext::new(), request).await.unwrap();
            let mut collector = ChunkCollector::default();
            while let Some(chunk) = chunks.next().await {
                collector.push(chunk.unwrap()).unwrap();
            }
            let rows: Vec<_> = collector.frames("good").map(|frame| frame.rows().unwrap()).collect();
            assert_eq!(rows, [5, 1], "{wire} {format:?}");
            let answer = collector.finish(format).unwrap();
            let of = |kind: &str| (answer.responses[kind].status, answer.responses[kind].error.clone());
            assert_eq!(of("fail"), (503, "half way".to_owned()), "{wire}");
            assert_eq!(answer.responses["fail"].frames.len(), 1, "what came before the error stays");
            assert_eq!(of("panic"), (500, "panic triggered: in a chunk".to_owned()), "{wire}");
        }
    }
}

#[tokio::test]
async fn a_slow_reader_holds_the_producer_and_a_dropped_one_stops_it() {
    use std::sync::atomic::Ordering;
    for wire in Wire::in_memory().filter(|wire| wire.carries(Capability::QueryChunkedData)) {
        let pair = Pair::open(mirror(), wire).await.unwrap();
        let queries =
            vec![Query { ref_id: "A".to_owned(), query_type: "huge".to_owned(), ..Query::default() }];
        let request = QueryRequest { queries, ..QueryRequest::default() };
        let mut chunks = pair.backend().query_chunked(CallContext::new(), request).await.unwrap();
        chunks.next().await.unwrap().unwrap();
        // Nobody reads on: windows and buffers fill, then the producer waits.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let held = MADE.load(Ordering::Relaxed);
        assert!(held < 2_000_000, "{wire}: {held} rows were made for a reader that takes none");
        drop(chunks);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let stopped = MADE.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(MADE.load(Ordering::Relaxed), stopped, "{wire}: the producer went on");
    }
}

#[tokio::test]
async fn failures_keep_code_text_and_origin() {
    for wire in Wire::carrying(Capability::CallResource) {
        let pair = Pair::open(mirror(), wire).await.unwrap();
        let request = ResourceRequest { path: "fail".to_owned(), ..ResourceRequest::default() };
        let error = match pair.backend().call_resource(CallContext::new(), request).await {
            Err(error) => error,
            Ok(mut pieces) => pieces.next().await.unwrap().unwrap_err(),
        };
        assert_eq!((error.code(), error.message()), (Code::PermissionDenied, "not yours ✗"), "{wire}");
        assert_eq!(error.origin(), Some(ErrorSource::Downstream));
    }
}

#[tokio::test]
async fn deadlines_reach_the_plugin() {
    for wire in Wire::all() {
        let pair = Pair::open(mirror(), wire).await.unwrap();
        let cx = CallContext::new().with_deadline(Instant::now() + Duration::from_millis(100));
        let queries =
            vec![Query { ref_id: "A".to_owned(), query_type: "hang".to_owned(), ..Query::default() }];
        let answer = pair.backend().query_data(cx, QueryRequest { queries, ..QueryRequest::default() }).await;
        // Both sides watch the deadline: whoever is first ends the call, with the same meaning.
        match answer {
            // Version 1 has a place for the text alone.
            Ok(answer) if !wire.carries_frames() => {
                assert!(answer.responses["A"].error.contains("deadline passed"), "{wire}: {answer:?}");
            }
            Ok(answer) => assert_eq!(answer.responses["A"].status, 504, "{wire}"),
            Err(error) => assert_eq!(error.code(), Code::DeadlineExceeded, "{wire}"),
        }
    }
}

#[tokio::test]
async fn a_request_above_the_limit_is_refused_with_both_numbers() {
    for wire in Wire::carrying(Capability::CallResource) {
        let pair = Pair::open(mirror(), wire).await.unwrap();
        let body = Bytes::from(vec![0_u8; 16 * 1024 * 1024 + 1]);
        let request = ResourceRequest { body, ..ResourceRequest::default() };
        let error = match pair.backend().call_resource(CallContext::new(), request).await {
            Err(error) => error,
            Ok(mut pieces) => pieces.next().await.unwrap().unwrap_err(),
        };
        assert_eq!(error.code(), Code::ResourceExhausted, "{wire}: {error}");
        assert!(error.message().contains("takes at most 16777216"), "{error}");
        // The connection is as good as before.
        assert!(pair.backend().collect_metrics(CallContext::new(), MetricsRequest::default()).await.is_ok());
    }
}

#[tokio::test]
async fn the_host_finds_what_is_attached_and_nothing_else() {
    for wire in Wire::all() {
        let all = Pair::open(mirror(), wire).await.unwrap();
        let found = all.capabilities(&context()).await;
        let bare = Pair::open(Plugin::single("bare-datasource", ()), wire).await.unwrap();
        let none = bare.capabilities(&context()).await;
        for capability in Capability::ALL {
            let carried = wire.carries(capability);
            assert_eq!(found.has(capability), carried, "{wire}: {capability}");
            assert_eq!(
                none.has(capability),
                carried && capability == Capability::CollectMetrics,
                "{wire}: {capability}"
            );
        }
    }
}

#[tokio::test]
async fn what_a_version_lacks_is_not_implemented() {
    let lacking: Vec<_> = Wire::all().filter(|wire| !wire.carries(Capability::CallResource)).collect();
    assert!(!lacking.is_empty(), "version 1 is compiled in");
    for wire in lacking {
        let pair = Pair::open(mirror(), wire).await.unwrap();
        let backend = pair.backend();
        let cx = CallContext::new;
        let errors = [
            backend.query_chunked(cx(), QueryRequest::default()).await.map(drop),
            backend.call_resource(cx(), ResourceRequest::default()).await.map(drop),
            backend.check_health(cx(), HealthRequest::default()).await.map(drop),
            backend.collect_metrics(cx(), MetricsRequest::default()).await.map(drop),
            backend.subscribe_stream(cx(), SubscribeRequest::default()).await.map(drop),
            backend.run_stream(cx(), RunStreamRequest::default()).await.map(drop),
            backend.publish_stream(cx(), PublishRequest::default()).await.map(drop),
            backend.validate_admission(cx(), AdmissionRequest::default()).await.map(drop),
            backend.mutate_admission(cx(), AdmissionRequest::default()).await.map(drop),
            backend.convert_objects(cx(), ConversionRequest::default()).await.map(drop),
        ];
        let lacks = Capability::ALL.into_iter().filter(|one| !wire.carries(*one));
        for (error, capability) in errors.into_iter().zip(lacks) {
            let (error, expected) = (error.unwrap_err(), CallError::unimplemented(capability));
            assert_eq!((error.code(), error.message()), (expected.code(), expected.message()), "{wire}");
        }
    }
}

/// Says by what number of instances it was made.
struct Numbered(usize);

impl QueryData for Numbered {
    async fn query(&self, _cx: &RequestContext, _query: Query) -> Result<Answer, QueryError> {
        Ok(Answer::from(Frame::new("n").with_field(Field::new("text", vec![self.0.to_string()]))))
    }
}

#[tokio::test]
async fn other_settings_make_another_instance_over_every_wire() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    for wire in Wire::all() {
        let made = std::sync::Arc::new(AtomicUsize::new(0));
        let plugin = Plugin::with_instances("numbered-datasource", move |_| {
            let made = std::sync::Arc::clone(&made);
            async move { Ok(Numbered(made.fetch_add(1, Ordering::Relaxed))) }
        });
        let pair = Pair::open(plugin.query_data(), wire).await.unwrap();
        let settings = |id: i64, url: &str, updated: i64| DataSourceInstanceSettings {
            id,
            url: url.to_owned(),
            // Version 1 does not say it: there the settings themselves are looked at.
            updated: EpochMillis(updated),
            ..DataSourceInstanceSettings::default()
        };
        let mut seen = Vec::new();
        for settings in [settings(1, "a", 1), settings(1, "a", 1), settings(2, "a", 1), settings(1, "b", 2)] {
            let context = PluginContext { data_source: Some(settings), ..PluginContext::default() };
            let queries = vec![Query { ref_id: "A".to_owned(), ..Query::default() }];
            let request = QueryRequest { context, queries, ..QueryRequest::default() };
            let answer = pair.backend().query_data(CallContext::new(), request).await.unwrap();
            let frame = Frame::decode(&answer.responses["A"].frames[0]).unwrap();
            seen.push(frame.fields[0].text(0).unwrap().into_owned());
        }
        assert_eq!(seen, ["0", "0", "1", "2"], "{wire}");
    }
}
