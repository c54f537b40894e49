//! What every request carries beside its own content: each field by itself, and the whole with every call.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use graftwire_model::*;
use graftwire_sdk::frame::json::Include;
use graftwire_sdk::frame::{Field, Frame};
use graftwire_sdk::prelude::{
    Answer, CallResource, CheckHealth, ChunkSender, PacketSender, Plugin, PublishStream, QueryChunked,
    QueryData, QueryError, RequestContext, ResourceResponse, StreamData, health_ok,
};
use graftwire_sdk::{Admission, Conversion, subscribe_ok, subscribe_ok_frame, subscribe_ok_json};
use graftwire_testkit::{Pair, Wire};

/// Keeps the context of the last call.
#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Option<PluginContext>>>);

impl Witness {
    fn sees(&self, cx: &RequestContext) {
        *self.0.lock().unwrap() = Some(cx.plugin.clone());
    }

    fn taken(&self) -> PluginContext {
        self.0.lock().unwrap().take().expect("the call has reached the plugin")
    }
}

impl QueryData for Witness {
    async fn query(&self, cx: &RequestContext, _query: Query) -> Result<Answer, QueryError> {
        self.sees(cx);
        Ok(Answer::from(Vec::new()))
    }
}

impl QueryChunked for Witness {
    async fn query_chunked(
        &self,
        cx: &RequestContext,
        _query: Query,
        _chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        self.sees(cx);
        Ok(())
    }
}

impl CheckHealth for Witness {
    async fn check_health(&self, cx: &RequestContext) -> Result<HealthResponse, CallError> {
        self.sees(cx);
        Ok(health_ok(""))
    }
}

impl CallResource for Witness {
    async fn call_resource(
        &self,
        cx: &RequestContext,
        _request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        self.sees(cx);
        Ok(ResourceResponse::text(200, ""))
    }
}

impl StreamData for Witness {
    async fn subscribe(
        &self,
        cx: &RequestContext,
        request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        self.sees(cx);
        let frame = Frame::new("first").with_field(Field::new("v", vec![1_i64, 2]));
        match request.path.as_str() {
            "frame" => subscribe_ok_frame(&frame, Include::All),
            "schema" => subscribe_ok_frame(&frame, Include::Schema),
            "json" => subscribe_ok_json(r#"{"any":"json"}"#),
            "no json" => subscribe_ok_json("{"),
            _ => Ok(subscribe_ok()),
        }
    }

    async fn run(
        &self,
        cx: &RequestContext,
        _request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        self.sees(cx);
        Ok(packets.send_json("{}").await?)
    }
}

impl PublishStream for Witness {
    async fn publish(
        &self,
        cx: &RequestContext,
        request: PublishRequest,
    ) -> Result<PublishResponse, CallError> {
        self.sees(cx);
        let data = if request.path == "silent" { Bytes::new() } else { request.data };
        Ok(PublishResponse { status: StreamStatus::Ok, data })
    }
}

impl Admission for Witness {
    async fn validate(
        &self,
        cx: &RequestContext,
        _request: AdmissionRequest,
    ) -> Result<ValidationResponse, CallError> {
        self.sees(cx);
        Ok(ValidationResponse { allowed: true, ..ValidationResponse::default() })
    }

