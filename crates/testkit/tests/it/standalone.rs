//! A plugin under a debugger, and what a host that starts the plugin makes of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use graftwire_host::{Attachment, LaunchOptions, Plugin, PluginSpec};
use graftwire_model::{CallContext, HealthRequest};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::{is_running, odd_plugin};

const ID: &str = "graftwire-odd-datasource";
const VARIABLE: &str = "GF_PLUGIN_GRPC_ADDRESS_GRAFTWIRE_ODD_DATASOURCE";

/// A plugin's folder as developers have it, with the executable in `dist/`.
fn project() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let dist = root.path().join("dist");
    std::fs::create_dir(&dist).unwrap();
    std::fs::write(dist.join("plugin.json"), format!("{{\"id\":\"{ID}\"}}")).unwrap();
    // A link, since it is large; the process sees where it leads to, so that a copy is needed if there is no hard link.
    let executable = dist.join("gpx_odd");
    std::fs::hard_link(odd_plugin(), &executable)
        .or_else(|_| std::fs::copy(odd_plugin(), &executable).map(drop))
        .unwrap();
    (root, executable)
}

pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(executable: &Path, directory: &Path, more: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(executable);
        command.env_clear().arg("-standalone").current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        more(&mut command);
        let mut child = command.spawn().unwrap();
        // It says so once it serves.
        let mut line = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("serving standalone"), "{line}");
        Self(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Ends it as a person does, and gives what it printed.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
        let code = ended(&mut self.0);
        let mut out = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        (code, out)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ended(child: &mut Child) -> Option<i32> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the process did not end within 10 s");
}

