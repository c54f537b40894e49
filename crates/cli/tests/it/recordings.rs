//! `record` and `replay` over the bench plugin, and over a plugin of the Go SDK that keeps the same contract.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::run::{bench_plugin, built, command, run};

const QUERY: &str = r#"{"queryType":"bench","rows":3}"#;

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of<'a>(lines: &'a [Value], event: &'a str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["event"] == event)
}

/// The calls of a recording that are no go-plugin's, and how each was over.
fn calls(lines: &[Value]) -> Vec<(String, String)> {
    of(lines, "call")
        .map(|call| (call["call"].clone(), call["method"].as_str().unwrap().to_owned()))
        .filter(|(_, method)| !method.starts_with("/plugin."))
        .map(|(number, method)| {
            let end = of(lines, "end").find(|end| end["call"] == number).unwrap();
            (method, format!("{} {}", end["outcome"].as_str().unwrap(), end["code"]))
        })
        .collect()
}

/// A folder with a copy of a plugin that the recorder stands before.
fn installed(plugin: &str, out: &str) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (copy, out) = (folder.path().join("gpx_copy"), folder.path().join(out));
    fs::copy(plugin, &copy).unwrap();
    let done = run(&["record", copy.to_str().unwrap(), "--out", out.to_str().unwrap(), "--install"]);
    assert!(done.expect_code(0).text().starts_with("installed"));
    (folder, copy, out)
}

#[test]
fn the_recorder_stands_between_a_host_and_a_plugin() {
    let (folder, plugin, out) = installed(bench_plugin(), "calls.jsonl");
    let plugin = plugin.to_str().unwrap();
    let direct = run(&["query", bench_plugin(), "-q", QUERY, "--from", "0", "--to", "1000"]).expect_code(0);
    let through = run(&["query", plugin, "-q", QUERY, "--from", "0", "--to", "1000"]).expect_code(0);
    assert_eq!(direct.json(), through.json());
    let seen = lines(&out);
    assert_eq!((&seen[0]["event"], &seen[0]["version"]), (&"recording".into(), &1.into()));
    assert_eq!(calls(&seen), [("/pluginv2.Data/QueryData".to_owned(), "status 0".to_owned())]);
    let query = of(&seen, "call").find(|call| call["method"] == "/pluginv2.Data/QueryData").unwrap();
    assert!(query["metadata"]["grpc-timeout"].is_array(), "the deadline passes: {query}");
    let answer = of(&seen, "response").find(|one| one["call"] == query["call"]).unwrap();
    let values = &answer["message"]["responses"]["A"]["frames"][0]["$frame"]["data"]["values"];
    assert_eq!(values[1], serde_json::json!([0, 0.5, 1]));
    // go-plugin's own calls pass too: the stop is the host's.
    assert!(of(&seen, "call").any(|call| call["method"] == "/plugin.GRPCController/Shutdown"));

    // The next start makes a file of its own. A host that has enough of a stream cancels it.
    run(&["stream", plugin, "bench/1000000000", "-n", "3"]).expect_code(0);
    let stream = lines(&folder.path().join("calls.2.jsonl"));
    let ends = calls(&stream);
    assert_eq!(ends[1], ("/pluginv2.Stream/RunStream".to_owned(), "cancelled null".to_owned()), "{ends:?}");
    // What the plugin refuses, and what it does not serve, arrives as it was sent.
    run(&["query", plugin, "-q", "{}"]).expect_code(1);
    run(&["inspect", plugin]).expect_code(0);
    let inspect = lines(&folder.path().join("calls.4.jsonl"));
    assert!(calls(&inspect).iter().any(|(_, end)| end == "status 12"), "{:?}", calls(&inspect));

    let replayed = run(&["replay", out.to_str().unwrap(), bench_plugin()]).expect_code(0);
    assert!(
        replayed.text().ends_with("not called\n") && replayed.text().contains("1 as recorded, 0 different")
    );
    for number in [2, 3, 4] {
        let file = folder.path().join(format!("calls.{number}.jsonl"));
        for how in [&["--concurrent"][..], &[]] {
            let args = ["replay", file.to_str().unwrap(), bench_plugin(), "--ignore", "metrics.**"];
            run(&[&args[..], how].concat()).expect_code(0);
        }
    }
    run(&["record", plugin, "--uninstall"]).expect_code(0);
    run(&["health", plugin]).expect_code(0);
    assert_eq!(fs::read(plugin).unwrap(), fs::read(bench_plugin()).unwrap());
    assert!(!folder.path().join("calls.5.jsonl").exists());
}

