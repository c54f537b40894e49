//! The Go host's calls to our plugin, and what it must find.
//!
//! It deliberately decodes nothing: `gohost` does, with the Go libraries.

use std::path::Path;
use std::process::{Command, Stdio};

use graftwire_testkit::go;
use serde_json::{Value, json};

use super::session::{descriptors, number, our_plugin};
use super::{Cell, Column, Outcome, Tally, Version, same};

const OBJECT: &str = r#"{"apiVersion":"a.ext/v1"}"#;
/// The object in base64, and the one it is converted to.
const OBJECT_BASE64: &str = "eyJhcGlWZXJzaW9uIjoiYS5leHQvdjEifQ==";
const CONVERTED_BASE64: &str = "eyJhcGlWZXJzaW9uIjoiYS5leHQvdjIifQ==";

/// A call by its name, the outcome it must have, and a value in its content by pointer.
type Expected = (&'static str, &'static str, &'static str, Value);

pub(super) fn run(cell: Cell) -> Tally {
    let mut tally = Tally::default();
    match reports(cell) {
        Ok(reports) => judge(cell, &reports, &mut tally),
        Err(error) => tally.failed.push(error),
    }
    tally
}

/// Runs the host to its end and reads what it says, an object for each call and each line of output.
fn reports(cell: Cell) -> Result<Vec<Value>, String> {
    let gohost = go::program("gohost").ok_or("Go is not installed")?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = |name: &str, content: Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, content.to_string()).map(|()| path).map_err(|error| error.to_string())
    };
    let mut command = Command::new(gohost);
    if cell.version == Version::V1 {
        command.arg("v1").arg("--requests").arg(file("requests.json", requests())?);
    } else {
        let script = if cell.version == Version::V2 { script() } else { short_script() };
        command.arg("run").arg("--calls").arg(file("calls.json", script)?);
    }
    command.arg("--more").arg(file("more.json", more(cell.version))?);
    let output = describe(&mut command, cell).stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(format!("gohost: {}: {said}{complained}", output.status));
    }
    Ok(said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn describe(command: &mut Command, cell: Cell) -> &mut Command {
    let plugin = our_plugin();
    command.args([
        "--broker",
        "--print-log",
        "--await-stdio",
        "--id",
        "graftwire-conformance-datasource",
        "--plugin",
    ]);
    command.arg::<&Path>(&plugin).env("GRAFTWIRE_DESCRIPTORS", descriptors());
    match cell.column {
        Column::Tcp => command.args(["--env", "GRAFTWIRE_TCP=1"]),
        Column::AutoMtls => command.arg("--mtls"),
        Column::Multiplexed => command.arg("--mux"),
        Column::Unix | Column::Memory => command,
    }
}

/// What is made beside a version's calls, and must go well too.
const UNCOUNTED: [&str; 6] =
    ["start", "broker", "v1/log", "queryData/log", "queryData.json/log", "v1.checkHealth"];

/// Each call that is expected must have been made, and each one made must have gone well or be expected to fail.
fn judge(cell: Cell, reports: &[Value], tally: &mut Tally) {
    let expected = expected(cell);
    for report in reports {
        let Some(name) = report["call"].as_str() else { continue };
        // Version 3 is tried for its own calls.
        let beside = cell.version == Version::V3 && matches!(name, "checkHealth" | "collectMetrics");
        match judged(report, expected.iter().filter(|(expected, ..)| *expected == name)) {
            Ok(()) if beside || UNCOUNTED.contains(&name) => {}
            outcome => tally.note(name, outcome),
        }
    }
    for (name, ..) in &expected {
        if reports.iter().all(|report| report["call"] != *name) {
            tally.note(name, Err("the call was not made".to_owned()));
        }
    }
    let printed = reports.iter().any(|report| {
        let text = report["stdio"]["text"].as_str().unwrap_or_default();
        report["stdio"]["channel"] == "stdout" && text.contains("printed by the plugin")
    });
    let outcome: Outcome = if printed { Ok(()) } else { Err("nothing of what was printed came".to_owned()) };
    tally.note("GRPCStdio.StreamStdio", outcome);
}

fn judged<'a>(report: &Value, expected: impl Iterator<Item = &'a Expected>) -> Outcome {
    let mut wanted = "ok";
    for (_, outcome, pointer, value) in expected {
        wanted = outcome;
        let found = report["content"].pointer(pointer).unwrap_or(&Value::Null);
        same(&format!("{pointer} of {report}"), found, value)?;
    }
    same(&format!("outcome of {report}"), &report["outcome"].as_str(), &Some(wanted))
}

