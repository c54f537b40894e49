//! `POST /api/plugins/<id>/query`: queries as Grafana's `/api/ds/query` takes them, and what crossed the wire.
//!
//! It deliberately answers 200 to queries that failed: their errors stand in the answer, as in Grafana's.

use std::time::{Duration, Instant};

use graftwire_frame::{DecodeLimits, response};
use graftwire_model::{CallContext, EpochMillis, FrameFormat, QueryResponse, TimeRange};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};

use super::plugins::wire_json;
use super::{body_of, cannot_run};
use crate::plugin::wire;
use crate::query::request::{self, Model, Wanted};
use crate::time::instant::{self, Edge};
use crate::workbench::entry::Entry;
use crate::workbench::reply::{self, Body};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is asked for. Times are as on the command line, or milliseconds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    queries: Vec<Model>,
    #[serde(default)]
    from: Option<Value>,
    #[serde(default)]
    to: Option<Value>,
    #[serde(default)]
    max_data_points: Option<i64>,
    #[serde(default)]
    interval_ms: Option<u64>,
    /// `arrow` or `json`: what the plugin is asked to send.
    #[serde(default)]
    format: Option<String>,
}

pub(in crate::workbench) async fn run(entry: &Entry, request: Request<Incoming>) -> Response<Body> {
    let Some((backend, context)) = entry.backend() else { return cannot_run(entry) };
    let body = match body_of(request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let asked = match read(&body) {
        Ok(asked) => asked,
        Err(why) => return reply::error(StatusCode::BAD_REQUEST, &why),
    };
    let request = match request::build(&context, &asked.0, &asked.1) {
        Ok(request) => request,
        Err(why) => return reply::error(StatusCode::BAD_REQUEST, &why),
    };
    let range = asked.1.range;
    let intervals: Vec<i64> = request.queries.iter().map(|query| query.interval.0).collect();
    let cx = CallContext::new().with_deadline(Instant::now() + PATIENCE);
    let (answer, calls) = wire::recorded(backend.query_data(cx, request)).await;
    let mut wire = wire_json(&calls);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return reply::call_error("the query", &error, &wire),
    };
    if let Some(object) = wire.as_object_mut() {
        object.insert("frames".to_owned(), frames_json(&answer));
        object.insert("range".to_owned(), json!({"from": range.from.0, "to": range.to.0}));
        object.insert("intervalMs".to_owned(), json!(intervals));
    }
    match response::write(&answer, &DecodeLimits::default()) {
        Ok(response) => {
            let mut body = format!("{{\"wire\":{wire},\"response\":").into_bytes();
            body.extend_from_slice(&response);
            body.push(b'}');
            reply::json_bytes(body)
        }
        Err(error) => {
            let text = format!(
                "the answer holds a frame that can't be read: {}",
                graftwire_model::error_text(&error)
            );
            reply::error(StatusCode::BAD_GATEWAY, &text)
        }
    }
}

fn read(body: &[u8]) -> Result<(Vec<Model>, Wanted), String> {
    let asked: Asked =
        serde_json::from_slice(body).map_err(|error| format!("the request is no query: {error}"))?;
    let now = EpochMillis::now();
    let at = |value: &Option<Value>, default: &str, edge| {
        let text = match value {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(other) => return Err(format!("found {other} as a time, expected text or milliseconds")),
            None => default.to_owned(),
        };
        instant::parse(&text, now, edge)
    };
    let format = match asked.format.as_deref() {
        None | Some("arrow") => FrameFormat::Arrow,
        Some("json") => FrameFormat::Json,
        Some(other) => return Err(format!("found format {other:?}, expected arrow or json")),
    };
    let wanted = Wanted {
        range: TimeRange {
            from: at(&asked.from, "now-1h", Edge::From)?,
            to: at(&asked.to, "now", Edge::To)?,
        },
        query_type: None,
        interval: asked.interval_ms.map(Duration::from_millis),
        max_data_points: asked.max_data_points,
        format,
    };
    Ok((asked.queries, wanted))
}

/// Format and size of each frame as it came.
fn frames_json(answer: &QueryResponse) -> Value {
    let each = answer.responses.iter().flat_map(|(ref_id, answer)| {
        answer.frames.iter().map(move |frame| {
            let format = match frame.format {
                FrameFormat::Arrow | FrameFormat::Unencoded => "arrow",
                FrameFormat::Json => "json",
            };
            json!({"refId": ref_id, "format": format, "bytes": frame.len()})
        })
    });
    Value::Array(each.collect())
}