#[test]
fn a_difference_is_found_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("calls.jsonl");
    let out = out.to_str().unwrap();
    let told = run(&["query", bench_plugin(), "-q", QUERY, "--record", out]).expect_code(0);
    assert!(told.stderr.contains("recorded"), "{told:?}");
    // The same calls with another answer: the plugin is asked for four rows where three were recorded.
    let changed: Vec<String> = fs::read_to_string(out)
        .unwrap()
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            if line["event"] == "request" && line["message"]["queries"].is_array() {
                let raw = decode(line["raw"].as_str().unwrap());
                let at = raw.windows(8).position(|part| part == b"\"rows\":3").unwrap();
                let raw = [&raw[..at], b"\"rows\":4", &raw[at + 8..]].concat();
                line["raw"] = encode(&raw).into();
            }
            line.to_string() + "\n"
        })
        .collect();
    let other = folder.path().join("changed.jsonl");
    fs::write(&other, changed.concat()).unwrap();
    let args = ["replay", other.to_str().unwrap(), bench_plugin()];
    let failed = run(&args).expect_code(1);
    let place = "responses.A.frames.0.data.values.1.3: recorded nothing, found 1.5";
    assert!(failed.text().contains(place), "{failed:?}");
    let json = run(&[&["--json"], &args[..]].concat()).expect_code(1).json();
    let call = json["calls"].as_array().unwrap().iter().find(|call| call["verdict"] == "different").unwrap();
    assert_eq!(call["method"], "/pluginv2.Data/QueryData");
    run(&[&args[..], &["--ignore", "responses.*.frames.**"]].concat()).expect_code(0);
    // A plugin that dies is a difference too, and no wait.
    let dead =
        crate::run::script(folder.path(), "dead", &format!("exec timeout -s KILL 1 {}", bench_plugin()));
    let endless = folder.path().join("endless.jsonl");
    let endless = endless.to_str().unwrap();
    run(&["stream", bench_plugin(), "bench/1000000000", "-n", "1", "--record", endless]).expect_code(0);
    let longer = fs::read_to_string(endless)
        .unwrap()
        .replace("\"outcome\":\"cancelled\"", "\"outcome\":\"status\",\"code\":0");
    fs::write(endless, longer).unwrap();
    run(&["replay", endless, dead.to_str().unwrap()]).expect_code(1);
}

#[test]
fn every_version_is_recorded_and_played() {
    let peer = testkit_example("conformance_plugin");
    let (folder, plugin, out) = installed(peer.to_str().unwrap(), "calls.jsonl");
    let plugin = plugin.to_str().unwrap();
    let old = ["query", plugin, "--protocol", "1", "-q", r#"{"queryType":"bench","rows":2}"#];
    run(&old).expect_code(0);
    let seen = lines(&out);
    assert_eq!(calls(&seen), [("/models.DatasourcePlugin/Query".to_owned(), "status 0".to_owned())]);
    let answer = of(&seen, "response").find(|one| one["message"]["results"].is_array()).unwrap();
    assert_eq!(answer["message"]["results"][0]["refId"], "A", "{answer}");
    // The services of version 3 stand beside those of version 2.
    run(&["conformance", plugin, "--only", "v3"]).expect_code(0);
    let apps = folder.path().join("calls.2.jsonl");
    assert_eq!(calls(&lines(&apps)).iter().filter(|(method, _)| method.contains(".v3.")).count(), 3);
    for recording in [&out, &apps] {
        let played = run(&["replay", recording.to_str().unwrap(), peer.to_str().unwrap()]).expect_code(0);
        assert!(!played.text().starts_with("0 as recorded"), "{played:?}");
    }
}

/// An example of the test kit, beside the program under test.
fn testkit_example(name: &str) -> PathBuf {
    built(&["--package", "graftwire-testkit", "--example", name], &format!("examples/{name}"))
}

#[test]
fn a_killed_recorder_leaves_a_recording_that_plays() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("calls.jsonl");
    let args = ["stream", bench_plugin(), "bench/1000000000", "--record", out.to_str().unwrap()];
    let mut child = command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    let text = fs::read(&out).unwrap();
    // Cut within the last line, as a machine that lost its power may leave it.
    fs::write(&out, &text[..text.len() - 3]).unwrap();
    let replayed = run(&["replay", out.to_str().unwrap(), bench_plugin()]).expect_code(0);
    assert!(replayed.stderr.contains("breaks off"), "{replayed:?}");
}

