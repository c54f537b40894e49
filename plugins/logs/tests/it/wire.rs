//! The data source behind a wire: what a host sees.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use graftwire_sdk::frame::{Frame, json};
use graftwire_sdk::model::{
    Backend, CallContext, DataSourceInstanceSettings, EpochMillis, HealthRequest, HealthStatus,
    PluginContext, Query, QueryRequest, ResourceRequest, RunStreamRequest, StreamStatus, SubscribeRequest,
    TimeRange,
};
use graftwire_testkit::{Pair, Wire};

struct World {
    folder: tempfile::TempDir,
    pair: Pair,
}

impl World {
    async fn open(wire: Wire) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = Pair::open(graftwire_logs::source::plugin(), wire).await.unwrap();
        let world = Self { folder, pair };
        world.write(-2, "level=info first");
        world.write(-1, "level=error second");
        world
    }

    /// Appends a line that is some seconds from now.
    fn write(&self, seconds: i64, text: &str) {
        let path = self.folder.path().join("app.log");
        let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
        writeln!(file, "{}.000 {text}", now() / 1_000 + seconds).unwrap();
    }

    fn backend(&self) -> Arc<dyn Backend> {
        self.pair.backend()
    }

    fn context(&self) -> PluginContext {
        let json = serde_json::json!({
            "roots": [self.folder.path()],
            "files": [{"job": "app", "paths": [self.folder.path().join("*.log")]}],
            "journal": false, "kernel": false,
            "indexPath": self.folder.path().join("index"),
        });
        let settings = DataSourceInstanceSettings {
            id: 1,
            uid: "logs".to_owned(),
            json_data: json.to_string().into(),
            ..DataSourceInstanceSettings::default()
        };
        PluginContext { data_source: Some(settings), ..PluginContext::default() }
    }

    async fn ask(&self, json: serde_json::Value) -> (i32, String, Vec<Frame>) {
        let query = Query {
            ref_id: "A".to_owned(),
            json: json.to_string().into(),
            time_range: TimeRange { from: EpochMillis(now() - 60_000), to: EpochMillis(now() + 60_000) },
            ..Query::default()
        };
        let request =
            QueryRequest { context: self.context(), queries: vec![query], ..QueryRequest::default() };
        let answer = self.backend().query_data(CallContext::new(), request).await.unwrap();
        let response = answer.responses.get("A").unwrap();
        let frames = response.frames.iter().map(|frame| Frame::decode(frame).unwrap()).collect();
        (response.status, response.error.clone(), frames)
    }
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

fn bodies(frame: &Frame) -> Vec<String> {
    let field = frame.field("body").unwrap();
    (0..field.len()).map(|row| field.text(row).unwrap().into_owned()).collect()
}

/// The wires that carry what this plugin does.
fn wires() -> impl Iterator<Item = Wire> {
    Wire::in_memory().filter(|wire| wire.carries(graftwire_sdk::model::Capability::RunStream))
}

#[tokio::test]
async fn a_host_is_answered() {
    for wire in wires() {
        let world = World::open(wire).await;
        let request = HealthRequest { context: world.context(), ..HealthRequest::default() };
        let health = world.backend().check_health(CallContext::new(), request).await.unwrap();
        assert_eq!(health.status, HealthStatus::Ok, "{wire}: {}", health.message);

        let (status, error, frames) = world.ask(serde_json::json!({"expr": "{job=\"app\"}"})).await;
        assert_eq!((status, error.as_str()), (200, ""), "{wire}");
        let found = bodies(&frames[0]);
        assert_eq!(found.len(), 2, "{wire}");
        assert!(found[0].ends_with("second"), "{wire}: newest first: {found:?}");

        let (status, error, _) = world.ask(serde_json::json!({"expr": "{job=\"app\"} | nonsense"})).await;
        assert_eq!(status, 400, "{wire}: {error}");
        assert!(error.starts_with("expr: "), "{wire}: {error}");
    }
}

#[tokio::test]
async fn labels_and_their_values_are_resources() {
    for wire in wires() {
        let world = World::open(wire).await;
        let table = [
            ("labels", r#"["filename","job"]"#.to_owned()),
            ("label/job/values", r#"["app"]"#.to_owned()),
            ("loki/api/v1/label/job/values?query=%7Bjob%3D%22other%22%7D", "[]".to_owned()),
        ];
        for (url, expected) in table {
            let request = ResourceRequest {
                context: world.context(),
                path: url.split('?').next().unwrap().to_owned(),
                method: "GET".to_owned(),
                url: url.to_owned(),
                ..ResourceRequest::default()
            };
            let mut pieces = world.backend().call_resource(CallContext::new(), request).await.unwrap();
            let piece = pieces.next().await.unwrap().unwrap();
            let body: serde_json::Value = serde_json::from_slice(&piece.body).unwrap();
            assert_eq!(body["data"].to_string(), expected, "{wire}: {url}");
        }
    }
}

#[tokio::test]
async fn lines_are_followed_as_they_are_written() {
    for wire in wires() {
        let world = World::open(wire).await;
        let data = r#"{"expr":"{job=\"app\"} |= \"level\""}"#;
        let subscribe = SubscribeRequest {
            context: world.context(),
            path: "tail/a".to_owned(),
            data: data.into(),
            ..SubscribeRequest::default()
        };
        let answer = world.backend().subscribe_stream(CallContext::new(), subscribe).await.unwrap();
        assert_eq!(answer.status, StreamStatus::Ok, "{wire}");
        let first = json::read(&answer.initial_data, &graftwire_sdk::frame::DecodeLimits::default()).unwrap();
        assert_eq!(bodies(&first).len(), 2, "{wire}");

        let run = RunStreamRequest {
            context: world.context(),
            path: "tail/a".to_owned(),
            data: data.into(),
            ..RunStreamRequest::default()
        };
        let mut packets = world.backend().run_stream(CallContext::new(), run).await.unwrap();
        // The first look remembers what is there.
        tokio::time::sleep(Duration::from_millis(600)).await;
        world.write(0, "nothing to see");
        world.write(0, "level=info third");
        let packet =
            tokio::time::timeout(Duration::from_secs(20), packets.next()).await.unwrap().unwrap().unwrap();
        let frame = json::read(&packet.data, &graftwire_sdk::frame::DecodeLimits::default()).unwrap();
        let found = bodies(&frame);
        assert!(found.len() == 1 && found[0].ends_with("level=info third"), "{wire}: {found:?}");
    }
}
