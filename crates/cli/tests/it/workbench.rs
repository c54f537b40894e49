//! The workbench over HTTP: its API, what it refuses, and what it does when a plugin dies. The page itself is tested
//! in a browser, see `ci/page`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{bench_plugin, command, run};

const ID: &str = "graftwire-bench-datasource";
/// How long anything may take before a test gives up. Nothing here is a measurement.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running workbench with the bench plugin, a plugin that can't run, and a free port.
struct Workbench {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    address: String,
    folder: TempDir,
}

impl Workbench {
    fn start(extra: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        lay_out(folder.path());
        let mut child = command(&["--json", "workbench", "--listen", "127.0.0.1:0", "--plugins"])
            .arg(folder.path())
            .args(extra)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let url = said["url"].as_str().unwrap();
        let address = url.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
        let workbench = Self { child, _stdout: stdout, address, folder };
        workbench
            .wait_for(|plugin| plugin["state"]["word"] == "running" && plugin["health"]["status"] == "OK");
        workbench
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    /// Asks again and again until the bench plugin fits.
    fn wait_for(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let plugin = self.get(&format!("/api/plugins/{ID}")).json();
            if fits(&plugin) {
                return plugin;
            }
            assert!(begun.elapsed() < PATIENCE, "{plugin}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Reads events until `enough`, and gives them as (name, data).
    fn events(
        &self,
        query: &str,
        mut enough: impl FnMut(&[(String, Value)]) -> bool,
    ) -> Vec<(String, Value)> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("GET /api/events{query} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(head.as_bytes()).unwrap();
        let (mut events, mut name) = (Vec::new(), String::new());
        for line in BufReader::new(stream).lines() {
            let line = line.unwrap();
            // The lengths of chunks stand on lines of their own.
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                events.push((name.clone(), serde_json::from_str(data).unwrap()));
                if enough(&events) {
                    return events;
                }
            }
        }
        panic!("the events ended: {events:?}");
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

fn lay_out(root: &Path) {
    let bench = root.join("bench");
    std::fs::create_dir_all(bench.join("dashboards")).unwrap();
    let file = graftwire_host::file_name("gpx_graftwire_bench");
    std::fs::copy(bench_plugin(), bench.join(file)).unwrap();
    std::fs::write(bench.join("dashboards/one.json"), r#"{"title":"One","panels":[]}"#).unwrap();
    let manifest = json!({
        "id": ID, "name": "Bench", "type": "datasource", "backend": true, "executable": "gpx_graftwire_bench",
        "info": {"version": "9.9.9"},
        "includes": [
            {"type": "dashboard", "name": "One", "path": "dashboards/one.json"},
            {"type": "dashboard", "name": "Outside", "path": "../lost/plugin.json"},
            {"type": "page", "name": "No dashboard"},
        ],
    });
    std::fs::write(bench.join("plugin.json"), manifest.to_string()).unwrap();
    std::fs::create_dir_all(root.join("lost")).unwrap();
    let lost = json!({"id": "example-lost-datasource", "type": "datasource", "backend": true, "executable": "gpx_lost"});
    std::fs::write(root.join("lost/plugin.json"), lost.to_string()).unwrap();
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = bytes[end + 4..].to_vec();
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            body = unchunked(&body);
        }
        Self { status, head, body }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = bytes.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..at]).unwrap(), 16).unwrap();
        body.extend_from_slice(&bytes[at + 2..at + 2 + length]);
        bytes = &bytes[at + 4 + length..];
    }
    body
}

#[test]
fn the_page_and_its_files_come_with_careful_headers() {
    let workbench = Workbench::start(&[]);
    let page = workbench.get("/");
    assert_eq!(page.status, 200);
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"), "{page:?}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    // Every file that the page names is there, and so is every file that the scripts import.
    let mut wanted: Vec<String> =
        html.split(['"', '\'']).filter_map(|part| part.strip_prefix("/assets/").map(str::to_owned)).collect();
    let mut seen = Vec::new();
    while let Some(name) = wanted.pop() {
        let file = workbench.get(&format!("/assets/{name}"));
        assert_eq!(file.status, 200, "{name}");
        let text = String::from_utf8(file.body.clone()).unwrap();
        assert!(!text.contains("https://") || name.starts_with("uplot"), "{name} names another server");
        let imports = text.split(['"', '\'']).filter_map(|part| part.strip_prefix("./")).map(str::to_owned);
        seen.push(name);
        wanted.extend(imports.filter(|import| import.ends_with(".js") && !seen.contains(import)));
    }
    assert!(seen.len() > 15, "{seen:?}");
    let head = workbench.ask("HEAD", "/", &[], "");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(workbench.get("/assets/none.js").status, 404);
    assert_eq!(workbench.get("/elsewhere").status, 404);
}