fn run(executable: &Path, directory: &Path, args: &[&str]) -> Output {
    Command::new(executable)
        .env_clear()
        .current_dir(directory)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

async fn health(plugin: &Plugin) -> String {
    plugin.backend().check_health(CallContext::new(), HealthRequest::default()).await.unwrap().message
}

#[tokio::test]
async fn it_is_attached_to_and_left_running() {
    let (root, executable) = project();
    let dist = root.path().join("dist");
    let server = Server::start(&executable, root.path(), |_| {});
    assert_eq!(read(&dist, "pid.txt"), server.0.id().to_string());
    let place: Attachment = root.path().to_str().unwrap().parse().unwrap();
    let spec = PluginSpec::of_executable(&executable).with_id(ID);
    for _ in 0..2 {
        let plugin = Plugin::start(&spec, &LaunchOptions::new().attach_to(place.clone())).await.unwrap();
        assert_eq!(health(&plugin).await, "odd, but fine");
        assert!(plugin.ping().await.is_err(), "nothing of go-plugin is served");
        assert!(plugin.stop().await.left_running);
    }
    let (code, out) = server.end(Signal::INT);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert_eq!((read(&dist, "standalone.txt"), read(&dist, "pid.txt")), (String::new(), String::new()));
}

/// What Grafana does: it starts the executable, and is led to the process under the debugger.
#[tokio::test]
async fn a_host_that_starts_the_plugin_is_led_to_it() {
    let (root, executable) = project();
    let server = Server::start(&executable, &root.path().join("dist"), |_| {});
    let spec = PluginSpec::of_executable(&executable).with_id(ID);
    let plugin = Plugin::start(&spec, &LaunchOptions::new()).await.unwrap();
    assert_eq!(plugin.negotiated().address, read(&root.path().join("dist"), "standalone.txt"));
    assert_ne!(plugin.pid(), server.0.id());
    assert_eq!(health(&plugin).await, "odd, but fine");
    assert_eq!(plugin.discarded_stdout(), 0);
    // The host kills the process it has started, and that is all.
    plugin.stop().await;
    assert!(is_running(&PathBuf::from(format!("/proc/{}", server.0.id()))));
    // Once the server is gone the plugin serves itself.
    assert_eq!(server.end(Signal::TERM).0, Some(0));
    let plugin = Plugin::start(&spec, &LaunchOptions::new()).await.unwrap();
    assert!(plugin.ping().await.unwrap());
    plugin.stop().await;
}

#[tokio::test]
async fn who_leads_prints_one_line_and_leaves_with_its_host() {
    let (root, executable) = project();
    let address = format!("127.0.0.1:{}", free_port());
    let server = Server::start(&executable, root.path(), |command| {
        command.env(VARIABLE, &address);
    });
    assert_eq!(read(&root.path().join("dist"), "standalone.txt"), address);
    let (line, pid_file) = (root.path().join("line"), root.path().join("pid"));
    // The shell is the host: it starts the plugin and ends a moment later.
    let script = format!(
        "'{}' >'{}' 2>/dev/null & echo $! >'{}'; /bin/sleep 1",
        executable.display(),
        line.display(),
        pid_file.display()
    );
    let host = Command::new("/bin/sh")
        .env_clear()
        .env("grafana_plugin_type", "datasource")
        .env("PLUGIN_PROTOCOL_VERSIONS", "2")
        .args(["-c", &script])
        .status()
        .unwrap();
    assert!(host.success());
    let process = PathBuf::from(format!("/proc/{}", read(root.path(), "pid").trim()));
    crate::process::until("it has left with its host", || !is_running(&process)).await;
    assert_eq!(read(root.path(), "line"), format!("1|2|tcp|{address}|grpc\n"));
    drop(server);
}

#[test]
fn a_second_server_is_refused_by_name_and_a_stale_file_is_no_hindrance() {
    let (root, executable) = project();
    let server = Server::start(&executable, root.path(), |_| {});
    let second = run(&executable, root.path(), &["-standalone"]);
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!((second.status.code(), second.stdout.as_slice()), (Some(1), b"".as_slice()));
    assert!(
        said.contains(&format!("pid.txt says that process {} serves this plugin already", server.0.id())),
        "{said}"
    );
    // kill -9 leaves the files behind.
    drop(server);
    assert!(root.path().join("dist/pid.txt").exists());
    let server = Server::start(&executable, root.path(), |_| {});
    assert_eq!(read(&root.path().join("dist"), "pid.txt"), server.0.id().to_string());
}

#[test]
fn it_says_where_it_should_have_been_started() {
    let elsewhere = tempfile::tempdir().unwrap();
    let output = run(&odd_plugin(), elsewhere.path(), &["--standalone"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()));
    assert!(said.contains(ID) && said.contains("start it in the plugin's folder"), "{said}");
}

#[test]
fn the_executable_tells_what_it_is() {
    let here = std::env::temp_dir();
    let version = run(&odd_plugin(), &here, &["-version"]);
    assert_eq!(String::from_utf8(version.stdout).unwrap(), concat!(env!("CARGO_PKG_VERSION"), "\n"));
    let built = run(&odd_plugin(), &here, &["--buildinfo"]);
    assert!(built.status.success());
    let built: serde_json::Value = serde_json::from_slice(&built.stdout).unwrap();
    assert_eq!((&built["name"], &built["pluginID"]), (&"graftwire-testkit".into(), &ID.into()));
    assert!(built["protocolVersions"].as_array().unwrap().contains(&2.into()), "{built}");
    assert!(built["features"].as_array().unwrap().contains(&"auto-mtls".into()), "{built}");
    assert!(built["target"].as_str().unwrap().starts_with(std::env::consts::ARCH), "{built}");

    let unknown = run(&odd_plugin(), &here, &["-verison"]);
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!((unknown.status.code(), unknown.stdout.as_slice()), (Some(2), b"".as_slice()));
    assert!(
        said.starts_with("flag provided but not defined: -verison\nUsage of ") && said.contains("-buildinfo"),
        "{said}"
    );
    assert_eq!(run(&odd_plugin(), &here, &["-help"]).status.code(), Some(0));
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
