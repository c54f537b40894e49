//! Calls to the bench plugin through the real protocol.

use std::fs;

use graftwire_frame::{DecodeLimits, arrow};

use crate::run::{bench_plugin, run, run_with_input};

const QUERY: &str = r#"{"queryType":"bench","rows":3}"#;

#[test]
fn inspect_tells_what_a_plugin_is() {
    let seen = run(&["--json", "inspect", bench_plugin()]).expect_code(0).json();
    assert_eq!(seen["negotiated"]["network"], "unix");
    assert_eq!(seen["health"]["status"], "OK");
    assert_eq!(seen["capabilities"]["queryData"], "yes");
    assert_eq!(seen["capabilities"]["queryChunkedData"], "yes");
    assert_eq!(seen["capabilities"]["render"], "no");
    assert_eq!(seen["end"]["orderly"], true);
    assert_eq!(seen["discardedStdoutBytes"], 0);
    assert!(seen["startMillis"].as_f64().unwrap() > 0.0);
    assert!(seen["plugin"]["fileSize"].as_u64().unwrap() > 100_000);
    if cfg!(target_os = "linux") {
        assert!(seen["memory"]["atStart"]["residentBytes"].as_u64().unwrap() > 100_000);
    }
    let text = run(&["inspect", bench_plugin()]).expect_code(0);
    assert!(text.text().contains("  queryData          yes"), "{text:?}");
    assert!(!text.text().contains('\x1b'));
}

#[test]
fn query_prints_what_ds_query_returns() {
    let ran =
        run(&["query", bench_plugin(), "--query", QUERY, "--from", "1000", "--to", "5000"]).expect_code(0);
    let frame = &ran.json()["results"]["A"]["frames"][0];
    assert_eq!(frame["data"]["values"][0], serde_json::json!([1000, 2000, 3000]));
    assert_eq!(ran.json()["results"]["A"]["status"], 200);
}

#[test]
fn query_prints_tables_charts_and_arrow_files() {
    let with = |output| {
        run(&["query", bench_plugin(), "--query", QUERY, "--from", "0", "-o", output]).expect_code(0)
    };
    assert!(
        with("table").text().contains("1970-01-01T00:00:02Z        1  series-2"),
        "{}",
        with("table").text()
    );
    assert!(with("chart").text().contains("bench-0{label=series-2}"), "{}", with("chart").text());
    let frame = arrow::read(&with("arrow").stdout, &DecodeLimits::NONE).unwrap();
    assert_eq!((frame.name.as_str(), frame.rows().unwrap()), ("bench-0", 3));
}

#[test]
fn several_arrow_frames_need_files() {
    let query = r#"{"queryType":"bench","rows":1,"frames":2}"#;
    let refused = run(&["query", bench_plugin(), "-q", query, "-o", "arrow"]).expect_code(2);
    assert!(refused.stderr.contains("--out"), "{refused:?}");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("x.arrow");
    run(&["query", bench_plugin(), "-q", query, "-o", "arrow", "--out", out.to_str().unwrap()])
        .expect_code(0);
    for index in 0..2 {
        let bytes = fs::read(folder.path().join(format!("x.A.{index}.arrow"))).unwrap();
        assert_eq!(arrow::read(&bytes, &DecodeLimits::NONE).unwrap().name, format!("bench-{index}"));
    }
}

#[test]
fn both_wire_formats_give_the_same_answer() {
    let ask = |format| {
        run(&["query", bench_plugin(), "-q", QUERY, "--from", "0", "--format", format]).expect_code(0).json()
    };
    assert_eq!(ask("arrow"), ask("json"));
}

#[test]
fn an_answer_in_chunks_is_the_same_answer() {
    let query = r#"{"queryType":"bench","rows":25,"frames":2,"chunk":10}"#;
    for format in ["arrow", "json"] {
        let ask = |more: &[&str]| {
            let args = ["query", bench_plugin(), "-q", query, "--from", "0", "--format", format, "-v"];
            run(&[&args, more].concat()).expect_code(0)
        };
        let (plain, chunked) = (ask(&[]), ask(&["--chunked"]));
        assert_eq!(plain.json(), chunked.json(), "{format}");
        assert!(chunked.stderr.contains("/pluginv2.Data/QueryChunkedData: "), "{chunked:?}");
    }
}

