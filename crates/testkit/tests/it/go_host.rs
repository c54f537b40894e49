//! A go-plugin host in Go: over AutoMTLS, attached to a plugin that runs, and led to one under a debugger.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use graftwire_testkit::go;
use serde_json::{Value, json};

use crate::process::{as_host, first_line, is_running, odd_plugin};
use crate::standalone::Server;

const ID: &str = "graftwire-mirror-datasource";

fn mirror_plugin() -> PathBuf {
    odd_plugin().with_file_name("mirror_plugin")
}

/// Every kind of call once, large ones too.
fn calls() -> Value {
    json!({
        "queries": {
            "plain": [{"refId": "A", "expr": "x"}, {"refId": "Ä b"}],
            "large": [{"refId": "A", "queryType": "large"}],
            "errors": [{"refId": "A"}, {"refId": "B", "queryType": "fail"}],
        },
        "chunked": {"plain": [{"refId": "A"}], "large": [{"refId": "A", "queryType": "large"}]},
        "resources": [
            {"name": "echo", "method": "POST", "path": "echo", "body": "{\"b\":1}", "echo": true},
            {"name": "echo-6MB", "method": "POST", "path": "echo", "bodyBytes": 6_000_000, "echo": true},
        ],
        "subscribe": [{"name": "any", "path": "a/b", "data": {"q": 7}}],
        "run": [{"name": "any", "path": "a/b", "data": {"q": 7}, "packets": 5, "end": "clean"}],
        "publish": [{"name": "any", "path": "a/b", "data": {"v": 1}}],
        "admission": [{
            "name": "create", "operation": "CREATE", "kind": {"group": "g", "version": "v1", "kind": "Thing"},
            "object": {"spec": {"n": 1}},
        }],
        "conversion": [{
            "name": "same", "target": {"group": "g", "version": "v1"}, "objects": [{"apiVersion": "g/v1", "n": 1}],
        }],
    })
}

/// What the host said of each call, by the call's name; it must have met what is expected.
fn run(gohost: &Path, folder: &Path, expected: &Value, args: &[&str]) -> Vec<(String, Value)> {
    let (asked, expect) = (folder.join("calls.json"), folder.join("expect.json"));
    std::fs::write(&asked, calls().to_string()).unwrap();
    std::fs::write(&expect, expected.to_string()).unwrap();
    let mut command = Command::new(gohost);
    command.args(["run", "--id", ID, "--calls"]).arg(asked).arg("--expect").arg(expect).args(args);
    let output: Output = command.stdin(Stdio::null()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    let reports = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let named =
        reports.filter_map(|report| Some((report["call"].as_str()?.to_owned(), report["content"].clone())));
    // Where and how long it ran is another story each time.
    named.filter(|(call, _)| call != "start" && call != "kill" && call != "collectMetrics").collect()
}

fn errors() -> Value {
    json!({"queryData*/errors": "error in B"})
}

#[test]
fn a_go_host_gets_the_same_over_auto_mtls() {
    let Some(gohost) = go::program("gohost") else { return };
    let folder = tempfile::tempdir().unwrap();
    let plugin = mirror_plugin();
    let plugin = ["--plugin", plugin.to_str().unwrap()];
    let plain = run(&gohost, folder.path(), &errors(), &plugin);
    let encrypted = run(&gohost, folder.path(), &errors(), &[plugin.as_slice(), &["--mtls"]].concat());
    assert!(plain.len() > 15, "{}", plain.len());
    assert_eq!(plain, encrypted);
    println!("{} calls of a Go host over AutoMTLS", encrypted.len());
}

#[test]
fn a_go_host_attaches_to_a_plugin_that_runs() {
    let Some(gohost) = go::program("gohost") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(mirror_plugin());
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    as_host(&mut command, folder.path());
    let mut child = command.spawn().unwrap();
    let line = first_line(&mut child);
    let place = format!("{},unix,{}", child.id(), line.split('|').nth(3).unwrap());
    for _ in 0..2 {
        let reports = run(&gohost, folder.path(), &errors(), &["--reattach", &place]);
        assert!(reports.len() > 15, "{}", reports.len());
        assert!(child.try_wait().unwrap().is_none(), "the host ended what it had not started");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What Grafana does while somebody debugs the plugin.
#[test]
fn a_go_host_is_led_to_the_standalone_plugin() {
    let Some(gohost) = go::program("gohost") else { return };
    let root = tempfile::tempdir().unwrap();
    let executable = root.path().join("gpx_mirror");
    std::fs::hard_link(mirror_plugin(), &executable)
        .or_else(|_| std::fs::copy(mirror_plugin(), &executable).map(drop))
        .unwrap();
    std::fs::write(root.path().join("plugin.json"), json!({"id": ID, "type": "datasource"}).to_string())
        .unwrap();
    let server = Server::start(&executable, root.path(), |_| {});
    // A standalone server serves the plugin alone; the process that led there can't be asked to leave and is killed.
    let expected = json!({
        "queryData*/errors": "error in B", "ping": "UNIMPLEMENTED", "grpcHealth": "UNIMPLEMENTED", "kill": "KILLED",
    });
    let reports = run(&gohost, root.path(), &expected, &["--plugin", executable.to_str().unwrap()]);
    assert!(reports.len() > 15, "{}", reports.len());
    assert!(is_running(&PathBuf::from(format!("/proc/{}", server.pid()))));
}