fn expected(cell: Cell) -> Vec<Expected> {
    let network = if cell.column == Column::Tcp { "tcp" } else { "unix" };
    let mut all = vec![
        ("start", "ok", "/network", json!(network)),
        ("start", "ok", "/version", json!(number(cell.version))),
        ("ping", "ok", "", Value::Null),
        ("grpcHealth", "ok", "", Value::Null),
        ("broker/plugin dials", "ok", "", Value::Null),
        ("broker/host dials", "ok", "", Value::Null),
        ("kill", "ok", "/exitCode", json!(0)),
    ];
    all.extend(match cell.version {
        Version::V1 => expected_1(),
        Version::V2 => expected_2(),
        Version::V3 => expected_3(),
    });
    all
}

fn expected_1() -> Vec<Expected> {
    let point = json!({"timestamp": "1700000000000", "value": 1.5});
    vec![
        ("v1/series", "ok", "/results/0/series/0/points/0", point),
        ("v1/series", "ok", "/results/0/series/1/tags", json!({"host": "b"})),
        ("v1/table", "ok", "/results/0/tables/0/rows/0/values/1/int64Value", json!("9007199254740993")),
        ("v1/error", "error in A", "/results/0/error", json!("bad query")),
        ("v1/log", "ok", "/results/0/refId", json!("A")),
        ("v1.checkHealth", "UNIMPLEMENTED", "", Value::Null),
        ("render/no width", "ok", "/0/error", json!("no width for http://page")),
        ("render/width", "ok", "/0", json!({})),
    ]
}

fn expected_2() -> Vec<Expected> {
    vec![
        ("checkHealth", "ok", "/message", json!("the peer is well")),
        ("collectMetrics", "ok", "/families/grafana_plugin_request_total", json!(1)),
        ("queryData/types", "error in B", "/B/status", json!(502)),
        ("queryData/types", "error in B", "/A/frames/0/data/values/0/1", json!(9_007_199_254_740_993_i64)),
        ("queryData.json/types", "error in B", "/A/format", json!("JSON")),
        (
            "queryData.json/types",
            "error in B",
            "/A/frames/0/data/values/0/1",
            json!(9_007_199_254_740_993_i64),
        ),
        ("queryChunkedData/bench", "ok", "/chunks", json!(3)),
        ("queryChunkedData.json/bench", "ok", "/chunks", json!(3)),
        ("callResource/echo", "ok", "/status", json!(200)),
        ("callResource/pieces", "ok", "/pieces", json!(3)),
        ("subscribeStream/ticks", "ok", "/status", json!("OK")),
        ("subscribeStream/denied", "status PERMISSION_DENIED", "/status", json!("PERMISSION_DENIED")),
        ("subscribeStream/missing", "status NOT_FOUND", "/status", json!("NOT_FOUND")),
        ("runStream/ticks", "ok", "/packets", json!(3)),
        ("publishStream/allowed", "ok", "/data", json!({"v": 1})),
        ("publishStream/denied", "status PERMISSION_DENIED", "/status", json!("PERMISSION_DENIED")),
        ("validateAdmission/create", "ok", "/allowed", json!(true)),
        ("validateAdmission/denied", "denied", "/result/message", json!("needed")),
        ("mutateAdmission/create", "ok", "/object", json!({"spec": 1, "mutated": "CREATE"})),
        ("mutateAdmission/denied", "denied", "/result/message", json!("needed")),
        ("convertObjects/two", "ok", "/objects/1/raw", json!({"apiVersion": "g/v2", "n": 2})),
        ("render/no width", "ok", "/0/error", json!("no width for http://page")),
        ("render/width", "ok", "/0", json!({})),
    ]
}

fn expected_3() -> Vec<Expected> {
    vec![
        ("admissionReview", "ok", "/0/error/code", json!(422)),
        ("admissionReview", "ok", "/0/objectBytes", json!(OBJECT_BASE64)),
        ("convertObjects", "ok", "/0/converted/1/raw", json!(CONVERTED_BASE64)),
        ("callRoute", "ok", "/0/code", json!(201)),
    ]
}

