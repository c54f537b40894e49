//! Queries, resources, health and metrics of the contract.

use graftwire_frame::{DecodeLimits, Frame, json};
use graftwire_model::{
    Code, DataResponse, FrameFormat, HealthRequest, HealthStatus, MetricsRequest, QueryRequest,
    QueryResponse, ResourceRequest, TimeRange,
};
use serde_json::Value;

use super::process::{Opened, Subject, soon};
use super::{Check, Kept, Miss, checks, expect};

pub(super) fn checks() -> Vec<Check> {
    checks!("queries, resources, diagnostics", true:
        "status", "an answer without an error has status 200" => status;
        "int64", "64-bit integers are exact" => int64;
        "uint64", "unsigned 64-bit integers are exact" => uint64;
        "float", "NaN and infinities arrive" => float;
        "nanoseconds", "times are exact to the nanosecond" => nanoseconds;
        "null", "nulls arrive" => null;
        "text", "texts arrive, any characters" => text;
        "json-field", "a column of JSON is one" => json_field;
        "enum-field", "a column of enum values is one, with its texts" => enum_field;
        "json-format", "asked for JSON, it answers JSON" => json_format;
        "query-error", "one query's error leaves the others, and has its status" => query_error;
        "query-broken", "a query that is no JSON leaves the others" => query_broken;
        "query-panic", "a panic is that call's error, and the process lives on" => query_panic;
        "lenient-role", "a role that nobody knows is no reason to refuse" => lenient_role;
        "lenient-times", "times far out of range are no reason to refuse" => lenient_times;
        "lenient-context", "a context without user and settings is no reason to refuse" => lenient_context;
        "chunked", "25,000 rows in chunks of 10,000 come in three, and whole" => chunked;
        "resource-echo", "a resource gets the body and gives it back" => resource_echo;
        "resource-pieces", "a body in three pieces comes in three messages" => resource_pieces;
        "check-health", "CheckHealth says OK" => check_health;
        "collect-metrics", "CollectMetrics gives text" => collect_metrics;
    )
}

async fn ask(subject: &Subject, opened: &Opened, query_type: &str) -> Result<DataResponse, Miss> {
    let request = subject.request(vec![subject.query("A", query_type, "{}")]);
    let mut answer = opened.backend().query_data(soon(), request).await?;
    answer.responses.remove("A").ok_or_else(|| "no answer under its refId".into())
}

/// The frame `types` as JSON: exact, NaN and nanoseconds beside the values.
async fn types(subject: &Subject) -> Result<Value, Miss> {
    let answer = ask(subject, &subject.open().await?, "types").await?;
    let frame = answer.frames.first().ok_or_else(|| format!("no frame: {}", answer.error))?;
    let frame = Frame::decode_within(frame, &DecodeLimits::default()).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    json::write_to(&mut text, &frame, json::Include::All).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string().into())
}

/// Whether a column holds these values (and, beside them, these entities or nanoseconds).
async fn column(subject: &Subject, name: &str, beside: &str, values: Value, expected_beside: Value) -> Kept {
    let frame = types(subject).await?;
    let fields = frame.pointer("/schema/fields").and_then(Value::as_array).cloned().unwrap_or_default();
    let index = fields.iter().position(|field| field.get("name").is_some_and(|found| found == name));
    let index = index.ok_or("no such column: the SDK has no type for it")?;
    let at = |part: &str| frame.pointer(&format!("/data/{part}/{index}")).cloned().unwrap_or_default();
    let found = at("values");
    expect(found == values, format!("found {found}"))?;
    if beside.is_empty() {
        return Ok(());
    }
    let found = at(beside);
    expect(found == expected_beside, format!("{beside}: found {found}"))
}

async fn status(subject: &Subject) -> Kept {
    let answer = ask(subject, &subject.open().await?, "types").await?;
    expect(answer.status == 200, format!("{}", answer.status))
}

