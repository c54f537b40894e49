//! Plugins that run already, and plugins that are asked for more than they can.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::run::{bench_plugin, bench_plugin_by_itself, command, run};

const ID: &str = "graftwire-bench-datasource";
const QUERY: &str = r#"{"queryType":"bench","rows":3}"#;

/// The bench plugin as somebody debugs it. Its folder holds no executable.
struct Standalone {
    child: Child,
    folder: TempDir,
}

impl Standalone {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        std::fs::create_dir(&dist).unwrap();
        let manifest = json!({"type": "datasource", "name": "Bench", "id": ID, "executable": "gpx_nowhere", "backend": true});
        std::fs::write(dist.join("plugin.json"), manifest.to_string()).unwrap();
        let mut child = Command::new(bench_plugin())
            .arg("-standalone")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("serving standalone"), "{line}");
        Self { child, folder }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn address(&self) -> String {
        std::fs::read_to_string(self.folder().join("dist/standalone.txt")).unwrap()
    }

    fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_command_takes_a_plugin_that_runs_already() {
    let mut plugin = Standalone::start();
    let (folder, address) = (plugin.folder().to_str().unwrap().to_owned(), plugin.address());
    let seen = run(&["--json", "inspect", "--attach", &folder]).expect_code(0).json();
    assert_eq!((&seen["plugin"]["id"], &seen["plugin"]["name"]), (&json!(ID), &json!("Bench")));
    assert_eq!((&seen["attached"], &seen["negotiated"]["address"]), (&json!(true), &json!(address)));
    assert_eq!(
        (&seen["health"]["status"], &seen["capabilities"]["queryData"]),
        (&json!("OK"), &json!("yes"))
    );
    let text = run(&["inspect", "--attach", &address, "--id", "by-address"]).expect_code(0);
    assert!(text.text().contains("plugin         by-address"), "{text:?}");
    assert!(text.text().contains("end            it goes on running"), "{text:?}");
    let answer = run(&["query", "--attach", &address, "--query", QUERY, "--from", "1000", "--to", "5000"]);
    assert_eq!(answer.expect_code(0).json()["results"]["A"]["status"], 200);
    run(&["health", "--attach", &folder]).expect_code(0);
    run(&["metrics", "--attach", &folder]).expect_code(0);
    assert!(plugin.runs());
    let refused = run(&["health", "--attach", &folder, "--auto-mtls"]).expect_code(2);
    assert!(refused.stderr.contains("cannot be used with"), "{refused:?}");
}

#[test]
fn where_nobody_runs_it_is_said() {
    let plugin = Standalone::start();
    let (folder, address) = (plugin.folder().to_str().unwrap().to_owned(), plugin.address());
    // kill -9: its files stay.
    let kept = {
        let mut plugin = plugin;
        plugin.child.kill().unwrap();
        plugin.child.wait().unwrap();
        plugin
    };
    let gone = run(&["health", "--attach", &folder]).expect_code(3);
    assert!(gone.stderr.contains("has ended; start it anew"), "{gone:?}");
    let silent = run(&["health", "--attach", &address]).expect_code(3);
    assert!(silent.stderr.contains(&format!("no plugin answers at tcp:{address}")), "{silent:?}");
    let nonsense = run(&["health", "--attach", "somewhere"]).expect_code(3);
    assert!(nonsense.stderr.contains("is no place of a running plugin"), "{nonsense:?}");
    drop(kept);
}

fn get(address: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_workbench_shows_a_plugin_that_runs_already() {
    let mut plugin = Standalone::start();
    let place = format!("{ID}={}", plugin.address());
    let mut child = command(&["--json", "workbench", "--listen", "127.0.0.1:0", "--attach", &place])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address =
        said["url"].as_str().unwrap().strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let running = (0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let list = get(&address, "/api/plugins");
        list.contains(ID) && list.contains("\"word\":\"running\"")
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(running, "the workbench did not reach the plugin");
    assert!(plugin.runs());
}

/// The bench plugin as most plugins are built: without AutoMTLS.
#[test]
fn a_plugin_without_auto_mtls_says_so_in_one_line() {
    let refused = run(&["inspect", bench_plugin_by_itself().to_str().unwrap(), "--auto-mtls"]).expect_code(3);
    let wanted = "the host asks for AutoMTLS (PLUGIN_CLIENT_CERT), which is not in this build";
    assert!(refused.stderr.contains(wanted), "{refused:?}");
    assert!(
        refused.stderr.contains("ended with exit code 1 before it wrote the handshake line"),
        "{refused:?}"
    );
}
