//! Integration tests: the whole plugin over every connection and version that can carry the call.
//!
//! | test | what it proves |
//! |---|---|
//! | `a_query_is_answered_over_every_wire` | settings and query arrive, the frame comes back |
//! | `a_query_that_fails_leaves_the_others` | errors are one query's, with text and status |
//! | `health_and_resources_answer` | *Save & test*, and the editor's list |
//! | `settings_that_are_wrong_are_told` | the text that a user reads |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use graftwire_sdk::frame::Frame;
use graftwire_sdk::model::{
    CallContext, Capability, DataSourceInstanceSettings, EpochMillis, HealthRequest, HealthStatus, Millis,
    PluginContext, Query, QueryRequest, ResourceRequest, TimeRange,
};
use graftwire_testkit::{Pair, Wire};

/// Frames arrive as they left, except in version 1, which has none.
fn wires(capability: Capability) -> impl Iterator<Item = Wire> {
    Wire::carrying(capability).filter(|wire| wire.carries_frames())
}

fn context(json_data: &'static str) -> PluginContext {
    let settings = DataSourceInstanceSettings {
        id: 1,
        json_data: json_data.into(),
        ..DataSourceInstanceSettings::default()
    };
    PluginContext { data_source: Some(settings), ..PluginContext::default() }
}

fn query(ref_id: &str, json: &'static str) -> Query {
    Query {
        ref_id: ref_id.to_owned(),
        interval: Millis(1_000),
        time_range: TimeRange { from: EpochMillis(0), to: EpochMillis(3_000) },
        json: json.into(),
        ..Query::default()
    }
}

#[tokio::test]
async fn a_query_is_answered_over_every_wire() {
    let mut tried = 0;
    for wire in wires(Capability::QueryData) {
        let pair = Pair::open(example_wave::plugin(), wire).await.unwrap();
        let queries = vec![query("A", r#"{"shape":"square","amplitude":3}"#)];
        let request =
            QueryRequest { context: context(r#"{"periodSeconds":4}"#), queries, ..QueryRequest::default() };
        let answers = pair.backend().query_data(CallContext::new(), request).await.unwrap();
        let answer = &answers.responses["A"];
        assert_eq!((answer.status, answer.error.as_str()), (200, ""), "{wire:?}");
        let frame = Frame::decode(&answer.frames[0]).unwrap();
        let height = |row| frame.fields[1].text(row).unwrap().to_string();
        assert_eq!([height(0), height(1), height(2), height(3)], ["3", "3", "-3", "-3"], "{wire:?}");
        tried += 1;
    }
    assert!(tried > 0, "no wire carries queries");
}

#[tokio::test]
async fn a_query_that_fails_leaves_the_others() {
    for wire in wires(Capability::QueryData) {
        let pair = Pair::open(example_wave::plugin(), wire).await.unwrap();
        let queries = vec![query("A", r#"{"shape":"round"}"#), query("B", "{}")];
        let request = QueryRequest { context: context("{}"), queries, ..QueryRequest::default() };
        let answers = pair.backend().query_data(CallContext::new(), request).await.unwrap();
        let (bad, good) = (&answers.responses["A"], &answers.responses["B"]);
        assert_eq!(bad.status, 400, "{wire:?}");
        assert!(bad.error.contains("round"), "{}", bad.error);
        assert_eq!((good.status, good.frames.len()), (200, 1), "{wire:?}");
    }
}

#[tokio::test]
async fn health_and_resources_answer() {
    for wire in wires(Capability::CheckHealth) {
        let pair = Pair::open(example_wave::plugin(), wire).await.unwrap();
        let request = HealthRequest { context: context("{}"), ..HealthRequest::default() };
        let health = pair.backend().check_health(CallContext::new(), request).await.unwrap();
        assert_eq!((health.status, health.message.as_str()), (HealthStatus::Ok, "one wave in 60 s"));
    }
    for wire in wires(Capability::CallResource) {
        let pair = Pair::open(example_wave::plugin(), wire).await.unwrap();
        assert_eq!(resource(&pair, "shapes").await, (200, r#"["sine","square","sawtooth"]"#.to_owned()));
        let (status, text) = resource(&pair, "colours").await;
        assert_eq!(status, 404);
        assert!(text.contains("there is shapes"), "{text}");
    }
}

async fn resource(pair: &Pair, path: &str) -> (i32, String) {
    let request =
        ResourceRequest { context: context("{}"), path: path.to_owned(), ..ResourceRequest::default() };
    let mut pieces = pair.backend().call_resource(CallContext::new(), request).await.unwrap();
    let piece = pieces.next().await.unwrap().unwrap();
    (piece.status, String::from_utf8_lossy(&piece.body).into_owned())
}

#[tokio::test]
async fn settings_that_are_wrong_are_told() {
    for wire in wires(Capability::CheckHealth) {
        let pair = Pair::open(example_wave::plugin(), wire).await.unwrap();
        let request =
            HealthRequest { context: context(r#"{"periodSeconds":-1}"#), ..HealthRequest::default() };
        let health = pair.backend().check_health(CallContext::new(), request).await.unwrap();
        assert_eq!(health.status, HealthStatus::Error, "{wire:?}");
        assert!(health.message.contains("periodSeconds is -1"), "{}", health.message);
    }
}