fn requests() -> Value {
    let of = |query_type: &str| {
        let model = json!({"queryType": query_type, "error": "bad query"}).to_string();
        json!({
            "datasource": {"id": "3", "orgId": "1", "name": "V1", "jsonData": "{}"},
            "queries": [{"refId": "A", "modelJson": model}],
        })
    };
    json!({"series": of("series"), "table": of("table"), "error": of("error"), "log": of("log")})
}

fn script() -> Value {
    let kind = json!({"group": "g", "version": "v1", "kind": "Thing"});
    json!({
        "queries": {
            "types": [
                {"refId": "A", "queryType": "types"},
                {"refId": "B", "queryType": "error", "error": "upstream is down", "status": 502},
            ],
            "log": [{"refId": "A", "queryType": "log"}],
        },
        "chunked": {"bench": [{"refId": "A", "queryType": "bench", "rows": 25, "chunk": 10}]},
        "resources": [
            {"name": "echo", "method": "POST", "path": "echo", "body": "{\"b\":1}", "echo": true},
            {"name": "pieces", "path": "pieces", "url": "pieces?n=3&bytes=16"},
        ],
        "subscribe": [
            {"name": "ticks", "path": "ticks/3"}, {"name": "denied", "path": "denied"},
            {"name": "missing", "path": "missing"},
        ],
        "run": [{"name": "ticks", "path": "ticks/3/0", "packets": 3, "end": "clean"}],
        "publish": [
            {"name": "allowed", "path": "allowed", "data": {"v": 1}},
            {"name": "denied", "path": "denied", "data": {"v": 1}},
        ],
        "admission": [
            {"name": "create", "operation": "CREATE", "kind": kind, "object": {"spec": 1}},
            {"name": "denied", "operation": "CREATE", "kind": kind, "object": {"deny": "needed"}},
        ],
        "conversion": [
            {"name": "two", "target": {"group": "g", "version": "v2"}, "objects": [{"n": 1}, {"n": 2}]},
        ],
    })
}

/// For version 3, whose calls are made beside those of version 2.
fn short_script() -> Value {
    json!({
        "queries": {"log": [{"refId": "A", "queryType": "log"}]}, "chunked": {}, "resources": [], "subscribe": [],
        "run": [], "publish": [], "admission": [], "conversion": [],
    })
}

fn more(version: Version) -> Value {
    let call =
        |name: &str, path: &str, request: Value| json!({"name": name, "path": path, "request": request});
    let render = |service: &str| {
        let path = format!("/{service}.Renderer/Render");
        json!([
            call("render/no width", &path, json!({"url": "http://page"})),
            call("render/width", &path, json!({"url": "http://page", "width": 1})),
        ])
    };
    let kind = json!({"group": "a.ext", "version": "v1", "kind": "K"});
    let object = json!({"gvk": kind, "raw": OBJECT_BASE64});
    match version {
        Version::V1 => render("models"),
        Version::V2 => render("pluginextensionv2"),
        Version::V3 => json!([
            call(
                "admissionReview",
                "/grafana.plugin.v3.AdmissionService/AdmissionReview",
                json!({"operation": "OPERATION_CREATE", "kind": kind, "objectBytes": OBJECT_BASE64}),
            ),
            call(
                "convertObjects",
                "/grafana.plugin.v3.ConversionService/ConvertObjects",
                json!({"uid": "u1", "targetVersion": "v2", "objects": [object, object]}),
            ),
            call(
                "callRoute",
                "/grafana.plugin.v3.RouteService/CallRoute",
                json!({"group": "a.ext", "version": "v1", "path": "songs", "method": "POST"}),
            ),
        ]),
    }
}

#[test]
fn the_objects_are_what_their_base64_says() {
    // "eyJ" is how every JSON object begins; the two differ in the version's digit alone.
    assert!(OBJECT_BASE64.starts_with("eyJ") && OBJECT.ends_with("/v1\"}"));
    assert_eq!(OBJECT_BASE64.replace("vdjEif", "vdjIif"), CONVERTED_BASE64);
}