#[test]
fn secrets_are_not_in_the_file_and_can_be_given_back() {
    let Some(go) = graftwire_testkit::go::program("goplugin") else { return };
    let go = go.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let secure = folder.path().join("secure.json");
    fs::write(&secure, r#"{"apiKey":"s3cret-of-the-source"}"#).unwrap();
    let out = folder.path().join("calls.jsonl");
    let out = out.to_str().unwrap();
    // This query type answers with everything that arrived.
    let id = ["--id", "graftwire-gopeer-datasource", "--secure", secure.to_str().unwrap()];
    let args = ["query", go, "-q", r#"{"queryType":"echo"}"#, "--record", out];
    let asked = run(&[&args[..], &id].concat()).expect_code(0);
    assert!(asked.text().contains("s3cret-of-the-source"), "the plugin says what arrived");
    let text = fs::read_to_string(out).unwrap();
    assert!(!text.contains("s3cret"));
    for line in lines(Path::new(out)) {
        let raw = line["raw"].as_str().map(decode).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&raw).contains("s3cret"), "{line}");
    }
    let without = run(&["replay", out, go]).expect_code(1);
    assert!(without.text().contains("secrets that were not given: apiKey"), "{without:?}");
    run(&["replay", out, go, "--secrets", secure.to_str().unwrap()]).expect_code(0);
    run(&["replay", out, go, "--secret", "apiKey=s3cret-of-the-source"]).expect_code(0);
}

#[test]
fn a_recording_of_one_implementation_plays_against_another() {
    let Some(go) = graftwire_testkit::go::program("goplugin") else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("calls.jsonl");
    let out = out.to_str().unwrap();
    let args = ["smoke", bench_plugin(), "-q", QUERY, "--record", out];
    run(&args).expect_code(0);
    // Both answer with the same rows, each in its own Arrow file; names and words differ.
    let replayed = run(&["replay", out, go.to_str().unwrap()]).expect_code(1);
    for place in [
        "message: recorded \"ready\", found \"the Go peer is well\"",
        "schema.name: recorded \"bench-0\", found \"bench\"",
    ] {
        assert!(replayed.text().contains(place), "{replayed:?}");
    }
    let words = ["--ignore", "message", "--ignore", "jsonDetails.**", "--ignore", "**.schema.name"];
    let args = ["replay", out, go.to_str().unwrap(), "--ignore", "**.schema.refId"];
    run(&[&args[..], &words].concat()).expect_code(0);
}

#[test]
fn what_is_no_recording_or_no_host_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.jsonl");
    fs::write(&file, "hello\n").unwrap();
    let no_recording = run(&["replay", file.to_str().unwrap(), bench_plugin()]).expect_code(5);
    assert!(no_recording.stderr.contains("no beginning of a recording"), "{no_recording:?}");
    let by_hand = run(&["record", bench_plugin(), "--out", "x"]).expect_code(2);
    assert!(by_hand.stderr.contains("--install") && !Path::new("x").exists(), "{by_hand:?}");
    run(&["record", bench_plugin(), "--uninstall"]).expect_code(2);
    run(&["query", bench_plugin(), "-q", QUERY, "--record", "/nonexistent/x"]).expect_code(5);
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