#[test]
fn half_an_answer_is_printed_and_the_rest_told() {
    let models = r#"[{"queryType":"bench","rows":1},{"refId":"bad","queryType":"nope"}]"#;
    let ran = run(&["query", bench_plugin(), "-q", models]).expect_code(1);
    assert_eq!(ran.json()["results"]["A"]["status"], 200);
    assert_eq!(ran.json()["results"]["bad"]["errorSource"], "downstream");
    assert!(ran.stderr.contains("query bad failed (status 400, source downstream)"), "{ran:?}");
}

#[test]
fn queries_can_be_repeated() {
    let ran = run(&["query", bench_plugin(), "-q", QUERY, "--repeat", "3", "--every", "1ms"]).expect_code(0);
    assert_eq!(ran.text().lines().count(), 3);
}

#[test]
fn verbose_tells_log_and_wire_on_stderr() {
    let ran = run(&["query", bench_plugin(), "-q", QUERY, "-v"]).expect_code(0);
    assert!(ran.stderr.contains("Plugin Request Completed"), "{ran:?}");
    assert!(ran.stderr.contains("/pluginv2.Data/QueryData: "), "{ran:?}");
    ran.json();
}

#[test]
fn resources_come_as_they_are() {
    let echo =
        run_with_input(&["resource", bench_plugin(), "echo", "--body", "@-"], b"\x00\xffraw").expect_code(0);
    assert_eq!(echo.stdout, b"\x00\xffraw");
    let json =
        run_with_input(&["--json", "resource", bench_plugin(), "echo", "-b", "@-"], b"\xff").expect_code(0);
    assert_eq!(json.json()["base64"], "/w==");
    let include = run(&["resource", bench_plugin(), "echo", "-b", "hi", "--include"]).expect_code(0);
    assert!(include.text().starts_with("HTTP 200\n"), "{include:?}");
    assert_eq!(run(&["resource", bench_plugin(), "blob?bytes=200000"]).expect_code(0).stdout.len(), 200_000);
    let missing = run(&["resource", bench_plugin(), "nope"]).expect_code(1);
    assert!(missing.text().contains("no resource"), "{missing:?}");
}

#[test]
fn streams_are_printed_as_lines() {
    let lines = run(&["stream", bench_plugin(), "bench/4", "-n", "2"]).expect_code(0);
    assert_eq!(lines.text().lines().count(), 2);
    let frames = run_with_input(&["--json", "frame", "show", "-"], &lines.stdout).expect_code(0);
    assert_eq!(frames.json()["frames"][1]["name"], "bench-1");
    let table = run(&["stream", bench_plugin(), "bench/2", "-o", "table"]).expect_code(0);
    assert_eq!(table.text().lines().last(), Some("1970-01-01T00:00:00Z  bench-1=1  label=series-0"));
}

#[test]
fn health_and_metrics_are_printed() {
    assert_eq!(run(&["health", bench_plugin()]).expect_code(0).text(), "OK  ready\n");
    let metrics = run(&["metrics", bench_plugin()]).expect_code(0);
    assert!(metrics.text().contains("# TYPE process_cpu_seconds_total counter"), "{metrics:?}");
}

#[test]
fn smoke_tells_step_by_step() {
    let fine = run(&["smoke", bench_plugin(), "-q", QUERY, "--stream", "bench/1"]).expect_code(0);
    assert_eq!(fine.text().lines().count(), 5, "{fine:?}");
    let bad =
        run(&["--json", "smoke", bench_plugin(), "-q", r#"{"queryType":"bench","rows":0}"#]).expect_code(1);
    assert_eq!((&bad.json()["steps"][2]["ok"], &bad.json()["steps"][3]["ok"]), (&false.into(), &true.into()));
}

#[test]
fn conformance_tells_what_is_kept_and_what_is_not() {
    let checks = ["--only", "cookie-absent,line,shutdown,shutdown-socket,unknown-method"];
    let kept = run(&[&["conformance", bench_plugin()], &checks[..]].concat()).expect_code(0);
    assert!(kept.text().ends_with("5 of 5 kept\n"), "{kept:?}");
    let folder = tempfile::tempdir().unwrap();
    let careless = crate::run::script(folder.path(), "careless", "echo hello; exit 0");
    let args = ["--json", "conformance", careless.to_str().unwrap()];
    let missed = run(&[&args[..], &checks].concat()).expect_code(1).json();
    let verdicts: Vec<_> = missed["checks"].as_array().unwrap().iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["no"; 5]);
    run(&["conformance", bench_plugin(), "--only", "no-such-check"]).expect_code(2);
}
