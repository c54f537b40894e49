use std::time::{Duration, Instant};

use graftwire_frame::{Field, Frame};
use graftwire_model::{DataResponse, FrameFormat};

use super::*;
use crate::prelude::{CallResource as CallResourceTrait, *};

/// Does what the query type or path says.
struct Odd;

impl QueryData for Odd {
    async fn query(&self, cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        match query.query_type.as_str() {
            "panic" => panic!("no such luck"),
            "downstream" => Err(QueryError::downstream("the database said no")),
            "partial" => Err(QueryError::bad_request("half of it").with_partial(vec![frame(1)])),
            "ragged" => Ok(Answer::from(
                Frame::new("ragged")
                    .with_field(Field::new("a", vec![1_i64]))
                    .with_field(Field::new("b", vec![1_i64, 2])),
            )),
            "slow" => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Ok(Answer::from(frame(1)))
            }
            "large" => Ok(Answer::from(frame(100_000))),
            "who" => Ok(Answer::from(Frame::new(cx.plugin.plugin_id.clone()))),
            _ => Ok(Answer::from(frame(3))),
        }
    }
}

fn frame(rows: i64) -> Frame {
    Frame::new("numbers").with_field(Field::new("n", (0..rows).collect::<Vec<_>>()))
}

impl CheckHealth for Odd {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Err(CallError::new(Code::Unavailable, "nobody home"))
    }
}

impl CallResourceTrait for Odd {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        match request.path.as_str() {
            "panic" => panic!("{}", "formatted".to_owned()),
            "empty" => Ok(ResourceResponse::pieces(204, "text/plain", ReplyStream::from_items([]))),
            "large" => {
                Ok(ResourceResponse::new(200, "application/octet-stream", vec![7_u8; 3 * 1024 * 1024 + 1]))
            }
            _ => Ok(ResourceResponse::text(200, request.path)),
        }
    }
}

impl StreamData for Odd {
    async fn subscribe(
        &self,
        _cx: &RequestContext,
        _request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        Ok(SubscribeResponse::default())
    }

    async fn run(
        &self,
        _cx: &RequestContext,
        request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        for number in 0..100 {
            packets.send_json(format!("{{\"n\":{number}}}")).await?;
        }
        match request.path.as_str() {
            "panic" => panic!("in the stream"),
            "error" => Err(CallError::new(Code::Unavailable, "upstream is gone")),
            "endless" => std::future::pending().await,
            _ => Ok(()),
        }
    }
}

fn plugin() -> Plugin<Odd> {
    Plugin::single("odd-datasource", Odd).query_data().check_health().call_resource().stream_data()
}

fn query(ref_id: &str, query_type: &str) -> Query {
    Query { ref_id: ref_id.to_owned(), query_type: query_type.to_owned(), ..Query::default() }
}

async fn ask(plugin: Plugin<Odd>, cx: CallContext, kinds: &[&str]) -> QueryResponse {
    let queries = kinds.iter().map(|kind| query(kind, kind)).collect();
    plugin.into_backend().query_data(cx, QueryRequest { queries, ..QueryRequest::default() }).await.unwrap()
}