async fn int64(subject: &Subject) -> Kept {
    let values = serde_json::json!([i64::MIN, 9_007_199_254_740_993_i64, i64::MAX]);
    column(subject, "int64", "", values, Value::Null).await
}

async fn uint64(subject: &Subject) -> Kept {
    let values = serde_json::json!([0, 9_007_199_254_740_993_u64, u64::MAX]);
    column(subject, "uint64", "", values, Value::Null).await
}

async fn float(subject: &Subject) -> Kept {
    let values = serde_json::json!([null, null, f64::MAX]);
    column(subject, "float64", "entities", values, serde_json::json!({"NaN": [0], "Inf": [1]})).await
}

async fn nanoseconds(subject: &Subject) -> Kept {
    let values = serde_json::json!([0, 1_700_000_000_123_i64, -2_208_988_800_000_i64]);
    column(subject, "time", "nanos", values, serde_json::json!([0, 456_789, 1])).await
}

async fn null(subject: &Subject) -> Kept {
    column(subject, "int64 or null", "", serde_json::json!([i64::MIN, null, i64::MAX]), Value::Null).await
}

async fn text(subject: &Subject) -> Kept {
    let values = serde_json::json!(["", "grüße ☕\nline \"two\"", "plain"]);
    column(subject, "string", "", values, Value::Null).await
}

async fn json_field(subject: &Subject) -> Kept {
    let values = serde_json::json!([{"a": [1, null]}, "text", 12_345_678_901_234_567_890_u64]);
    column(subject, "json", "", values, Value::Null).await
}

