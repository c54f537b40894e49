//! Our host's calls, and what must be answered: the same by our plugin and by those in Go.
//!
//! It deliberately does not know over what it calls.

use std::time::{Duration, Instant};

use bytes::Bytes;
use graftwire_host::{Channel, Plugin};
use graftwire_model::*;
use graftwire_protocol::goplugin;
use graftwire_sdk::frame::chunks::ChunkCollector;
use graftwire_sdk::frame::{Field, Frame};
use graftwire_testkit::broker::{health, is_serving};
use serde_json::{Value, json};

use super::session::{Other, Session};
use super::{Outcome, Tally, Version, same};

const OBJECT: &str = r#"{"apiVersion":"a.ext/v1","metadata":{"name":"n"}}"#;

/// Every call of a version, and go-plugin's own; the end of the process comes last.
pub(super) async fn all(session: Session, version: Version, tally: &mut Tally) {
    let backend = session.backend.as_ref();
    match version {
        Version::V1 => version_1(backend, tally).await,
        Version::V2 => version_2(backend, tally).await,
        Version::V3 => version_3(backend, tally).await,
    }
    tally.note("GRPCBroker, the host dials", host_dials(&session).await);
    tally.note("GRPCBroker, the plugin dials", plugin_dials(&session).await);
    let serving = goplugin::client::ping(session.channel.clone()).await.map_err(text);
    tally.note("Health.Check", serving.and_then(|serving| same("serving", &serving, &true)));
    if let Other::Process(plugin, printed) = &session.other {
        tally.note("GRPCStdio.StreamStdio", stdio(backend, plugin, printed).await);
    }
    tally.note("GRPCController.Shutdown", shutdown(&session).await);
}

async fn version_1(backend: &dyn Backend, tally: &mut Tally) {
    tally.note("Query, series", series(backend).await);
    tally.note("Query, table", table(backend).await);
    tally.note("Query, error", failed_query(backend).await);
    tally.note("Render", render(backend).await);
}

async fn version_2(backend: &dyn Backend, tally: &mut Tally) {
    tally.note("CheckHealth", check_health(backend).await);
    tally.note("CollectMetrics", collect_metrics(backend).await);
    for format in [FrameFormat::Arrow, FrameFormat::Json] {
        tally.note(&format!("QueryData, {format:?}"), query_data(backend, format).await);
        tally.note(&format!("QueryChunkedData, {format:?}"), query_chunked(backend, format).await);
    }
    tally.note("CallResource", call_resource(backend).await);
    tally.note("CallResource, in pieces", pieces(backend).await);
    tally.note("SubscribeStream", subscribe(backend).await);
    tally.note("RunStream", run_stream(backend).await);
    tally.note("PublishStream", publish(backend).await);
    tally.note("ValidateAdmission", validate(backend).await);
    tally.note("MutateAdmission", mutate(backend).await);
    tally.note("ConvertObjects", convert(backend).await);
    tally.note("Render", render(backend).await);
}

async fn version_3(backend: &dyn Backend, tally: &mut Tally) {
    tally.note("AdmissionReview", review(backend).await);
    tally.note("ConvertObjects", convert_versions(backend).await);
    tally.note("CallRoute", call_route(backend).await);
}

fn text(error: CallError) -> String {
    format!("{:?}: {}", error.code(), error.message())
}

fn parsed(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("{error}: {:?}", String::from_utf8_lossy(bytes)))
}

fn context() -> PluginContext {
    let settings = DataSourceInstanceSettings {
        id: 3,
        uid: "u".to_owned(),
        json_data: "{}".into(),
        ..Default::default()
    };
    PluginContext { org_id: 1, data_source: Some(settings), ..PluginContext::default() }
}

fn one(ref_id: &str, query_type: &str, model: &str) -> Query {
    Query {
        ref_id: ref_id.to_owned(),
        query_type: query_type.to_owned(),
        json: Bytes::copy_from_slice(model.as_bytes()),
        ..Query::default()
    }
}

