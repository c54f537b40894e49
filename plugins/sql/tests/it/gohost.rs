//! A go-plugin host, as Grafana is one, drives the executable.

use std::path::Path;
use std::process::Command;

use graftwire_testkit::go;
use rusqlite::Connection;
use serde_json::{Value, json};

const EXPECTED: &str = r#"{
    "queryData*/several": "error in B,C",
    "callResource/unknown": "http 404",
    "callResource/bad": "http 400",
    "subscribeStream/*": "UNIMPLEMENTED",
    "runStream/*": "UNIMPLEMENTED",
    "publishStream/*": "UNIMPLEMENTED",
    "validateAdmission/*": "UNIMPLEMENTED",
    "mutateAdmission/*": "UNIMPLEMENTED",
    "convertObjects/*": "UNIMPLEMENTED"
}"#;

fn calls(database: &Path) -> Value {
    let query = |ref_id: &str, sql: &str, format: &str| json!({"refId": ref_id, "rawSql": sql, "format": format, "from": 1_600_000_000_000_u64, "to": 1_600_000_600_000_u64});
    let series = "SELECT at AS time, host, value FROM load WHERE $__timeFilter(at) ORDER BY at";
    json!({
        "settings": {"jsonData": {"path": database}, "updatedMs": 1_700_000_000_000_u64, "grafanaConfig": {}},
        "queries": {
            "series": [query("A", series, "time_series")],
            "table": [query("A", "SELECT host, max(value) AS value FROM load GROUP BY host", "table")],
            "several": [
                query("A", series, "time_series"),
                query("B", "DELETE FROM load", "table"),
                query("C", "SELECT $__timeFiltr(at)", "table"),
            ],
            "none": [],
        },
        "chunked": {"table": [query("A", "SELECT * FROM load", "table")]},
        "resources": [
            {"name": "tables", "path": "tables", "url": "tables"},
            {"name": "columns", "path": "columns", "url": "columns?table=load"},
            {"name": "macros", "path": "macros", "url": "macros"},
            {"name": "bad", "path": "columns", "url": "columns"},
            {"name": "unknown", "path": "no/../such", "url": "no/../such"},
        ],
        "subscribe": [{"name": "any", "path": "x", "data": {}}],
        "run": [{"name": "any", "path": "x", "data": {}, "packets": 1}],
        "publish": [{"name": "any", "path": "x", "data": {}}],
    })
}

#[test]
fn a_go_host_drives_every_call() {
    let Some(program) = go::program("gohost") else { return };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    Connection::open(at("test.db"))
        .unwrap()
        .execute_batch(
            "CREATE TABLE load (at INTEGER, host TEXT, value REAL);
             INSERT INTO load VALUES (1600000000, 'a', 1), (1600000000, 'b', 2), (1600000060, 'a', 3);",
        )
        .unwrap();
    std::fs::write(at("calls.json"), calls(&at("test.db")).to_string()).unwrap();
    std::fs::write(at("expect.json"), EXPECTED).unwrap();
    let output = Command::new(program)
        .arg("run")
        .args(["--id", "graftwire-sql-datasource", "--plugin", env!("CARGO_BIN_EXE_gpx_graftwire_sql")])
        .args(["--env", &format!("GF_PLUGIN_ALLOWED_PATHS={}", dir.path().display())])
        .arg("--calls")
        .arg(at("calls.json"))
        .arg("--expect")
        .arg(at("expect.json"))
        .output()
        .unwrap();
    let shown =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shown}");
    let text = String::from_utf8_lossy(&output.stdout);
    let reports: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |call: &str| {
        reports.iter().find(|report| report["call"] == call).unwrap_or_else(|| panic!("{call}: {shown}"))
    };
    assert_eq!(of("checkHealth")["content"]["status"], "OK");
    let frame = &of("queryData/series")["content"]["A"]["frames"][0]["schema"];
    assert_eq!(frame["meta"]["type"], "timeseries-wide", "{frame}");
    let several = &of("queryData/several")["content"];
    assert!(several["B"]["error"].as_str().unwrap().contains("only reads"), "{several}");
    println!("{} calls of a Go host met what was expected", reports.len());
}
