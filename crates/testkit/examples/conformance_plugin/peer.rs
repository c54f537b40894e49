//! The plugin itself: every capability of every version, broker included.
//!
//! | call | answer |
//! |---|---|
//! | query `types`, or none | one frame with a column for each kind of value |
//! | query `series` · `table` | two series with labels · a row of most types: what version 1 has |
//! | query `error` `{"error":…,"status":…}` · `panic` · `empty` | that error · a panic · no frame |
//! | query `bench` `{"rows":…,"chunk":…}` | so many rows, whole or in chunks |
//! | query `log` | prints a line to standard output |
//! | query `accept` · `dial` `{"id":…}`, resource `accept` · `dial?id=…` | serves the health under a new id of the broker and answers the id · asks for it there |
//! | resource `echo` · `pieces` | the body · three pieces of 16 bytes |
//! | channel `ticks/…` · `denied` · `missing` | three packets · not allowed · not there |
//! | objects | one with `deny` is refused, others get `mutated`; conversion sets `apiVersion` |
//! | an app's admission · conversion · routes | refused with everything a refusal says · the target version in the object · the request as JSON |
//! | images | none is made; an error without a width |
//!
//! It deliberately serves nothing by itself: a process does, or a test in its own.

use bytes::Bytes;
use graftwire_model::error_text;
use graftwire_sdk::app::{AppContext, CallRoute, ConvertVersions, ReviewAdmission};
use graftwire_sdk::broker::Broker;
use graftwire_sdk::frame::{EnumConfig, EnumIndex, FieldConfig, FieldTypeConfig, Json, Timestamp};
use graftwire_sdk::model::{
    AdmissionRequest, AdmissionReviewRequest, AdmissionReviewResponse, ApiStatus, ConversionRequest,
    ConversionResponse, ConvertedObject, MutationResponse, RawObject, RenderRequest, ReplyStream,
    RouteRequest, StatusResult, ValidationResponse, VersionConversionRequest, VersionConversionResponse,
};
use graftwire_sdk::prelude::*;
use graftwire_sdk::{Admission, Conversion, Render};
use graftwire_testkit::broker;
use serde_json::{Value, json};

/// What answers.
pub(crate) struct Peer {
    broker: Broker,
}

/// The plugin, ready to be served.
pub(crate) fn plugin() -> Plugin<Peer> {
    let broker = Broker::new();
    Plugin::single("graftwire-conformance-datasource", Peer { broker: broker.clone() })
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
        .broker(broker)
}

impl Peer {
    /// What `dial` and `accept` do with the broker.
    async fn talk(&self, what: &str, id: &str) -> Result<String, String> {
        let id = id.parse().ok();
        if what == "dial" {
            let connection = self.broker.dial(id.unwrap_or_default()).await;
            let connection = connection.map_err(|error| error_text(&error))?;
            let serving = broker::is_serving(connection).await.map_err(|error| error.to_string())?;
            return Ok(format!("serving: {serving}"));
        }
        let id = id.unwrap_or_else(|| self.broker.next_id());
        let listener = self.broker.accept(id).await.map_err(|error| error_text(&error))?;
        tokio::spawn(graftwire_sdk::broker::serve(listener, broker::health()));
        Ok(id.to_string())
    }
}

fn model(query: &Query) -> Result<Value, QueryError> {
    if query.json.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&query.json)
        .map_err(|error| QueryError::bad_request(format!("the query is no JSON: {error}")))
}

impl QueryData for Peer {
    async fn query(&self, _cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        let model = model(&query)?;
        Ok(match query.query_type.as_str() {
            "error" => {
                tracing::warn!("a query was asked to fail");
                let status = model["status"].as_i64().and_then(|status| i32::try_from(status).ok());
                let text = model["error"].as_str().unwrap_or("asked to fail");
                return Err(QueryError::bad_request(text).with_status(status.unwrap_or(400)));
            }
            "panic" => panic!("asked to panic"),
            "empty" => Answer::Frames(Vec::new()),
            "series" => series().into(),
            "table" => table().into(),
            "log" => {
                println!("printed by the plugin");
                Answer::Frames(Vec::new())
            }
            what @ ("accept" | "dial") => {
                let said = self.talk(what, model["id"].as_str().unwrap_or_default()).await;
                let said = said.map_err(QueryError::plugin)?;
                Frame::new("broker").with_field(Field::new("said", vec![said])).into()
            }
            "bench" => rows(0, model["rows"].as_u64().unwrap_or_default()).into(),
            _ => types().into(),
        })
    }
}