async fn answer(backend: &dyn Backend, format: FrameFormat, query: Query) -> Result<DataResponse, String> {
    let ref_id = query.ref_id.clone();
    let request =
        QueryRequest { context: context(), queries: vec![query], format, ..QueryRequest::default() };
    let mut answer = backend.query_data(CallContext::new(), request).await.map_err(text)?;
    answer.responses.remove(&ref_id).ok_or_else(|| format!("no answer to {ref_id}"))
}

fn decoded(answer: &DataResponse) -> Result<Vec<Frame>, String> {
    let frames = answer.frames.iter().map(|frame| Frame::decode(frame).map_err(|error| error_text(&error)));
    frames.collect()
}

/// A cell of a column by its name.
fn cell(frame: &Frame, name: &str, row: usize) -> Result<String, String> {
    let field = frame.fields.iter().find(|field| field.name == name);
    let field = field.ok_or_else(|| format!("no column {name}"))?;
    Ok(field.text(row).ok_or_else(|| format!("null in {name}"))?.into_owned())
}

/// What a query for one text says.
async fn said(backend: &dyn Backend, query_type: &str, model: &str) -> Result<String, String> {
    let answer = answer(backend, FrameFormat::Arrow, one("A", query_type, model)).await?;
    let frames = decoded(&answer)?;
    let frame = frames.first().ok_or_else(|| format!("no frame: {:?}", answer.error))?;
    cell(frame, "said", 0)
}

async fn series(backend: &dyn Backend) -> Outcome {
    let frames = decoded(&answer(backend, FrameFormat::Arrow, one("A", "series", "{}")).await?)?;
    same("series", &frames.len(), &2)?;
    for (frame, host, value) in [(&frames[0], "a", "1.5"), (&frames[1], "b", "-2")] {
        let field = &frame.fields[1];
        same("value", &field.text(0).unwrap_or_default().as_ref(), &value)?;
        let labelled = Field::new("", vec![0.0]).with_labels([("host", host)]);
        same("labels", &field.labels, &labelled.labels)?;
    }
    Ok(())
}

async fn table(backend: &dyn Backend) -> Outcome {
    let frames = decoded(&answer(backend, FrameFormat::Arrow, one("A", "table", "{}")).await?)?;
    same("tables", &frames.len(), &1)?;
    for (name, value) in [("double", "1.25"), ("int", "9007199254740993"), ("bool", "true"), ("text", "str")]
    {
        same(name, &cell(&frames[0], name, 0)?.as_str(), &value)?;
    }
    Ok(())
}