    async fn mutate(
        &self,
        cx: &RequestContext,
        _request: AdmissionRequest,
    ) -> Result<MutationResponse, CallError> {
        self.sees(cx);
        Ok(MutationResponse { allowed: true, ..MutationResponse::default() })
    }
}

impl Conversion for Witness {
    async fn convert(
        &self,
        cx: &RequestContext,
        _request: ConversionRequest,
    ) -> Result<ConversionResponse, CallError> {
        self.sees(cx);
        Ok(ConversionResponse::default())
    }
}

async fn pair(wire: Wire) -> (Witness, Pair) {
    let witness = Witness::default();
    let plugin = Plugin::single("witness-datasource", witness.clone())
        .query_data()
        .query_chunked()
        .check_health()
        .call_resource()
        .stream_data()
        .publish_stream()
        .admission()
        .conversion();
    (witness, Pair::open(plugin, wire).await.unwrap())
}

/// Version 1 carries less; what it carries is its own tests' affair.
fn wires() -> impl Iterator<Item = Wire> {
    Wire::in_memory().filter(|wire| wire.carries(Capability::ConvertObjects))
}

type Change = fn(&mut PluginContext);

fn source(context: &mut PluginContext) -> &mut DataSourceInstanceSettings {
    context.data_source.get_or_insert_default()
}

fn app(context: &mut PluginContext) -> &mut AppInstanceSettings {
    context.app.get_or_insert_default()
}

fn user(context: &mut PluginContext) -> &mut User {
    context.user.get_or_insert_default()
}

fn config(context: &mut PluginContext, key: &str, value: &str) {
    context.grafana_config.insert(key, value);
}

/// Every field of the context, by the name it has on the wire.
const FIELDS: &[(&str, Change)] = &[
    ("orgId", |c| c.org_id = i64::MIN),
    ("pluginId", |c| c.plugin_id = "other-datasource".to_owned()),
    ("pluginVersion", |c| c.plugin_version = "1.2.3-rc.1".to_owned()),
    ("userAgent", |c| c.user_agent = "Grafana/12.4.0-pre (linux; amd64)".to_owned()),
    ("userAgent, unparsable", |c| c.user_agent = "curl".to_owned()),
    ("apiVersion", |c| c.api_version = "v0alpha1".to_owned()),
    ("namespace", |c| c.namespace = "stacks-123".to_owned()),
    ("user, empty", |c| *user(c) = User::default()),
    ("user.login", |c| user(c).login = "admin".to_owned()),
    ("user.name", |c| user(c).name = "Ädmin ✗".to_owned()),
    ("user.email", |c| user(c).email = "a@localhost".to_owned()),
    ("user.role", |c| user(c).role = "Overlord".to_owned()),
    ("grafanaConfig", |c| config(c, "GF_SQL_ROW_LIMIT", "1000000")),
    ("grafanaConfig, empty value", |c| config(c, "GF_APP_URL", "")),
    ("dataSource, empty", |c| *source(c) = DataSourceInstanceSettings::default()),
    ("dataSource.id", |c| source(c).id = i64::MAX),
    ("dataSource.uid", |c| source(c).uid = "spy1".to_owned()),
    ("dataSource.name", |c| source(c).name = "Spy".to_owned()),
    ("dataSource.url", |c| source(c).url = "http://127.0.0.1:9".to_owned()),
    ("dataSource.user", |c| source(c).user = "usr".to_owned()),
    ("dataSource.database", |c| source(c).database = "dbname".to_owned()),
    ("dataSource.basicAuthEnabled", |c| source(c).basic_auth_enabled = true),
    ("dataSource.basicAuthUser", |c| source(c).basic_auth_user = "bau".to_owned()),
    ("dataSource.jsonData", |c| source(c).json_data = Bytes::from_static(b"{\"a\": 1}")),
    ("dataSource.secure", |c| source(c).secrets.insert("password", "s3cret")),
    ("dataSource.updated", |c| source(c).updated = EpochMillis(-6_795_364_578_871)),
    ("dataSource.apiVersion", |c| source(c).api_version = "v1".to_owned()),
    ("app, empty", |c| *app(c) = AppInstanceSettings::default()),
    ("app.jsonData", |c| app(c).json_data = Bytes::from_static(b"[]")),
    ("app.secure", |c| app(c).secrets.insert("token", "s3cret")),
    ("app.updated", |c| app(c).updated = EpochMillis(i64::MAX)),
    ("app.apiVersion", |c| app(c).api_version = "v2".to_owned()),
];

fn base() -> PluginContext {
    PluginContext { plugin_id: "witness-datasource".to_owned(), ..PluginContext::default() }
}

#[tokio::test]
async fn every_field_of_the_context_arrives_by_itself() {
    for wire in wires() {
        let (witness, pair) = pair(wire).await;
        for (name, change) in FIELDS {
            let mut context = base();
            change(&mut context);
            assert_ne!(context, base(), "{name} changes nothing");
            let request = HealthRequest { context: context.clone(), headers: Headers::new() };
            pair.backend().check_health(CallContext::new(), request).await.unwrap();
            assert_eq!(witness.taken(), context, "{wire}: {name}");
        }
    }
}

async fn read<T>(stream: Result<ReplyStream<T>, CallError>) {
    let mut stream = stream.unwrap();
    while let Some(item) = stream.next().await {
        item.unwrap();
    }
}

#[tokio::test]
async fn every_call_carries_the_whole_context() {
    for wire in wires() {
        let (witness, pair) = pair(wire).await;
        let mut context = base();
        FIELDS.iter().for_each(|(_, change)| change(&mut context));
        let (backend, cx, context) = (pair.backend(), CallContext::new, &context);
        let seen = |call: &str| assert_eq!(&witness.taken(), context, "{wire}: {call}");
        let context = || context.clone();

        let queries = vec![Query { ref_id: "A".to_owned(), ..Query::default() }];
        let query = QueryRequest { context: context(), queries, ..QueryRequest::default() };
        backend.query_data(cx(), query.clone()).await.unwrap();
        seen("queryData");
        read(backend.query_chunked(cx(), query).await).await;
        seen("queryChunkedData");
        let request = ResourceRequest { context: context(), ..ResourceRequest::default() };
        read(backend.call_resource(cx(), request).await).await;
        seen("callResource");
        let request = SubscribeRequest { context: context(), ..SubscribeRequest::default() };
        backend.subscribe_stream(cx(), request).await.unwrap();
        seen("subscribeStream");
        let request = RunStreamRequest { context: context(), ..RunStreamRequest::default() };
        read(backend.run_stream(cx(), request).await).await;
        seen("runStream");
        let request = PublishRequest { context: context(), ..PublishRequest::default() };
        backend.publish_stream(cx(), request).await.unwrap();
        seen("publishStream");
        let request = AdmissionRequest { context: context(), ..AdmissionRequest::default() };
        backend.validate_admission(cx(), request.clone()).await.unwrap();
        seen("validateAdmission");
        backend.mutate_admission(cx(), request).await.unwrap();
        seen("mutateAdmission");
        let request = ConversionRequest { context: context(), ..ConversionRequest::default() };
        backend.convert_objects(cx(), request).await.unwrap();
        seen("convertObjects");
    }
}

#[tokio::test]
async fn a_subscriber_is_given_first_data_of_any_kind() {
    for wire in wires() {
        let (_witness, pair) = pair(wire).await;
        let subscribe = async |path: &str| {
            let request = SubscribeRequest { path: path.to_owned(), ..SubscribeRequest::default() };
            pair.backend().subscribe_stream(CallContext::new(), request).await
        };
        let first = async |path: &str| {
            let data = subscribe(path).await.unwrap().initial_data;
            Frame::decode(&EncodedFrame::new(FrameFormat::Json, data)).unwrap()
        };
        let frame = first("frame").await;
        assert_eq!((frame.name.as_str(), frame.rows().unwrap()), ("first", 2), "{wire}");
        let schema = first("schema").await;
        assert_eq!(
            (schema.name.as_str(), schema.fields.len(), schema.rows().unwrap()),
            ("first", 1, 0),
            "{wire}"
        );
        assert_eq!(subscribe("json").await.unwrap().initial_data, r#"{"any":"json"}"#, "{wire}");
        assert!(subscribe("").await.unwrap().initial_data.is_empty(), "{wire}");
        let error = subscribe("no json").await.unwrap_err();
        assert_eq!(error.message(), "the first data of a channel are no JSON", "{wire}");
    }
}

#[tokio::test]
async fn a_publication_may_be_taken_and_not_passed_on() {
    for wire in wires() {
        let (_witness, pair) = pair(wire).await;
        for (path, passed) in [("loud", "[1]"), ("silent", "")] {
            let data = Bytes::from_static(b"[1]");
            let request = PublishRequest { path: path.to_owned(), data, ..PublishRequest::default() };
            let answer = pair.backend().publish_stream(CallContext::new(), request).await.unwrap();
            assert_eq!(
                (answer.status, answer.data.as_ref()),
                (StreamStatus::Ok, passed.as_bytes()),
                "{wire}"
            );
        }
    }
}
