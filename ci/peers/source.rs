//! The data source that both peers serve, over the API that the two crates share. It keeps the contract that
//! `graftwire conformance --contract` asks for, as far as the crates can say it; see README.md.

use std::error::Error;

use bytes::Bytes;
use chrono::{TimeZone as _, Utc};
use futures_util::stream::{self, StreamExt as _};
use grafana_plugin_sdk::{backend, data, prelude::*};
use serde_json::{Value, json};

#[derive(Clone, Debug, GrafanaPlugin)]
#[grafana_plugin(plugin_type = "datasource", json_data = "serde_json::Value", secure_json_data = "serde_json::Value")]
pub struct Peer;

/// One query's failure.
#[derive(Debug)]
pub struct Failed {
    ref_id: String,
    text: String,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Failed {}

impl backend::DataQueryError for Failed {
    fn ref_id(self) -> String {
        self.ref_id
    }

    fn status(&self) -> backend::DataQueryStatus {
        backend::DataQueryStatus::BadRequest
    }
}

#[backend::async_trait]
impl backend::DataService for Peer {
    type Query = Value;
    type QueryError = Failed;
    type Stream = backend::BoxDataResponseStream<Failed>;

    async fn query_data(&self, request: backend::QueryDataRequest<Value, Self>) -> Self::Stream {
        Box::pin(stream::iter(request.queries).map(|query| answer(query.ref_id, &query.query_type, &query.query)))
    }
}

fn answer(ref_id: String, query_type: &str, model: &Value) -> Result<backend::DataResponse, Failed> {
    match query_type {
        "error" => {
            tracing::error!("a query was asked to fail");
            Err(Failed { ref_id, text: model["error"].as_str().unwrap_or("asked to fail").to_owned() })
        }
        "panic" => panic!("asked to panic"),
        "empty" => Ok(backend::DataResponse::new(ref_id, Vec::new())),
        _ => {
            let frame = if query_type == "bench" { rows(model["rows"].as_u64().unwrap_or_default()) } else { types() };
            match frame.check() {
                Ok(checked) => Ok(backend::DataResponse::new(ref_id, vec![checked])),
                Err(error) => Err(Failed { ref_id, text: error.to_string() }),
            }
        }
    }
}

fn rows(rows: u64) -> data::Frame {
    [(0..rows).into_field("value")].into_frame("bench")
}

/// The fields of the contract's frame `types` that the crates have a type for: none for JSON and enum fields.
fn types() -> data::Frame {
    let times = [
        Utc.timestamp_nanos(0),
        Utc.timestamp_nanos(1_700_000_000_123_456_789),
        Utc.timestamp_nanos(-2_208_988_799_999_999_999),
    ];
    [
        [i64::MIN, (1 << 53) + 1, i64::MAX].into_field("int64"),
        [Some(i64::MIN), None, Some(i64::MAX)].into_opt_field("int64 or null"),
        [0_u64, (1 << 53) + 1, u64::MAX].into_field("uint64"),
        [f64::NAN, f64::INFINITY, f64::MAX].into_field("float64"),
        ["", "grüße ☕\nline \"two\"", "plain"].into_field("string"),
        [true, false, true].into_field("bool"),
        times.into_field("time"),
    ]
    .into_frame("types")
}

#[backend::async_trait]
impl backend::DiagnosticsService for Peer {
    type CheckHealthError = std::convert::Infallible;

    async fn check_health(
        &self,
        _request: backend::CheckHealthRequest<Self>,
    ) -> Result<backend::CheckHealthResponse, Self::CheckHealthError> {
        Ok(backend::CheckHealthResponse::ok("the peer is well".to_owned()))
    }

    type CollectMetricsError = std::convert::Infallible;

    async fn collect_metrics(
        &self,
        _request: backend::CollectMetricsRequest<Self>,
    ) -> Result<backend::CollectMetricsResponse, Self::CollectMetricsError> {
        let text = b"# TYPE peer_up gauge\npeer_up 1\n".to_vec();
        Ok(backend::CollectMetricsResponse::new(Some(backend::MetricsPayload::prometheus(text))))
    }
}

/// A resource's failure; there is none.
#[derive(Debug)]
pub struct NoFailure;

impl std::fmt::Display for NoFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing failed")
    }
}

impl Error for NoFailure {}

impl backend::ErrIntoHttpResponse for NoFailure {}

#[backend::async_trait]
impl backend::ResourceService for Peer {
    type Error = NoFailure;
    type InitialResponse = http::Response<Bytes>;
    type Stream = backend::BoxResourceStream<NoFailure>;

    async fn call_resource(
        &self,
        request: backend::CallResourceRequest<Self>,
    ) -> Result<(Self::InitialResponse, Self::Stream), NoFailure> {
        let nothing: Self::Stream = Box::pin(stream::empty());
        Ok(match request.request.uri().path() {
            "/echo" => (http::Response::new(request.request.into_body()), nothing),
            "/pieces" => {
                let rest = ["b", "c"].map(|letter| Ok(Bytes::from(letter.repeat(16))));
                (http::Response::new(Bytes::from("a".repeat(16))), Box::pin(stream::iter(rest)))
            }
            _ => {
                let mut answer = http::Response::new(Bytes::from_static(b"no such resource"));
                *answer.status_mut() = http::StatusCode::NOT_FOUND;
                (answer, nothing)
            }
        })
    }
}

#[backend::async_trait]
impl backend::StreamService for Peer {
    type JsonValue = Value;
    type Error = std::io::Error;
    type Stream = backend::BoxRunStream<Self::Error, Value>;

    async fn subscribe_stream(
        &self,
        request: backend::SubscribeStreamRequest<Self>,
    ) -> Result<backend::SubscribeStreamResponse, Self::Error> {
        Ok(match request.path.as_str() {
            "denied" => backend::SubscribeStreamResponse::permission_denied(),
            "missing" => backend::SubscribeStreamResponse::not_found(),
            _ => backend::SubscribeStreamResponse::ok(None),
        })
    }

    async fn run_stream(&self, request: backend::RunStreamRequest<Self>) -> Result<Self::Stream, Self::Error> {
        let packet = |n: u64| {
            let text = json!({"n": n}).to_string().into_bytes();
            Ok(backend::StreamPacket::from_bytes(text))
        };
        if request.path.as_str().starts_with("forever") {
            let ticks = stream::unfold(0_u64, move |n| async move {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                Some((packet(n), n + 1))
            });
            return Ok(Box::pin(ticks));
        }
        Ok(Box::pin(stream::iter(0..3).map(packet)))
    }

    async fn publish_stream(
        &self,
        request: backend::PublishStreamRequest<Self>,
    ) -> Result<backend::PublishStreamResponse, Self::Error> {
        Ok(match request.path.as_str() {
            "denied" => backend::PublishStreamResponse::permission_denied(Value::Null),
            _ => backend::PublishStreamResponse::ok(json!({"ok": true})),
        })
    }
}