impl QueryChunked for Peer {
    async fn query_chunked(
        &self,
        _cx: &RequestContext,
        query: Query,
        mut chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        let model = model(&query)?;
        let (all, size) =
            (model["rows"].as_u64().unwrap_or_default(), model["chunk"].as_u64().unwrap_or(10_000));
        let mut first = 0;
        while first < all {
            let last = all.min(first + size.max(1));
            chunks.send("frame", rows(first, last)).await?;
            first = last;
        }
        Ok(())
    }
}

fn rows(first: u64, last: u64) -> Frame {
    Frame::new("bench").with_field(Field::new("value", (first..last).collect::<Vec<u64>>()))
}

fn series() -> Frame {
    let at = [1_700_000_000_000, 1_700_003_600_000].map(Timestamp::from_millis).to_vec();
    let of = |host: &str| [("host".to_owned(), host.to_owned())];
    Frame::new("cpu")
        .with_field(Field::new("time", at))
        .with_field(Field::new("cpu", vec![Some(1.5), None]).with_labels(of("a")))
        .with_field(Field::new("cpu", vec![Some(-2.0), None]).with_labels(of("b")))
}

fn table() -> Frame {
    Frame::new("table")
        .with_field(Field::new("double", vec![1.25]))
        .with_field(Field::new("int", vec![9_007_199_254_740_993_i64]))
        .with_field(Field::new("bool", vec![true]))
        .with_field(Field::new("text", vec!["str"]))
}

fn types() -> Frame {
    let times = [0, 1_700_000_000_123_456_789, -2_208_988_799_999_999_999].map(Timestamp::from_nanos);
    let texts = ["idle", "busy", "gone"].map(str::to_owned).to_vec();
    let states =
        FieldTypeConfig { enumeration: Some(EnumConfig { text: Some(texts), ..EnumConfig::default() }) };
    let json = [r#"{"a":[1,null]}"#, r#""text""#, "12345678901234567890"];
    let json: Vec<Json> = json.into_iter().filter_map(|text| Json::parse(text).ok()).collect();
    let states = FieldConfig { type_config: Some(states), ..FieldConfig::default() };
    Frame::new("types")
        .with_field(Field::new("int64", vec![i64::MIN, (1 << 53) + 1, i64::MAX]))
        .with_field(Field::new("int64 or null", vec![Some(i64::MIN), None, Some(i64::MAX)]))
        .with_field(Field::new("uint64", vec![0_u64, (1 << 53) + 1, u64::MAX]))
        .with_field(Field::new("float64", vec![f64::NAN, f64::INFINITY, f64::MAX]))
        .with_field(Field::new("string", vec!["", "grüße ☕\nline \"two\"", "plain"]))
        .with_field(Field::new("bool", vec![true, false, true]))
        .with_field(Field::new("time", times.to_vec()))
        .with_field(Field::new("json", json))
        .with_field(Field::new("enum", vec![EnumIndex(2), EnumIndex(0), EnumIndex(1)]).with_config(states))
}

impl CheckHealth for Peer {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok("the peer is well"))
    }
}

impl CallResource for Peer {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        const BINARY: &str = "application/octet-stream";
        Ok(match request.path.as_str() {
            "echo" => ResourceResponse::new(200, BINARY, request.body),
            "pieces" => {
                let pieces = ["a", "b", "c"].map(|letter| Bytes::from(letter.repeat(16)));
                ResourceResponse::pieces(200, BINARY, ReplyStream::from_items(pieces))
            }
            what @ ("accept" | "dial") => {
                let id = request.url.split_once("id=").map_or("", |(_, id)| id);
                match self.talk(what, id).await {
                    Ok(said) => ResourceResponse::text(200, said),
                    Err(error) => ResourceResponse::text(502, error),
                }
            }
            _ => ResourceResponse::text(404, "no such resource"),
        })
    }
}