#[test]
fn plugins_are_listed_with_state_health_and_figures() {
    let workbench = Workbench::start(&[]);
    let plugins = workbench.get("/api/plugins").json();
    let bench = &plugins["plugins"][0];
    assert_eq!((&bench["id"], &bench["version"]), (&json!(ID), &json!("9.9.9")));
    assert_eq!(bench["process"]["protocol"], "2");
    assert!(bench["process"]["startMillis"].as_f64().unwrap() > 0.0);
    let lost = &plugins["plugins"][1];
    assert_eq!((&lost["id"], &lost["state"]["word"]), (&json!("example-lost-datasource"), &json!("failed")));
    assert!(lost["state"]["detail"].as_str().unwrap().contains("gpx_lost"), "{lost}");
    assert_eq!(workbench.get("/api/plugins/nobody/health").status, 404);
    assert_eq!(workbench.get("/api/plugins/example-lost-datasource/health").status, 503);
    assert_eq!(workbench.get(&format!("/api/plugins/{ID}/health")).json()["message"], "ready");
    let capabilities = workbench.get(&format!("/api/plugins/{ID}/capabilities")).json();
    assert_eq!((&capabilities["queryChunkedData"], &capabilities["render"]), (&json!("yes"), &json!("no")));
    assert_eq!(workbench.get("/api/plugins/example-lost-datasource/capabilities").status, 503);
    let metrics = workbench.get(&format!("/api/plugins/{ID}/metrics"));
    assert!(String::from_utf8(metrics.body).unwrap().contains("process_cpu_seconds_total"));
}

#[test]
fn queries_are_answered_with_what_crossed_the_wire() {
    let workbench = Workbench::start(&[]);
    let path = format!("/api/plugins/{ID}/query");
    let ask = |body: Value| workbench.ask("POST", &path, &[], &body.to_string());
    let models = json!([{"queryType": "bench", "rows": 3}, {"queryType": "nope"}]);
    let answer = ask(json!({"queries": models, "from": 1000, "to": "5000", "format": "arrow"}));
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    let results = &answer["response"]["results"];
    assert_eq!(results["A"]["frames"][0]["data"]["values"][0], json!([1000, 2000, 3000]));
    assert_eq!((&results["B"]["status"], &results["B"]["errorSource"]), (&json!(400), &json!("downstream")));
    let wire = &answer["wire"];
    assert_eq!(wire["calls"].as_array().unwrap().len(), 1);
    assert_eq!(wire["calls"][0]["path"], "/pluginv2.Data/QueryData");
    assert!(wire["calls"][0]["received"].as_u64().unwrap() > wire["frames"][0]["bytes"].as_u64().unwrap());
    assert_eq!((&wire["frames"][0]["format"], &wire["range"]["from"]), (&json!("arrow"), &json!(1000)));

    for body in [
        json!({}),
        json!({"queries": 1}),
        json!({"queries": [], "from": "yesterday"}),
        json!({"queries": [{"refId": 1}]}),
    ] {
        assert_eq!(ask(body.clone()).status, 400, "{body}");
    }
    assert_eq!(workbench.ask("POST", &path, &[], "{").status, 400);
    let large = "x".repeat(17 * 1024 * 1024);
    assert_eq!(workbench.ask("POST", &path, &[], &large).status, 413);
}