async fn failed_query(backend: &dyn Backend) -> Outcome {
    let query = one("A", "error", r#"{"error":"bad query"}"#);
    same("error", &answer(backend, FrameFormat::Arrow, query).await?.error.as_str(), &"bad query")
}

async fn check_health(backend: &dyn Backend) -> Outcome {
    let request = HealthRequest { context: context(), ..HealthRequest::default() };
    let health = backend.check_health(CallContext::new(), request).await.map_err(text)?;
    same("status", &health.status, &HealthStatus::Ok)?;
    same(&health.message, &health.message.ends_with("peer is well"), &true)
}

async fn collect_metrics(backend: &dyn Backend) -> Outcome {
    let metrics =
        backend.collect_metrics(CallContext::new(), MetricsRequest::default()).await.map_err(text)?;
    let exposed = String::from_utf8_lossy(&metrics.prometheus);
    same("metrics in text form", &exposed.starts_with("# HELP "), &true)
}

async fn query_data(backend: &dyn Backend, format: FrameFormat) -> Outcome {
    let good = answer(backend, format, one("A", "types", "{}")).await?;
    same("status", &good.status, &200)?;
    same("format", &good.frames.first().map(|frame| frame.format), &Some(format))?;
    let frame = &decoded(&good)?[0];
    for (name, row, value) in
        [("int64", 1, "9007199254740993"), ("uint64", 2, "18446744073709551615"), ("string", 2, "plain")]
    {
        same(name, &cell(frame, name, row)?.as_str(), &value)?;
    }
    let bad = one("B", "error", r#"{"error":"upstream is down","status":502}"#);
    let bad = answer(backend, format, bad).await?;
    same("error", &(bad.status, bad.error.as_str()), &(502, "upstream is down"))
}

async fn query_chunked(backend: &dyn Backend, format: FrameFormat) -> Outcome {
    let queries = vec![one("A", "bench", r#"{"rows":25,"chunk":10}"#)];
    let request = QueryRequest { context: context(), queries, format, ..QueryRequest::default() };
    let mut chunks = backend.query_chunked(CallContext::new(), request).await.map_err(text)?;
    let (mut count, mut collector) = (0, ChunkCollector::default());
    while let Some(chunk) = chunks.next().await {
        collector.push(chunk.map_err(text)?).map_err(|error| error_text(&error))?;
        count += 1;
    }
    let rows: Vec<_> = collector.frames("A").map(|frame| frame.rows().unwrap_or_default()).collect();
    same("chunks and rows", &(count, rows), &(3, vec![25]))
}

async fn resource(
    backend: &dyn Backend,
    url: &str,
    body: &'static str,
) -> Result<Vec<ResourcePiece>, String> {
    let request = ResourceRequest {
        context: context(),
        method: "POST".to_owned(),
        path: url.split('?').next().unwrap_or_default().to_owned(),
        url: url.to_owned(),
        body: Bytes::from_static(body.as_bytes()),
        ..ResourceRequest::default()
    };
    let mut stream = backend.call_resource(CallContext::new(), request).await.map_err(text)?;
    let mut all = Vec::new();
    while let Some(piece) = stream.next().await {
        all.push(piece.map_err(text)?);
    }
    Ok(all)
}

async fn call_resource(backend: &dyn Backend) -> Outcome {
    let pieces = resource(backend, "echo", "the body ✓").await?;
    let found: Vec<_> = pieces.iter().map(|piece| (piece.status, piece.body.as_ref())).collect();
    same("answer", &found, &vec![(200, "the body ✓".as_bytes())])
}

async fn pieces(backend: &dyn Backend) -> Outcome {
    let pieces = resource(backend, "pieces?n=3&bytes=16", "").await?;
    let found: Vec<_> = pieces.iter().map(|piece| (piece.body.first().copied(), piece.body.len())).collect();
    same("pieces", &found, &vec![(Some(b'a'), 16), (Some(b'b'), 16), (Some(b'c'), 16)])
}

async fn subscribe(backend: &dyn Backend) -> Outcome {
    for (path, status) in [
        ("ticks/3", StreamStatus::Ok),
        ("denied", StreamStatus::PermissionDenied),
        ("missing", StreamStatus::NotFound),
    ] {
        let request =
            SubscribeRequest { context: context(), path: path.to_owned(), ..SubscribeRequest::default() };
        let answer = backend.subscribe_stream(CallContext::new(), request).await.map_err(text)?;
        same(path, &answer.status, &status)?;
    }
    Ok(())
}

async fn run_stream(backend: &dyn Backend) -> Outcome {
    let request =
        RunStreamRequest { context: context(), path: "ticks/3/0".to_owned(), ..RunStreamRequest::default() };
    let mut stream = backend.run_stream(CallContext::new(), request).await.map_err(text)?;
    let mut packets = 0;
    while let Some(packet) = stream.next().await {
        parsed(&packet.map_err(text)?.data)?;
        packets += 1;
    }
    same("packets", &packets, &3)
}

async fn publish(backend: &dyn Backend) -> Outcome {
    for (path, status) in [("allowed", StreamStatus::Ok), ("denied", StreamStatus::PermissionDenied)] {
        let request = PublishRequest {
            context: context(),
            path: path.to_owned(),
            data: Bytes::from_static(b"{\"v\":1}"),
            ..PublishRequest::default()
        };
        let answer = backend.publish_stream(CallContext::new(), request).await.map_err(text)?;
        same(path, &answer.status, &status)?;
        if status == StreamStatus::Ok {
            same("data", &parsed(&answer.data)?, &json!({"v": 1}))?;
        }
    }
    Ok(())
}

fn admission(object: &'static str) -> AdmissionRequest {
    AdmissionRequest {
        context: context(),
        operation: AdmissionOperation::Create,
        kind: GroupVersionKind { group: "g".to_owned(), version: "v1".to_owned(), kind: "Thing".to_owned() },
        object: Bytes::from_static(object.as_bytes()),
        ..AdmissionRequest::default()
    }
}

async fn validate(backend: &dyn Backend) -> Outcome {
    let accepted = backend.validate_admission(CallContext::new(), admission(r#"{"spec":1}"#)).await;
    same("accepted", &accepted.map_err(text)?.allowed, &true)?;
    let refused = backend.validate_admission(CallContext::new(), admission(r#"{"deny":"needed"}"#)).await;
    let refused = refused.map_err(text)?;
    let why = refused.result.map(|result| (result.code, result.message));
    same("refused", &(refused.allowed, why), &(false, Some((422, "needed".to_owned()))))
}

async fn mutate(backend: &dyn Backend) -> Outcome {
    let answer =
        backend.mutate_admission(CallContext::new(), admission(r#"{"spec":1}"#)).await.map_err(text)?;
    let object = parsed(&answer.object)?;
    same("object", &object, &json!({"spec": 1, "mutated": "CREATE"}))
}

async fn convert(backend: &dyn Backend) -> Outcome {
    let objects = [r#"{"n":1}"#, r#"{"n":2}"#].map(|raw| RawObject {
        raw: Bytes::from_static(raw.as_bytes()),
        content_type: "application/json".to_owned(),
    });
    let request = ConversionRequest {
        context: context(),
        uid: "c1".to_owned(),
        target_version: GroupVersion { group: "g".to_owned(), version: "v2".to_owned() },
        objects: objects.to_vec(),
    };
    let answer = backend.convert_objects(CallContext::new(), request).await.map_err(text)?;
    same("uid", &answer.uid.as_str(), &"c1")?;
    let found = answer.objects.iter().map(|object| parsed(&object.raw)).collect::<Result<Vec<_>, _>>()?;
    same(
        "objects",
        &found,
        &vec![json!({"apiVersion": "g/v2", "n": 1}), json!({"apiVersion": "g/v2", "n": 2})],
    )
}

async fn render(backend: &dyn Backend) -> Outcome {
    let page = RenderRequest { url: "http://page".to_owned(), ..RenderRequest::default() };
    let failed = backend.render(CallContext::new(), page.clone()).await.map_err(text)?;
    same("error", &failed.error.as_str(), &"no width for http://page")?;
    let made = backend.render(CallContext::new(), RenderRequest { width: 1, ..page }).await.map_err(text)?;
    same("error", &made.is_error(), &false)
}

fn kind() -> GroupVersionKind {
    GroupVersionKind { group: "a.ext".to_owned(), version: "v1".to_owned(), kind: "K".to_owned() }
}

async fn review(backend: &dyn Backend) -> Outcome {
    let request = AdmissionReviewRequest {
        operation: Some(AdmissionOperation::Create),
        kind: kind(),
        object: Bytes::from_static(OBJECT.as_bytes()),
        old_object: Bytes::new(),
    };
    let answer = backend.review_admission(CallContext::new(), request).await.map_err(text)?;
    let error = answer.error.map(|error| (error.code, error.reason, error.message));
    let refusal = (422, "Invalid".to_owned(), "not so".to_owned());
    same("refused", &(answer.allowed, error), &(false, Some(refusal)))?;
    same("object", &answer.object.as_ref(), &OBJECT.as_bytes())
}

async fn convert_versions(backend: &dyn Backend) -> Outcome {
    let object = VersionedObject { kind: kind(), raw: Bytes::from_static(OBJECT.as_bytes()) };
    let request = VersionConversionRequest {
        api: GroupVersion { group: "a.ext".to_owned(), version: "v1".to_owned() },
        uid: "u1".to_owned(),
        objects: vec![object; 2],
        target_version: "v2".to_owned(),
    };
    let answer = backend.convert_versions(CallContext::new(), request).await.map_err(text)?;
    let found = answer.converted.iter().map(|object| parsed(&object.raw)).collect::<Result<Vec<_>, _>>()?;
    let expected = parsed(OBJECT.replace("/v1", "/v2").as_bytes())?;
    same("answer", &(answer.uid, found), &("u1".to_owned(), vec![expected; 2]))
}

async fn call_route(backend: &dyn Backend) -> Outcome {
    let request = RouteRequest {
        group: "a.ext".to_owned(),
        version: "v1".to_owned(),
        path: "songs".to_owned(),
        method: "POST".to_owned(),
        ..RouteRequest::default()
    };
    let mut stream = backend.call_route(CallContext::new(), request).await.map_err(text)?;
    let (mut status, mut body) = (None, Vec::new());
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(text)?;
        status = status.or(Some(piece.status));
        body.extend_from_slice(&piece.body);
    }
    same("status", &status, &Some(201))?;
    let seen = parsed(&body)?;
    same("request", &(&seen["path"], &seen["group"]), &(&json!("songs"), &json!("a.ext")))
}

async fn host_dials(session: &Session) -> Outcome {
    let id = said(session.backend.as_ref(), "accept", "{}").await?;
    let id = id.parse().map_err(|error| format!("{id:?}: {error}"))?;
    let connection = session.broker.dial(id).await.map_err(|error| error_text(&error))?;
    same("serving", &is_serving(connection).await.map_err(text)?, &true)
}

async fn plugin_dials(session: &Session) -> Outcome {
    let id = session.broker.next_id();
    let listener = session.broker.accept(id).await.map_err(|error| error_text(&error))?;
    let serving = tokio::spawn(graftwire_sdk::broker::serve(listener, health()));
    let said = said(session.backend.as_ref(), "dial", &json!({"id": id.to_string()}).to_string()).await;
    serving.abort();
    same("answer", &said?.as_str(), &"serving: true")
}

/// What is printed goes to the log, on its own channel; it may come after the answer.
async fn stdio(backend: &dyn Backend, plugin: &Plugin, printed: &str) -> Outcome {
    answer(backend, FrameFormat::Arrow, one("A", "log", "{}")).await?;
    let came = || {
        plugin
            .logs()
            .recent()
            .iter()
            .any(|record| record.channel == Channel::CarriedStdout && record.message == printed)
    };
    soon(&format!("{printed:?} is in the log"), came).await
}

/// A process must leave by itself and with success, a plugin in this process must stop serving.
async fn shutdown(session: &Session) -> Outcome {
    match &session.other {
        Other::Process(plugin, _) => {
            let report = plugin.stop().await;
            let clean = report.orderly && report.exit.is_some_and(|exit| exit.is_success());
            same(&format!("{report:?}"), &clean, &true)
        }
        Other::Here(pair) => {
            same("over before", &pair.is_over(), &false)?;
            // The answer may be lost when the other end is quicker.
            let _ = goplugin::client::shutdown(session.channel.clone()).await;
            soon("it serves no more", || pair.is_over()).await
        }
    }
}

async fn soon(what: &str, is_so: impl Fn() -> bool) -> Outcome {
    let patience = Instant::now();
    while patience.elapsed() < Duration::from_secs(10) {
        if is_so() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("not within 10 s: {what}"))
}
