//! A go-plugin host, as Grafana is one, drives the data source through every call; and kills it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use graftwire_testkit::go;
use serde_json::{Value, json};

/// How the executable is started: a store of its own, twice a second.
fn gohost(program: &Path, command: &str, store: &Path) -> Command {
    let mut gohost = Command::new(program);
    gohost
        .arg(command)
        .args([
            "--id",
            "graftwire-metrics-datasource",
            "--plugin",
            env!("CARGO_BIN_EXE_gpx_graftwire_metrics"),
        ])
        .args(["--env", &format!("GF_PLUGIN_STORE_PATH={}", store.display())])
        .args(["--env", "GF_PLUGIN_COLLECT_INTERVAL_SECONDS=0.5"]);
    gohost
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// The lines that a run printed, one JSON object each.
fn reports(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn calls() -> Value {
    let (from, to) = (now_ms() - 60_000, now_ms() + 60_000);
    let query = |ref_id: &str, expr: &str, extra: Value| {
        let mut query = json!({"refId": ref_id, "expr": expr, "from": from, "to": to, "intervalMs": 1000});
        query.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        query
    };
    let (range, instant) = (json!({"range": true}), json!({"instant": true}));
    json!({
        "queries": {
            "range": [query("A", "sum by (mode) (rate(node_cpu_seconds_total[1m]))", range.clone())],
            "instant": [query("A", "node_load1", instant.clone())],
            "table": [query("A", "node_memory_MemTotal_bytes", json!({"instant": true, "format": "table"}))],
            "nothing": [query("A", "no_such_metric", range.clone())],
            "several": [
                query("A", "node_load1", range.clone()),
                query("B", "rate(node_load1[", range.clone()),
                query("C", "1 + 1", range.clone()),
                query("D", "predict_the_future(node_load1)", range),
            ],
            "none": [],
        },
        "chunked": {"any": [query("A", "node_load1", instant)]},
        "resources": [
            {"name": "labels", "path": "api/v1/labels", "url": "api/v1/labels"},
            {"name": "values", "path": "api/v1/label/mode/values",
             "url": "api/v1/label/mode/values?match%5B%5D=node_cpu_seconds_total"},
            {"name": "series", "path": "api/v1/series", "url": "api/v1/series?match%5B%5D=node_load1"},
            {"name": "metadata", "path": "api/v1/metadata", "url": "api/v1/metadata"},
            {"name": "bad", "path": "api/v1/series", "url": "api/v1/series?match%5B%5D=%7B"},
            {"name": "unknown", "path": "no/../such", "url": "no/../such"},
        ],
        "subscribe": [
            {"name": "live", "path": "live/load", "data": {"expr": "node_load1", "windowMs": 60000}},
            {"name": "elsewhere", "path": "elsewhere", "data": {"expr": "node_load1"}},
            {"name": "no-query", "path": "live/x"},
        ],
        "run": [{"name": "live", "path": "live/load", "data": {"expr": "node_load1"}, "packets": 2}],
        "publish": [{"name": "any", "path": "live/load", "data": {}}],
    })
}

const EXPECTED: &str = r#"{
    "queryData*/several": "error in B,D",
    "queryChunkedData*/any": "UNIMPLEMENTED",
    "callResource/bad": "http 400",
    "callResource/unknown": "http 404",
    "subscribeStream/elsewhere": "status NOT_FOUND",
    "subscribeStream/no-query": "INVALID_ARGUMENT",
    "publishStream/any": "status PERMISSION_DENIED",
    "validateAdmission/*": "UNIMPLEMENTED",
    "mutateAdmission/*": "UNIMPLEMENTED",
    "convertObjects/*": "UNIMPLEMENTED"
}"#;

#[test]
fn a_go_host_drives_every_call() {
    drive_every_call();
}

fn drive_every_call() {
    let Some(program) = go::program("gohost") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (asked, expected) = (dir.path().join("calls.json"), dir.path().join("expect.json"));
    std::fs::write(&asked, calls().to_string()).unwrap();
    std::fs::write(&expected, EXPECTED).unwrap();
    let output = gohost(&program, "run", &dir.path().join("store"))
        .arg("--calls")
        .arg(asked)
        .arg("--expect")
        .arg(expected)
        .output()
        .unwrap();
    let shown =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shown}");
    let reports = reports(&output);
    let of = |call: &str| {
        reports.iter().find(|report| report["call"] == call).unwrap_or_else(|| panic!("{call}: {shown}"))
    };
    assert_eq!(of("checkHealth")["content"]["status"], "OK");
    let several = &of("queryData/several")["content"];
    assert!(several["B"]["error"].as_str().unwrap().contains("line 1, column"), "{several}");
    assert!(several["D"]["error"].as_str().unwrap().contains("`predict_the_future`"), "{several}");
    let frame = &of("queryData/range")["content"]["A"]["frames"][0]["schema"];
    assert_eq!(frame["meta"]["type"], "timeseries-multi", "{frame}");
    println!("{} calls of a Go host met what was expected", reports.len());
}

/// What Grafana does when a plugin dies in a query: that query fails, the process is started anew within a second, and
/// the next query finds the samples of before.
#[test]
fn killed_in_a_query_it_comes_back_with_its_samples() {
    let Some(program) = go::program("gohost") else { return };
    let dir = tempfile::tempdir().unwrap();
    let started = now_ms();
    // The second term changes nothing but takes long enough to be killed in.
    let expr = format!(
        "count_over_time(node_load1[1h] @ {}) + 0 * scalar(max_over_time(vector(time())[45d:1s]))",
        (started + 9_000) / 1000
    );
    let query = json!({
        "refId": "A", "expr": expr, "instant": true,
        "from": started, "to": started + 60_000,
    });
    let output = gohost(&program, "query", &dir.path().join("store"))
        .args(["--env", "GF_PLUGIN_FLUSH_INTERVAL_SECONDS=1"])
        .args([
            "-n",
            "16",
            "--every",
            "1s",
            "--kill-during",
            "8",
            "--kill-delay",
            "10ms",
            "--query",
            &query.to_string(),
        ])
        .output()
        .unwrap();
    let shown =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let reports: Vec<Value> = reports(&output)
        .into_iter()
        .filter(|report| report["call"].as_str().is_some_and(|call| call.starts_with("query")))
        .collect();
    assert!(
        reports.iter().any(|report| report["ok"] == false),
        "no query failed although the plugin was killed: {shown}"
    );
    let last = reports.last().unwrap_or_else(|| panic!("no query: {shown}"));
    assert_eq!(last["ok"], true, "{shown}");
    // About seven seconds at two samples a second lie before the kill; those of the last flush interval may be gone.
    let count =
        last["content"]["responses"]["A"]["frames"][0]["data"]["values"][1][0].as_f64().unwrap_or_default();
    assert!(count >= 8.0, "only {count} samples of before the kill are there: {shown}");
}
