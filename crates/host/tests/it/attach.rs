//! Plugins that somebody else has started: connected to, asked, left, and lost.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use graftwire_host::{
    Attachment, LaunchError, LaunchOptions, LinkOptions, LogBook, Plugin, PluginSpec, Pulse, RestartPolicy,
    State, Supervisor,
};
use graftwire_model::{Backend as _, CallContext, HealthRequest, QueryRequest, error_text};

use crate::fake::{Fake, alive, eventually, freeze, signal};
use crate::go;

/// A plugin as a person would start it.
struct ByHand {
    child: Child,
    line: String,
    _folder: tempfile::TempDir,
}

impl ByHand {
    fn start(fake: &Fake) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(fake.path());
        command
            .env("grafana_plugin_type", "datasource")
            .env("PLUGIN_PROTOCOL_VERSIONS", "2")
            .env("PLUGIN_UNIX_SOCKET_DIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // Another test may be starting a process at this moment, which holds the new script open until then.
        let busy = |spawned: &std::io::Result<Child>| {
            spawned.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::ExecutableFileBusy)
        };
        let mut spawned = command.spawn();
        for _ in 0..100 {
            if !busy(&spawned) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
            spawned = command.spawn();
        }
        let mut child = spawned.unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, line, _folder: folder }
    }

    fn attachment(&self) -> Attachment {
        self.line.parse::<Attachment>().unwrap().with_pid(self.child.id())
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spec() -> PluginSpec {
    PluginSpec::of_executable("elsewhere").with_id("fake-datasource")
}

#[tokio::test]
async fn it_answers_and_goes_on_when_the_host_leaves() {
    let fake = Fake::plugin();
    let by_hand = ByHand::start(&fake);
    let options = LaunchOptions::new().attach_to(by_hand.attachment());
    for _ in 0..2 {
        let plugin = Plugin::start(&spec(), &options).await.unwrap();
        assert!(plugin.is_attached() && plugin.pid() == by_hand.child.id());
        plugin.backend().query_data(CallContext::new(), QueryRequest::default()).await.unwrap();
        assert!(plugin.ping().await.unwrap());
        #[cfg(target_os = "linux")]
        assert!(plugin.usage().unwrap().threads > 0);
        let report = plugin.stop().await;
        assert!(report.orderly && report.left_running && report.exit.is_none(), "{report:?}");
        assert!(plugin.backend().query_data(CallContext::new(), QueryRequest::default()).await.is_err());
        drop(plugin);
        assert!(alive(by_hand.child.id()));
    }
}

#[tokio::test]
async fn it_ends_with_the_host_if_that_was_asked_for() {
    let fake = Fake::plugin();
    let mut by_hand = ByHand::start(&fake);
    let place = by_hand.attachment().ends_with_host(true);
    let plugin = Plugin::start(&spec(), &LaunchOptions::new().attach_to(place)).await.unwrap();
    // Reaped here: the number of a zombie is still taken.
    let child = std::mem::replace(&mut by_hand.child, Command::new("true").spawn().unwrap());
    let reaped = tokio::task::spawn_blocking(move || {
        let mut child = child;
        child.wait().unwrap()
    });
    let report = plugin.stop().await;
    assert!(report.orderly && !report.left_running, "{report:?}");
    assert!(reaped.await.unwrap().success());
}

#[tokio::test]
async fn its_end_is_noticed() {
    let fake = Fake::plugin();
    let mut by_hand = ByHand::start(&fake);
    let options = LaunchOptions::new().attach_to(by_hand.attachment());
    let plugin = Plugin::start(&spec(), &options).await.unwrap();
    by_hand.child.kill().unwrap();
    by_hand.child.wait().unwrap();
    eventually("the end is noticed", || plugin.exit().is_some()).await;
    let error = plugin.backend().query_data(CallContext::new(), QueryRequest::default()).await.unwrap_err();
    assert!(error.to_string().contains("fake-datasource"), "{error}");
    let error = Plugin::start(&spec(), &options).await.unwrap_err();
    assert!(matches!(error, LaunchError::Attach { .. }), "{error:?}");
    assert!(error_text(&error).contains("look whether it (still) runs"), "{}", error_text(&error));
}

/// At a breakpoint a plugin is silent for as long as somebody looks.
#[tokio::test]
async fn its_silence_is_waited_out() {
    let fake = Fake::plugin();
    let by_hand = ByHand::start(&fake);
    let mut calls = LinkOptions::default();
    calls.pulse =
        Some(Pulse::default().with_every(Duration::from_millis(10)).with_patience(Duration::from_millis(50)));
    let options = LaunchOptions::new().attach_to(by_hand.attachment());
    let plugin = Plugin::start_with(&spec(), &options, &calls, LogBook::new("fake", 10)).await.unwrap();
    freeze(by_hand.child.id()).await;
    let backend = plugin.backend();
    let mut query = std::pin::pin!(backend.query_data(CallContext::new(), QueryRequest::default()));
    assert!(
        tokio::time::timeout(Duration::from_millis(500), query.as_mut()).await.is_err(),
        "it was given up"
    );
    signal(by_hand.child.id(), "CONT");
    query.await.unwrap();
}

#[tokio::test]
async fn a_supervisor_comes_back_to_it() {
    let fake = Fake::plugin();
    let by_hand = ByHand::start(&fake);
    let place: Attachment = by_hand.line.parse().unwrap();
    let mut policy = RestartPolicy::default();
    policy.calls_wait = Duration::from_secs(20);
    let options = LaunchOptions::new().attach_to(place.clone());
    let supervisor = Supervisor::with(spec(), options, LinkOptions::default(), policy);
    supervisor.start().await.unwrap();
    supervisor.query_data(CallContext::new(), QueryRequest::default()).await.unwrap();
    drop(by_hand);
    eventually("the loss is noticed", || !matches!(supervisor.state(), State::Running { .. })).await;
    assert!(
        matches!(supervisor.state(), State::BackingOff { .. } | State::Starting { .. }),
        "{:?}",
        supervisor.state()
    );
    supervisor.stop().await;
    assert!(matches!(supervisor.state(), State::Stopped));
}

/// What the Go SDK calls a standalone server: plain TCP, and nothing of go-plugin.
#[tokio::test]
async fn a_standalone_go_plugin_is_found_by_its_folder() {
    let Some(executable) = go::executable() else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifest = r#"{"type":"datasource","id":"graftwire-gopeer-datasource","executable":"gpx_nowhere"}"#;
    std::fs::write(folder.path().join("plugin.json"), manifest).unwrap();
    let child = Command::new(executable)
        .arg("-standalone")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let by_hand = ByHand { child, line: String::new(), _folder: folder };
    let place = by_hand._folder.path().to_str().unwrap().to_owned();
    eventually("it serves", || {
        let address =
            std::fs::read_to_string(by_hand._folder.path().join("standalone.txt")).unwrap_or_default();
        address
            .rsplit_once(':')
            .is_some_and(|(_, port)| std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_ok())
    })
    .await;
    let options = LaunchOptions::new().attach_to(place.parse().unwrap());
    let plugin = Plugin::start(&spec(), &options).await.unwrap();
    assert_eq!(plugin.pid(), by_hand.child.id());
    let request = HealthRequest { context: go::context(), ..HealthRequest::default() };
    let health = plugin.backend().check_health(CallContext::new(), request).await.unwrap();
    assert_eq!(health.message, "the Go peer is well");
    assert!(plugin.ping().await.is_err(), "a standalone server has no health service");
    plugin.stop().await;
    assert!(alive(by_hand.child.id()));
}