#[tokio::test]
async fn one_query_that_fails_leaves_the_others() {
    let answer =
        ask(plugin(), CallContext::new(), &["ok", "panic", "downstream", "partial", "ragged", "who"]).await;
    let of = |kind: &str| &answer.responses[kind];
    assert_eq!((of("ok").status, of("ok").frames.len(), of("ok").is_error()), (200, 1, false));
    assert_eq!((of("panic").status, of("panic").error.as_str()), (500, "panic triggered: no such luck"));
    assert_eq!(of("panic").error_source, Some(ErrorSource::Plugin));
    assert_eq!(
        (of("downstream").status, of("downstream").error_source),
        (502, Some(ErrorSource::Downstream))
    );
    assert_eq!((of("partial").status, of("partial").frames.len()), (400, 1));
    assert!(
        of("ragged").error.starts_with("frame \"ragged\" can't be encoded: field 1"),
        "{}",
        of("ragged").error
    );
    let who = Frame::decode(&of("who").frames[0]).unwrap();
    assert_eq!((who.name.as_str(), who.ref_id.as_str()), ("odd-datasource", "who"));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_query_that_is_too_slow_and_keeps_the_others() {
    let cx = CallContext::new().with_deadline(Instant::now() + Duration::from_secs(5));
    let answer = ask(plugin(), cx, &["slow", "ok"]).await;
    assert_eq!((answer.responses["slow"].status, answer.responses["ok"].status), (504, 200));
}

#[tokio::test]
async fn an_answer_above_the_limit_says_both_numbers() {
    let limits = Limits { response_bytes: 10_000, ..Limits::default() };
    let answer = ask(plugin().limits(limits), CallContext::new(), &["large", "ok"]).await;
    let DataResponse { status, error, frames, .. } = &answer.responses["large"];
    assert_eq!((*status, frames.len()), (413, 0));
    assert!(error.contains("above the limit of 10000"), "{error}");
    assert_eq!(answer.responses["ok"].status, 200);
}

#[tokio::test]
async fn a_failing_health_check_is_an_answer() {
    let health =
        plugin().into_backend().check_health(CallContext::new(), HealthRequest::default()).await.unwrap();
    assert_eq!((health.status, health.message.as_str()), (HealthStatus::Error, "nobody home"));
}

#[tokio::test]
async fn what_was_not_attached_is_unimplemented() {
    let backend = Plugin::single("bare-datasource", ()).into_backend();
    let error = backend.query_data(CallContext::new(), QueryRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
    let error = backend.check_health(CallContext::new(), HealthRequest::default()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Unimplemented, "checkHealth is not implemented by this plugin")
    );
    assert!(backend.collect_metrics(CallContext::new(), MetricsRequest::default()).await.is_ok());
}

async fn resource(path: &str) -> Result<Vec<ResourcePiece>, CallError> {
    let request = ResourceRequest { path: path.to_owned(), ..ResourceRequest::default() };
    let mut stream = plugin().into_backend().call_resource(CallContext::new(), request).await?;
    let mut pieces = Vec::new();
    while let Some(piece) = stream.next().await {
        pieces.push(piece?);
    }
    Ok(pieces)
}

#[tokio::test]
async fn resources_have_a_head_and_come_in_pieces() {
    let pieces = resource("large").await.unwrap();
    assert_eq!(pieces.iter().map(|piece| piece.body.len()).sum::<usize>(), 3 * 1024 * 1024 + 1);
    assert_eq!(pieces.len(), 4);
    assert_eq!(
        (pieces[0].status, pieces[0].headers.get("content-type")),
        (200, Some("application/octet-stream"))
    );
    assert_eq!(resource("empty").await.unwrap()[0].status, 204);
    let error = resource("panic").await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unknown, "panic triggered: formatted"));
}

async fn run(backend: &Arc<dyn Backend>, path: &str) -> ReplyStream<StreamPacket> {
    let request = RunStreamRequest { path: path.to_owned(), ..RunStreamRequest::default() };
    backend.run_stream(CallContext::new(), request).await.unwrap()
}

#[tokio::test]
async fn channels_end_cleanly_with_an_error_or_with_a_panic_after_everything_sent() {
    let backend = plugin().into_backend();
    for (path, end) in
        [("", None), ("error", Some("upstream is gone")), ("panic", Some("panic triggered: in the stream"))]
    {
        let mut stream = run(&backend, path).await;
        let mut packets = 0;
        let ended = loop {
            match stream.next().await {
                Some(Ok(packet)) => {
                    assert_eq!(packet.data, format!("{{\"n\":{packets}}}"));
                    packets += 1;
                }
                Some(Err(error)) => break Some(error.message().to_owned()),
                None => break None,
            }
        };
        assert_eq!((packets, ended.as_deref()), (100, end), "{path:?}");
    }
}

#[tokio::test]
async fn ten_thousand_channels_meet_the_limit_and_a_dropped_one_makes_room() {
    let backend = plugin().into_backend();
    let mut running = Vec::new();
    let mut refused = 0;
    for _ in 0..10_000 {
        let request = RunStreamRequest { path: "endless".to_owned(), ..RunStreamRequest::default() };
        match backend.run_stream(CallContext::new(), request).await {
            Ok(stream) => running.push(stream),
            Err(error) => {
                assert_eq!(error.code(), Code::ResourceExhausted);
                assert!(error.message().starts_with("1000 live channels are running"), "{}", error.message());
                refused += 1;
            }
        }
    }
    assert_eq!((running.len(), refused), (1_000, 9_000));
    running.pop();
    run(&backend, "endless").await;
}

#[tokio::test]
async fn publishing_is_refused_where_only_streams_are_attached() {
    let answer =
        plugin().into_backend().publish_stream(CallContext::new(), PublishRequest::default()).await.unwrap();
    assert_eq!(answer.status, StreamStatus::PermissionDenied);
}

