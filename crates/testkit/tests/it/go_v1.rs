//! Version 1 of the protocol with go-plugin on the other side: a Go host asks a plugin of ours, our host asks a Go plugin.
//!
//! No Go module with the messages can be had any more, so the Go programs speak the repository's own descriptors.

use std::path::{Path, PathBuf};
use std::process::Command;

use graftwire_host::{LaunchOptions, Plugin, PluginSpec, Support};
use graftwire_model::*;
use graftwire_sdk::frame::{Field, Frame, Timestamp, ValueType};
use graftwire_testkit::go;
use serde_json::{Value, json};

fn descriptors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/src/descriptors.bin")
}

/// Beside the test: <target>/<profile>/deps/<test>.
fn odd_plugin() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/odd_plugin")
}

#[test]
fn a_go_host_of_version_one_asks_our_plugin() {
    let Some(program) = go::program("gohost") else { return };
    let dir = tempfile::tempdir().unwrap();
    let request = |queries: Value| {
        json!({
            "timeRange": {"fromRaw": "now-1h", "toRaw": "now", "fromEpochMs": "1", "toEpochMs": "2"},
            "datasource": {"id": "3", "orgId": "1", "name": "V1", "type": "graftwire-odd-datasource",
                           "jsonData": "{}", "decryptedSecureJsonData": {"apiKey": "s3cret"}},
            "queries": queries,
        })
    };
    let query = |ref_id: &str, model: &str| json!({"refId": ref_id, "maxDataPoints": "500", "intervalMs": "1000", "modelJson": model});
    let asked = json!({
        "series": request(json!([query("A", r#"{"queryType":"series"}"#)])),
        "several": request(json!([
            query("A", r#"{"queryType":"rows"}"#),
            query("B", "{not json"),
            query("C", r#"{"queryType":"panic"}"#),
            query("D", r#"{"x":9007199254740993.10}"#),
        ])),
        "twice": request(json!([query("A", "{"), query("A", r#"{"second":true}"#)])),
        "empty": {"queries": [{}]},
    });
    let file = dir.path().join("requests.json");
    std::fs::write(&file, asked.to_string()).unwrap();
    let output = Command::new(program)
        .args(["v1", "--id", "graftwire-odd-datasource", "--plugin"])
        .arg(odd_plugin())
        .arg("--descriptors")
        .arg(descriptors())
        .arg("--requests")
        .arg(&file)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let reports: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |call: &str| {
        reports.iter().find(|report| report["call"] == call).unwrap_or_else(|| panic!("{call}: {text}"))
    };

    assert_eq!(of("start")["content"]["version"], 1);
    assert_eq!(of("v1.checkHealth")["outcome"], "UNIMPLEMENTED");
    assert_eq!(of("kill")["ok"], true, "{}", of("kill"));
    // The two series, without the null.
    let series = &of("v1/series")["content"]["results"][0]["series"];
    assert_eq!(series[0]["tags"], json!({"host": "a"}));
    assert_eq!(
        series[0]["points"],
        json!([{"timestamp": "1700000000000", "value": 0.5}, {"timestamp": "4000000000001", "value": -1e300}])
    );
    assert_eq!(series[1]["points"][0]["value"], i64::MIN as f64);
    let several = of("v1/several");
    assert_eq!(several["outcome"], "error in B,C", "{several}");
    let results = &several["content"]["results"];
    assert_eq!(
        results[0]["tables"][0]["rows"][0]["values"],
        json!([
            {"kind": "TYPE_INT64", "int64Value": "9007199254740993"},
            {"kind": "TYPE_DOUBLE", "doubleValue": 0.1},
            {"kind": "TYPE_BOOL", "boolValue": true},
            {"kind": "TYPE_STRING", "stringValue": "ü"},
            {},
        ])
    );
    assert!(
        results[1]["error"].as_str().unwrap().starts_with("modelJson of query \"B\": found no JSON ("),
        "{results}"
    );
    assert_eq!(results[2]["error"], "panic triggered: as you wished");
    let model = results[3]["tables"][0]["rows"][0]["values"][0]["stringValue"].as_str().unwrap();
    assert_eq!(
        model,
        r#"{"refId":"D","intervalMs":1000,"maxDataPoints":500,"datasource":{"type":"graftwire-odd-datasource"},"x":9007199254740993.10}"#
    );
    let twice = of("v1/twice")["content"]["results"].as_array().unwrap();
    assert!(twice.len() == 1 && twice[0].to_string().contains("second"), "{twice:?}");
    assert_eq!(of("v1/empty")["ok"], true);
}

async fn started(program: &Path) -> Plugin {
    let spec = PluginSpec::of_executable(program).with_id("graftwire-gov1-datasource");
    let options = LaunchOptions::new().variable("GRAFTWIRE_DESCRIPTORS", descriptors().display().to_string());
    Plugin::start(&spec, &options).await.unwrap()
}

fn context() -> PluginContext {
    let mut secrets = Secrets::new();
    secrets.insert("apiKey", "s3cret");
    PluginContext {
        org_id: 7,
        plugin_id: "graftwire-gov1-datasource".to_owned(),
        data_source: Some(DataSourceInstanceSettings {
            id: 3,
            name: "V1".to_owned(),
            json_data: "{\"p\":\"q\"}".into(),
            secrets,
            ..DataSourceInstanceSettings::default()
        }),
        ..PluginContext::default()
    }
}

async fn ask(plugin: &Plugin, kinds: &[&str]) -> Result<QueryResponse, CallError> {
    let query = |kind: &&str| Query {
        ref_id: (*kind).to_owned(),
        query_type: (*kind).to_owned(),
        time_range: TimeRange { from: EpochMillis(-5), to: EpochMillis(i64::MAX) },
        ..Query::default()
    };
    let queries = kinds.iter().map(query).collect();
    let request = QueryRequest { context: context(), queries, ..QueryRequest::default() };
    plugin.backend().query_data(CallContext::new(), request).await
}

fn frames(answer: &DataResponse) -> Vec<Frame> {
    answer.frames.iter().map(|frame| Frame::decode(frame).unwrap()).collect()
}

#[tokio::test]
async fn our_host_asks_a_go_plugin_of_version_one() {
    let Some(program) = go::program("gov1") else { return };
    let plugin = started(&program).await;
    assert!(
        plugin.negotiated().to_string().starts_with("protocol version 1 at unix:"),
        "{}",
        plugin.negotiated()
    );
    let found = plugin.capabilities_for(&context()).await;
    for capability in Capability::ALL {
        let has = [Capability::QueryData, Capability::Render].contains(&capability);
        let expected = if has { Support::Yes } else { Support::No };
        assert_eq!(found.support[&capability], expected, "{capability}");
    }

    let answer = ask(&plugin, &["series", "table", "error", "kind", "echo"]).await.unwrap().responses;
    let series = frames(&answer["series"]);
    assert_eq!((series.len(), series[0].name.as_str()), (2, "cpu"));
    assert_eq!(series[0].fields[1], Field::new("cpu", vec![1.5, f64::NAN]).with_labels([("host", "a")]));
    let meta = series[0].meta.as_ref().unwrap().custom.as_ref().unwrap();
    assert!(meta.as_str().contains("12345678901234567890"), "{meta:?}");

    let table = &frames(&answer["table"])[0];
    let types: Vec<_> = table.fields.iter().map(Field::value_type).collect();
    assert_eq!(
        types,
        [
            ValueType::Time,
            ValueType::Float64,
            ValueType::Int64,
            ValueType::Bool,
            ValueType::String,
            ValueType::String,
            ValueType::String
        ]
    );
    let texts: Vec<_> =
        table.fields.iter().map(|field| field.text(0).map(|text| text.into_owned())).collect();
    let time = Timestamp::from_millis(1_700_000_000_000).to_string();
    let expected = [
        Some(time.as_str()),
        Some("1.25"),
        Some("9007199254740993"),
        Some("true"),
        Some("str"),
        Some("AQL/"),
        None,
    ];
    assert_eq!(texts.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    assert!((1..7).all(|index| table.fields[index].values.is_null(1)), "short rows end in nulls");

    assert_eq!((answer["error"].status, answer["error"].error.as_str()), (500, "bad query"));
    assert_eq!(frames(&answer["error"]).len(), 1, "what comes with an error stays");
    assert!(answer["kind"].error.contains("unknown kind 9"), "{:?}", answer["kind"]);

    let echo = frames(&answer["echo"])[0].meta.clone().unwrap().custom.unwrap();
    let asked: Value = serde_json::from_str(echo.as_str()).unwrap();
    assert_eq!(asked["datasource"]["decryptedSecureJsonData"]["apiKey"], "s3cret");
    assert_eq!(
        (&asked["datasource"]["orgId"], &asked["datasource"]["type"]),
        (&"7".into(), &"graftwire-gov1-datasource".into())
    );
    assert_eq!(asked["timeRange"]["toEpochMs"], i64::MAX.to_string());
    assert_eq!(asked["queries"].as_array().unwrap().len(), 5);

    let error = ask(&plugin, &["rpc-error"]).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Internal, "it broke"));
    let report = plugin.stop().await;
    assert!(report.orderly && report.exit.unwrap().is_success(), "{report:?}");
}

#[tokio::test]
async fn its_death_and_its_log_are_told_as_in_later_versions() {
    let Some(program) = go::program("gov1") else { return };
    let plugin = started(&program).await;
    ask(&plugin, &["log"]).await.unwrap();
    let logged =
        || plugin.logs().recent().iter().any(|record| record.message.contains("a line of version 1"));
    let patience = std::time::Instant::now();
    while !logged() && patience.elapsed().as_secs() < 10 {
        tokio::task::yield_now().await;
    }
    assert!(logged());
    let error = ask(&plugin, &["exit"]).await.unwrap_err();
    assert!(error.message().contains("has ended with exit code 7"), "{error}");
}