async fn enum_field(subject: &Subject) -> Kept {
    column(subject, "enum", "", serde_json::json!([2, 0, 1]), Value::Null).await?;
    let frame = types(subject).await?;
    let texts = frame.to_string().contains(r#"["idle","busy","gone"]"#);
    expect(texts, "without its texts")
}

async fn json_format(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    let mut request = subject.request(vec![subject.query("A", "types", "{}")]);
    request.format = FrameFormat::Json;
    let answer = opened.backend().query_data(soon(), request).await?;
    let frame = answer.responses.get("A").and_then(|answer| answer.frames.first()).ok_or("no frame")?;
    expect(frame.format == FrameFormat::Json, "Arrow")
}

async fn two(subject: &Subject, other: graftwire_model::Query) -> Result<QueryResponse, Miss> {
    let opened = subject.open().await?;
    let request = subject.request(vec![subject.query("A", "types", "{}"), other]);
    Ok(opened.backend().query_data(soon(), request).await?)
}

fn one_failed(answer: &QueryResponse) -> Kept {
    expect(answer.responses.get("A").is_some_and(|a| a.frames.len() == 1), "the other query has no answer")?;
    expect(answer.responses.get("B").is_some_and(|b| !b.error.is_empty()), "the error is lost")
}

async fn query_error(subject: &Subject) -> Kept {
    let failing = subject.query("B", "error", r#"{"error":"as asked","status":400}"#);
    let answer = two(subject, failing).await?;
    one_failed(&answer)?;
    let failed = answer.responses.get("B").ok_or("no answer")?;
    expect(failed.status == 400, format!("status {}", failed.status))?;
    expect(failed.error.contains("as asked"), "another text")
}

async fn query_broken(subject: &Subject) -> Kept {
    one_failed(&two(subject, subject.query("B", "error", "no JSON")).await?)
}

async fn query_panic(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    let request = subject.request(vec![subject.query("A", "panic", "{}")]);
    let failed = match opened.backend().query_data(soon(), request).await {
        Ok(answer) => answer.responses.get("A").is_some_and(|answer| !answer.error.is_empty()),
        Err(error) => error.code() != Code::Unavailable && error.code() != Code::DeadlineExceeded,
    };
    let alive = ask(subject, &opened, "types").await.is_ok();
    expect(alive, "the process is lost")?;
    expect(failed, "the call ends without a status")
}

async fn lenient(subject: &Subject, change: impl FnOnce(&mut QueryRequest)) -> Kept {
    let opened = subject.open().await?;
    let mut request = subject.request(vec![subject.query("A", "types", "{}")]);
    change(&mut request);
    let answer = opened.backend().query_data(soon(), request).await?;
    expect(answer.responses.get("A").is_some_and(|answer| answer.frames.len() == 1), "no frame")
}

async fn lenient_role(subject: &Subject) -> Kept {
    lenient(subject, |request| {
        if let Some(user) = &mut request.context.user {
            "Grand Vizier".clone_into(&mut user.role);
        }
    })
    .await
}

async fn lenient_times(subject: &Subject) -> Kept {
    lenient(subject, |request| {
        let far = TimeRange {
            from: graftwire_model::EpochMillis(i64::MIN),
            to: graftwire_model::EpochMillis(i64::MAX),
        };
        request.queries.iter_mut().for_each(|query| query.time_range = far);
        if let Some(source) = &mut request.context.data_source {
            source.updated = graftwire_model::EpochMillis(i64::MIN);
        }
    })
    .await
}

async fn lenient_context(subject: &Subject) -> Kept {
    lenient(subject, |request| {
        request.context.user = None;
        request.context.data_source = None;
    })
    .await
}

async fn chunked(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    let model = r#"{"rows":25000,"frames":1,"chunk":10000}"#;
    let request = subject.request(vec![subject.query("A", "bench", model)]);
    let mut stream = opened.backend().query_chunked(soon(), request).await?;
    let (mut chunks, mut rows) = (0, 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        expect(chunk.error.is_empty(), "not implemented for the contract's query")?;
        let Some(frame) = &chunk.frame else { continue };
        let frame = Frame::decode(frame).map_err(|error| error.to_string())?;
        (chunks, rows) = (chunks + 1, rows + frame.rows().map_err(|error| error.to_string())?);
    }
    expect(rows == 25_000, "rows are missing")?;
    expect(chunks == 3, if chunks == 1 { "all in one" } else { "in other pieces" })
}

async fn resource(
    subject: &Subject,
    path: &str,
    body: &'static [u8],
) -> Result<Vec<(i32, bytes::Bytes)>, Miss> {
    let opened = subject.open().await?;
    let request = ResourceRequest {
        context: subject.context(),
        path: path.split('?').next().unwrap_or_default().to_owned(),
        url: path.to_owned(),
        method: "POST".to_owned(),
        body: body.into(),
        ..ResourceRequest::default()
    };
    let mut stream = opened.backend().call_resource(soon(), request).await?;
    let mut pieces = Vec::new();
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        pieces.push((piece.status, piece.body));
    }
    Ok(pieces)
}

async fn resource_echo(subject: &Subject) -> Kept {
    let pieces = resource(subject, "echo", b"\x00\xffraw").await?;
    expect(pieces.first().is_some_and(|(status, _)| *status == 200), "another status")?;
    let body: Vec<u8> = pieces.iter().flat_map(|(_, body)| body.to_vec()).collect();
    expect(body == b"\x00\xffraw", "another body")
}

async fn resource_pieces(subject: &Subject) -> Kept {
    let pieces = resource(subject, "pieces?n=3&bytes=16", b"").await?;
    let full: Vec<_> = pieces.iter().filter(|(_, body)| !body.is_empty()).collect();
    expect(full.len() == 3 && full.iter().all(|(_, body)| body.len() == 16), "in other pieces")
}

async fn check_health(subject: &Subject) -> Kept {
    let request = HealthRequest { context: subject.context(), ..HealthRequest::default() };
    let health = subject.open().await?.backend().check_health(soon(), request).await?;
    expect(health.status == HealthStatus::Ok, health.status.as_str())
}

async fn collect_metrics(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    let metrics = opened.backend().collect_metrics(soon(), MetricsRequest::default()).await?;
    expect(!metrics.prometheus.is_empty(), "nothing")
}