#[tokio::test]
async fn every_call_is_counted() {
    let (backend, ..) = plugin().into_parts();
    let queries = vec![query("A", "downstream")];
    backend
        .query_data(CallContext::new(), QueryRequest { queries, ..QueryRequest::default() })
        .await
        .unwrap();
    let text =
        backend.collect_metrics(CallContext::new(), MetricsRequest::default()).await.unwrap().prometheus;
    let text = String::from_utf8(text.to_vec()).unwrap();
    let wanted = "grafana_plugin_request_total{endpoint=\"queryData\",status=\"error\",status_source=\"downstream\"} 1";
    assert!(text.contains(wanted), "{text}");
}

/// Fails, hangs or sends one row, as the query type says.
impl QueryChunked for Odd {
    async fn query_chunked(
        &self,
        _cx: &RequestContext,
        query: Query,
        mut chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        chunks.send("f", frame(1)).await?;
        match query.query_type.as_str() {
            "downstream" => Err(QueryError::downstream("the database said no")),
            "slow" => std::future::pending().await,
            "no id" => chunks.send("", frame(1)).await,
            "other columns" => {
                chunks.send("f", Frame::new("numbers").with_field(Field::new("n", vec!["x"]))).await
            }
            _ => Ok(()),
        }
    }
}

async fn chunks_of(
    plugin: Plugin<Odd>,
    cx: CallContext,
    kinds: &[&str],
) -> Result<Vec<QueryChunk>, CallError> {
    let queries = kinds.iter().map(|kind| query(kind, kind)).collect();
    let request = QueryRequest { queries, format: FrameFormat::Json, ..QueryRequest::default() };
    let mut stream = plugin.into_backend().query_chunked(cx, request).await?;
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.next().await {
        chunks.push(chunk?);
    }
    Ok(chunks)
}

#[tokio::test(start_paused = true)]
async fn a_chunked_query_that_fails_is_one_chunk_that_says_format_source_and_status() {
    let cx = CallContext::new().with_deadline(Instant::now() + Duration::from_secs(5));
    let kinds = ["ok", "downstream", "slow", "no id", "other columns"];
    let chunks = chunks_of(plugin().query_chunked(), cx, &kinds).await.unwrap();
    for (kind, status, source, says) in [
        ("downstream", 502, ErrorSource::Downstream, "the database said no"),
        ("slow", 504, ErrorSource::Downstream, "the caller's deadline passed before the answer was complete"),
        (
            "no id",
            500,
            ErrorSource::Plugin,
            "a chunk without a frame id can't be put together; name the frame",
        ),
        (
            "other columns",
            500,
            ErrorSource::Plugin,
            "frame \"numbers\" can't be encoded: append: found 1 columns [string], expected 1 columns [int64]",
        ),
    ] {
        let of: Vec<_> = chunks.iter().filter(|chunk| chunk.ref_id == kind).collect();
        let [rows, failed] = of.as_slice() else { panic!("{kind}: {of:?}") };
        assert_eq!((rows.status, rows.error.as_str()), (200, ""), "{kind}");
        assert_eq!((failed.error.as_str(), failed.status, failed.error_source), (says, status, Some(source)));
        let format = failed.frame.as_ref().map(|frame| (frame.format, frame.len()));
        assert_eq!(format, Some((FrameFormat::Json, 0)), "{kind}");
    }
    assert_eq!(chunks.iter().filter(|chunk| chunk.ref_id == "ok").count(), 1);
}

#[tokio::test]
async fn without_an_instance_chunked_queries_fail_like_plain_ones() {
    use crate::InstanceError;
    let settings = || QueryRequest {
        context: PluginContext { data_source: Some(Default::default()), ..PluginContext::default() },
        queries: vec![query("A", ""), query("B", "")],
        ..QueryRequest::default()
    };
    let failing = |origin: Option<ErrorSource>| {
        let make = move |_| async move {
            let error = InstanceError::new("no url");
            Err::<Odd, _>(match origin {
                Some(origin) => error.with_origin(origin),
                None => error,
            })
        };
        Plugin::with_instances("odd-datasource", make).query_chunked().into_backend()
    };
    let mut stream =
        failing(Some(ErrorSource::Downstream)).query_chunked(CallContext::new(), settings()).await.unwrap();
    for ref_id in ["A", "B"] {
        let chunk = stream.next().await.unwrap().unwrap();
        assert_eq!((chunk.ref_id.as_str(), chunk.error.as_str(), chunk.status), (ref_id, "no url", 400));
    }
    assert!(stream.next().await.is_none());
    let error = failing(None).query_chunked(CallContext::new(), settings()).await.unwrap_err();
    assert_eq!(error.message(), "no url");
}