#[test]
fn resources_are_passed_on_and_kept_apart_from_the_page() {
    let workbench = Workbench::start(&[]);
    let echo = workbench.ask("POST", &format!("/api/plugins/{ID}/resources/echo"), &[], "a body");
    assert_eq!((echo.status, echo.body.as_slice()), (200, &b"a body"[..]));
    assert_eq!(echo.header("content-security-policy"), Some("sandbox"));
    let blob = workbench.get(&format!("/api/plugins/{ID}/resources/blob?bytes=300000"));
    assert_eq!(blob.body.len(), 300_000);
    assert_eq!(workbench.get(&format!("/api/plugins/{ID}/resources/missing")).status, 404);
}

#[test]
fn foreign_hosts_and_origins_are_refused() {
    let workbench = Workbench::start(&[]);
    assert_eq!(workbench.ask("GET", "/", &[("Host", "evil.example")], "").status, 403);
    let restart = format!("/api/plugins/{ID}/restart");
    let foreign = workbench.ask("POST", &restart, &[("Origin", "http://evil.example")], "");
    assert_eq!(foreign.status, 403);
    assert_eq!(workbench.ask("GET", "/api/plugins", &[("Sec-Fetch-Site", "cross-site")], "").status, 403);
    let own = format!("http://{}", workbench.address);
    assert_eq!(workbench.ask("POST", &restart, &[("Origin", &own)], "").status, 200);
    assert_eq!(workbench.ask("DELETE", "/api/plugins", &[], "").status, 405);
}

#[test]
fn events_bring_state_log_packets_and_calls() {
    let workbench = Workbench::start(&[]);
    let stream = r#"{"plugin":"graftwire-bench-datasource","path":"bench/3"}"#;
    let refused = r#"{"plugin":"graftwire-bench-datasource","path":"nonsense"}"#;
    let query: String = [stream, refused]
        .iter()
        .map(|asked| format!("stream={}", asked.replace('"', "%22")))
        .collect::<Vec<_>>()
        .join("&");
    let count =
        |events: &[(String, Value)], name: &str| events.iter().filter(|(event, _)| event == name).count();
    let events = workbench.events(&format!("?{query}"), |events| {
        count(events, "packet") == 3 && count(events, "stream") == 2 && count(events, "call") > 0
    });
    assert_eq!(events[0].0, "hello");
    let of = |name: &str| {
        events.iter().filter(|(event, _)| event == name).map(|(_, data)| data).collect::<Vec<_>>()
    };
    assert_eq!(of("plugins").len(), 1);
    assert!(
        of("log").iter().any(|line| line["message"].as_str().unwrap().contains("Plugin Request")),
        "{events:?}"
    );
    assert!(of("packet").iter().all(|packet| packet["stream"] == 0));
    assert_eq!(of("packet")[2]["packet"]["schema"]["name"], "bench-2");
    let states: Vec<_> =
        of("stream").iter().map(|state| (state["stream"].clone(), state["state"].clone())).collect();
    assert!(
        states.contains(&(json!(0), json!("ended"))) && states.contains(&(json!(1), json!("refused"))),
        "{states:?}"
    );
    assert_eq!(workbench.get("/api/events?stream=nonsense").status, 400);
}

#[test]
fn dashboards_come_from_the_plugins_folder_and_nowhere_else() {
    let workbench = Workbench::start(&[]);
    let path = format!("/api/plugins/{ID}/dashboards");
    assert_eq!(workbench.get(&path).json(), json!({"dashboards": ["One", "Outside"]}));
    assert_eq!(workbench.get(&format!("{path}/0")).json()["title"], "One");
    for number in ["1", "2", "-1", "x"] {
        assert_eq!(workbench.get(&format!("{path}/{number}")).status, 404, "{number}");
    }
    assert!(workbench.folder.path().join("lost/plugin.json").exists(), "the file outside is there");
}