fn status_of(path: &str) -> StreamStatus {
    match path {
        "denied" => StreamStatus::PermissionDenied,
        "missing" => StreamStatus::NotFound,
        _ => StreamStatus::Ok,
    }
}

impl StreamData for Peer {
    async fn subscribe(
        &self,
        _cx: &RequestContext,
        request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        Ok(SubscribeResponse { status: status_of(&request.path), ..SubscribeResponse::default() })
    }

    async fn run(
        &self,
        _cx: &RequestContext,
        _request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        for n in 0..3 {
            packets.send_json(json!({"n": n}).to_string()).await?;
        }
        Ok(())
    }
}

impl PublishStream for Peer {
    async fn publish(
        &self,
        _cx: &RequestContext,
        request: PublishRequest,
    ) -> Result<PublishResponse, CallError> {
        Ok(PublishResponse { status: status_of(&request.path), data: request.data })
    }
}

fn object(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

fn refusal(object: &Value) -> Option<StatusResult> {
    let message = object["deny"].as_str()?.to_owned();
    Some(StatusResult { status: "Failure".to_owned(), message, reason: "Invalid".to_owned(), code: 422 })
}

fn with(bytes: &[u8], key: &str, value: Value) -> Bytes {
    let mut object = object(bytes);
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
    object.to_string().into()
}

impl Admission for Peer {
    async fn validate(
        &self,
        _cx: &RequestContext,
        request: AdmissionRequest,
    ) -> Result<ValidationResponse, CallError> {
        let result = refusal(&object(&request.object));
        Ok(ValidationResponse { allowed: result.is_none(), result, ..ValidationResponse::default() })
    }

    async fn mutate(
        &self,
        _cx: &RequestContext,
        request: AdmissionRequest,
    ) -> Result<MutationResponse, CallError> {
        let result = refusal(&object(&request.object));
        let object = with(&request.object, "mutated", "CREATE".into());
        Ok(MutationResponse { allowed: result.is_none(), result, object, ..MutationResponse::default() })
    }
}

impl Conversion for Peer {
    async fn convert(
        &self,
        _cx: &RequestContext,
        request: ConversionRequest,
    ) -> Result<ConversionResponse, CallError> {
        let version = format!("{}/{}", request.target_version.group, request.target_version.version);
        let objects = request.objects.into_iter().map(|one| RawObject {
            raw: with(&one.raw, "apiVersion", version.as_str().into()),
            content_type: one.content_type,
        });
        Ok(ConversionResponse {
            uid: request.uid,
            objects: objects.collect(),
            ..ConversionResponse::default()
        })
    }
}

impl Render for Peer {
    async fn render(&self, _cx: &RequestContext, request: RenderRequest) -> Result<(), CallError> {
        if request.width > 0 {
            return Ok(());
        }
        Err(CallError::new(Code::InvalidArgument, format!("no width for {}", request.url)))
    }
}

impl ReviewAdmission for Peer {
    async fn review_admission(
        &self,
        _cx: &AppContext,
        request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        let refused = AdmissionReviewResponse::refuse(ApiStatus::failure(422, "Invalid", "not so"));
        Ok(AdmissionReviewResponse { object: request.object, ..refused })
    }
}

impl ConvertVersions for Peer {
    async fn convert_versions(
        &self,
        _cx: &AppContext,
        request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        let version = format!("/{}", request.target_version);
        let converted = request.objects.into_iter().map(|one| ConvertedObject {
            raw: String::from_utf8_lossy(&one.raw).replace("/v1", &version).into(),
            warnings: Vec::new(),
        });
        Ok(VersionConversionResponse {
            converted: converted.collect(),
            ..VersionConversionResponse::default()
        })
    }
}

impl CallRoute for Peer {
    async fn call_route(
        &self,
        _cx: &AppContext,
        request: RouteRequest,
    ) -> Result<ResourceResponse, CallError> {
        let seen = json!({"group": request.group, "path": request.path, "method": request.method});
        let pieces = [Bytes::new(), Bytes::from(seen.to_string())];
        let pieces = ReplyStream::from_items(pieces);
        Ok(ResourceResponse::pieces(201, "application/json", pieces))
    }
}