#[test]
fn settings_change_and_secrets_never_come_back() {
    let workbench = Workbench::start(&[]);
    let path = format!("/api/plugins/{ID}/settings");
    let wish = json!({"url": "http://x", "jsonData": {"a": 1}, "secureJsonData": {"token": "s3cr3t"}});
    let answer = workbench.ask("PUT", &path, &[], &wish.to_string());
    assert_eq!(answer.status, 200);
    let settings = workbench.get(&path);
    assert_eq!(settings.json()["jsonData"], json!({"a": 1}));
    assert_eq!(settings.json()["secrets"], json!(["token"]));
    for answer in [answer, settings] {
        assert!(!String::from_utf8_lossy(&answer.body).contains("s3cr3t"));
    }
    let broken = workbench.ask("PUT", &path, &[], r#"{"secureJsonData":{"token":"s3cr3t"},"jsonData":5}"#);
    assert_eq!(broken.status, 400);
    assert!(!String::from_utf8_lossy(&broken.body).contains("s3cr3t"));
}

#[test]
fn a_killed_plugin_comes_back_and_its_stream_goes_on() {
    let workbench = Workbench::start(&[]);
    let before = workbench.wait_for(|plugin| plugin["state"]["word"] == "running");
    let pid = i32::try_from(before["state"]["pid"].as_i64().unwrap()).unwrap();
    // More packets than anybody waits for, so that the stream runs when the process dies.
    let query = format!("?stream=%7B%22plugin%22:%22{ID}%22,%22path%22:%22bench/1000000000%22%7D");
    let mut killed = false;
    let events = workbench.events(&query, |events| {
        if !killed && events.iter().any(|(name, _)| name == "packet") {
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
            killed = true;
        }
        let retried = events.iter().position(|(name, data)| name == "stream" && data["state"] == "retrying");
        retried.is_some_and(|at| events[at..].iter().any(|(name, _)| name == "packet"))
    });
    assert!(
        events.iter().any(|(name, plugin)| name == "plugin" && plugin["state"]["word"] != "running"),
        "told"
    );
    let after =
        workbench.wait_for(|plugin| plugin["state"]["word"] == "running" && plugin["state"]["pid"] != pid);
    assert_eq!(after["state"]["restarts"], 1);
    let body = json!({"queries": [{"queryType": "bench", "rows": 1}]}).to_string();
    assert_eq!(workbench.ask("POST", &format!("/api/plugins/{ID}/query"), &[], &body).status, 200);
}

#[test]
fn stop_and_start_do_as_they_say() {
    let workbench = Workbench::start(&[]);
    let post = |what: &str| workbench.ask("POST", &format!("/api/plugins/{ID}/{what}"), &[], "{}");
    assert_eq!(post("stop").json()["state"]["word"], "stopped");
    let body = json!({"queries": [{"queryType": "bench", "rows": 1}]}).to_string();
    let refused = workbench.ask("POST", &format!("/api/plugins/{ID}/query"), &[], &body);
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (503, &json!("plugin unavailable")));
    assert_eq!(post("start").json()["state"]["word"], "running");
    assert_eq!(post("explode").status, 404);
}

#[test]
fn an_end_of_the_workbench_is_an_end_of_its_plugins() {
    let mut workbench = Workbench::start(&[]);
    let plugin = workbench.wait_for(|plugin| plugin["state"]["word"] == "running");
    let pid = Pid::from_raw(i32::try_from(plugin["state"]["pid"].as_i64().unwrap()).unwrap()).unwrap();
    kill_process(Pid::from_child(&workbench.child), Signal::TERM).unwrap();
    assert_eq!(workbench.child.wait().unwrap().code(), Some(130));
    assert!(test_kill_process(pid).is_err(), "the plugin is gone");
}

#[test]
fn addresses_of_other_machines_need_a_word() {
    let refused = run(&["workbench", "--plugins", bench_plugin(), "--listen", "0.0.0.0:0"]).expect_code(2);
    assert!(refused.stderr.contains("--allow-remote"), "{refused:?}");
    let empty = tempfile::tempdir().unwrap();
    let none = run(&["workbench", "--plugins", empty.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert!(none.expect_code(3).stderr.contains("no plugin in"));
    let missing = run(&["workbench", "--plugins", "/nonexistent", "--listen", "127.0.0.1:0"]).expect_code(3);
    assert!(missing.stderr.contains("/nonexistent does not exist"), "{missing:?}");
    let unknown =
        ["workbench", "--plugins", bench_plugin(), "--listen", "127.0.0.1:0", "--settings", "x=/dev/null"];
    run(&unknown).expect_code(5);
}
