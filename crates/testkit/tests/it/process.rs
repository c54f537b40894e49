//! The process around a plugin.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use graftwire_host::{LaunchOptions, Level, Plugin, PluginSpec};
use graftwire_model::{CallContext, Code, HealthRequest, Query, QueryRequest, QueryResponse};

pub(crate) fn odd_plugin() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/odd_plugin")
}

async fn start() -> Plugin {
    let spec = PluginSpec::of_executable(odd_plugin()).with_id("graftwire-odd-datasource");
    Plugin::start(&spec, &LaunchOptions::new()).await.unwrap()
}

async fn ask(plugin: &Plugin, query_type: &str) -> Result<QueryResponse, graftwire_model::CallError> {
    let queries =
        vec![Query { ref_id: "A".to_owned(), query_type: query_type.to_owned(), ..Query::default() }];
    plugin.backend().query_data(CallContext::new(), QueryRequest { queries, ..QueryRequest::default() }).await
}

/// Waits, bounded, until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within 10 s: {what}");
}

#[tokio::test]
async fn the_host_stops_it_in_an_orderly_way() {
    let plugin = start().await;
    assert!(plugin.ping().await.unwrap());
    let report = plugin.stop().await;
    let report_text = format!("{report:?}");
    let exit = plugin.exited().await;
    assert!(exit.is_success(), "{report_text}");
}

#[tokio::test]
async fn a_panic_in_a_call_is_that_calls_error_and_the_process_lives_on() {
    let plugin = start().await;
    let answer = ask(&plugin, "panic").await.unwrap();
    assert_eq!(answer.responses["A"].error, "panic triggered: as you wished");
    assert!(ask(&plugin, "").await.unwrap().responses["A"].frames.len() == 1);
    let records = plugin.logs().recent();
    let logged = records.iter().find(|record| record.message == "panic triggered").expect("a log line");
    assert_eq!(logged.level, Level::Error);
    plugin.stop().await;
}

#[tokio::test]
async fn a_panic_elsewhere_is_one_panic_line() {
    let plugin = start().await;
    ask(&plugin, "panic-elsewhere").await.unwrap();
    until("the panic line is logged", || {
        plugin.logs().recent().iter().any(|record| {
            record.level == Level::Error && record.message.starts_with("panic: in a thread of its own [")
        })
    })
    .await;
    plugin.stop().await;
}

#[tokio::test]
async fn what_is_printed_never_reaches_standard_output() {
    let plugin = start().await;
    for _ in 0..50 {
        ask(&plugin, "print").await.unwrap();
    }
    until("the print arrives through go-plugin's output service", || {
        plugin.logs().recent().iter().any(|record| record.message.contains("printed by the plugin"))
    })
    .await;
    assert_eq!(plugin.discarded_stdout(), 0);
    plugin.stop().await;
}

#[tokio::test]
async fn log_lines_keep_level_and_fields() {
    let plugin = start().await;
    ask(&plugin, "log").await.unwrap();
    until("the error is logged", || plugin.logs().recent().iter().any(|record| record.message == "an error"))
        .await;
    let records = plugin.logs().recent();
    let level_of =
        |message: &str| records.iter().find(|record| record.message == message).map(|record| record.level);
    assert_eq!(level_of("a debug"), Some(Level::Debug));
    assert_eq!(level_of("5"), Some(Level::Info));
    assert_eq!(level_of("a warning"), Some(Level::Warn));
    assert_eq!(level_of("an error"), Some(Level::Error));
    assert_eq!(level_of("a trace"), None);
    plugin.stop().await;
}

#[tokio::test]
async fn death_in_a_query_is_that_querys_error() {
    let plugin = start().await;
    let error = ask(&plugin, "exit").await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error}");
    assert_eq!(plugin.exited().await.code(), Some(3));
}

#[tokio::test]
async fn auto_mtls_is_spoken_when_the_host_asks() {
    let spec = PluginSpec::of_executable(odd_plugin()).with_id("graftwire-odd-datasource");
    let plugin = Plugin::start(&spec, &LaunchOptions::new().auto_mtls(true)).await.unwrap();
    assert!(plugin.negotiated().server_cert.is_some());
    assert!(plugin.ping().await.unwrap());
    assert_eq!(ask(&plugin, "").await.unwrap().responses["A"].frames.len(), 1);
    // A connection without TLS gets nowhere, and harms nobody.
    let stranger = std::os::unix::net::UnixStream::connect(&plugin.negotiated().address).unwrap();
    std::io::Write::write_all(&mut &stranger, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    let mut said = Vec::new();
    (&stranger).read_to_end(&mut said).unwrap();
    // What comes is a TLS alert, no HTTP/2.
    assert!(said.first().is_none_or(|kind| *kind == 0x15), "{said:?}");
    until("the refusal is logged", || {
        plugin.logs().recent().iter().any(|record| {
            record.level == Level::Warn
                && record.pairs.iter().any(|(_, text)| text.contains("does not speak TLS"))
        })
    })
    .await;
    assert!(plugin.ping().await.unwrap());
    assert!(plugin.stop().await.orderly);
}

#[test]
fn a_certificate_that_can_not_be_read_is_an_error_line_and_a_bad_end() {
    let dir = tempfile::tempdir().unwrap();
    for (pem, wanted) in [
        ("true", "PLUGIN_CLIENT_CERT holds no certificate: found \"true\""),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "3 bytes that are no X.509 certificate",
        ),
    ] {
        let mut child = bare(|command| {
            as_host(command, dir.path());
            command.env("PLUGIN_CLIENT_CERT", pem);
        });
        let (mut out, mut err) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((wait(child).code(), out.as_str()), (Some(1), ""));
        let line: serde_json::Value = serde_json::from_str(err.lines().last().unwrap()).unwrap();
        assert!(line["error"].as_str().unwrap().contains(wanted), "{line}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a socket was left behind");
}

#[tokio::test]
async fn a_group_that_shares_the_socket_can_reach_it() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let own = tempfile::tempdir().unwrap().path().metadata().unwrap().gid();
    let spec = PluginSpec::of_executable(odd_plugin()).with_id("graftwire-odd-datasource");
    let plugin = Plugin::start(&spec, &LaunchOptions::new().socket_group(own.to_string())).await.unwrap();
    let socket = PathBuf::from(&plugin.negotiated().address);
    let seen = |path: &std::path::Path| {
        let metadata = path.metadata().unwrap();
        (metadata.gid(), metadata.permissions().mode() & 0o777)
    };
    assert_eq!((seen(&socket), seen(socket.parent().unwrap())), ((own, 0o660), (own, 0o770)));
    assert!(plugin.ping().await.unwrap());
    plugin.stop().await;
    let unknown = LaunchOptions::new().socket_group("no-such-group");
    let error = Plugin::start(&spec, &unknown).await.unwrap_err();
    assert!(graftwire_model::error_text(&error).contains("\"no-such-group\""), "{error}");
}

#[test]
fn on_tcp_it_takes_the_first_free_port_of_the_range() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let dir = tempfile::tempdir().unwrap();
    let with = |min: &str, max: &str| {
        bare(|command| {
            as_host(command, dir.path());
            command.env("ODD_LISTENS_ON_TCP", "1").env("PLUGIN_MIN_PORT", min).env("PLUGIN_MAX_PORT", max);
        })
    };
    let mut child = with(&port.to_string(), &(port.saturating_add(50)).to_string());
    let line = first_line(&mut child);
    let fields: Vec<&str> = line.trim_end().split('|').collect();
    assert_eq!((fields[2], fields[4]), ("tcp", "grpc"), "{line}");
    let chosen: u16 = fields[3].strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert!(chosen > port && chosen <= port + 50, "{line}");
    assert!(std::net::TcpStream::connect(fields[3]).is_ok());
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    assert_eq!(wait(child).code(), Some(0));

    let only = port.to_string();
    for (min, max, wanted) in [
        (only.as_str(), only.as_str(), "no free port from"),
        ("2", "1", "PLUGIN_MIN_PORT is 2, above PLUGIN_MAX_PORT, which is 1"),
        ("ten", "11", "PLUGIN_MIN_PORT is \"ten\", expected a port number"),
    ] {
        let mut child = with(min, max);
        let (mut out, mut err) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((wait(child).code(), out.as_str()), (Some(1), ""), "{min}-{max}");
        assert!(err.contains(&wanted.replace('"', "\\\"")), "{err}");
    }
}

/// A process without a host library around it.
fn bare(configure: impl FnOnce(&mut Command)) -> std::process::Child {
    let mut command = Command::new(odd_plugin());
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    configure(&mut command);
    command.spawn().unwrap()
}

pub(crate) fn as_host(command: &mut Command, dir: &std::path::Path) {
    command
        .env("grafana_plugin_type", "datasource")
        .env("PLUGIN_PROTOCOL_VERSIONS", "2")
        .env("PLUGIN_UNIX_SOCKET_DIR", dir);
}

pub(crate) fn first_line(child: &mut std::process::Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line
}

fn wait(mut child: std::process::Child) -> std::process::ExitStatus {
    for _ in 0..500 {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("the process did not end within 10 s");
}

#[test]
fn started_by_hand_it_explains_itself() {
    for cookie in [None, Some("app")] {
        let mut child = bare(|command| {
            if let Some(cookie) = cookie {
                command.env("grafana_plugin_type", cookie);
            }
        });
        let (mut out, mut err) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((wait(child).code(), out.as_str()), (Some(1), ""));
        assert!(err.starts_with("odd_plugin is a Grafana plugin") && err.lines().count() == 3, "{err}");
    }
}

#[test]
fn without_a_common_version_it_serves_and_the_host_decides() {
    let dir = tempfile::tempdir().unwrap();
    for versions in ["", "77", "x,,99999999999999"] {
        let mut child = bare(|command| {
            as_host(command, dir.path());
            command.env("PLUGIN_PROTOCOL_VERSIONS", versions);
        });
        assert!(first_line(&mut child).starts_with("1|1|unix|"), "{versions:?}");
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&child),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        wait(child);
    }
}

#[test]
fn a_bad_socket_directory_is_an_error_line_and_nothing_on_standard_output() {
    let mut child = bare(|command| as_host(command, "/nonexistent".as_ref()));
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((wait(child).code(), out.as_str()), (Some(1), ""));
    let line: serde_json::Value = serde_json::from_str(err.lines().last().unwrap()).unwrap();
    assert_eq!(line["@level"], "error");
    assert!(line["error"].as_str().unwrap().contains("\"/nonexistent\""), "{line}");
}

#[test]
fn sigint_is_ignored_and_sigterm_removes_the_socket() {
    use rustix::process::{Pid, Signal, kill_process};
    let dir = tempfile::tempdir().unwrap();
    let mut child = bare(|command| as_host(command, dir.path()));
    let line = first_line(&mut child);
    let socket = PathBuf::from(line.split('|').nth(3).unwrap());
    assert!(socket.exists() && socket.starts_with(dir.path()), "{line}");
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "SIGINT ended the plugin");
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(wait(child).code(), Some(0));
    assert!(!socket.exists());
}

/// The plugin's parent ends; the plugin must follow, unless told to stay.
fn orphaned(stay: bool) -> (PathBuf, u32, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    // The shell is the host: it starts the plugin, passes its line and pid on, and ends.
    let script =
        format!("'{}' >'{}/line' 2>/dev/null & echo $!", odd_plugin().display(), dir.path().display());
    let mut command = Command::new("/bin/sh");
    command.env_clear().arg("-c").arg(script);
    as_host(&mut command, dir.path());
    if stay {
        command.env("GF_PLUGIN_STAY_WITHOUT_HOST", "true");
    }
    let output = command.output().unwrap();
    let pid: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    (PathBuf::from(format!("/proc/{pid}")), pid, dir)
}

#[tokio::test]
async fn an_orphan_leaves_and_takes_its_socket_along() {
    // The shell may be gone before the plugin looked at its parent for the first time, in which case the plugin can't
    // know that it has become an orphan. Give it a host that lives until the line is there.
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "'{exe}' >'{dir}/line' 2>/dev/null & echo $!; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
         [ -s '{dir}/line' ] && break; /bin/sleep 0.1; done; /bin/sleep 0.2",
        exe = odd_plugin().display(),
        dir = dir.path().display()
    );
    let mut command = Command::new("/bin/sh");
    command.env_clear().arg("-c").arg(script);
    as_host(&mut command, dir.path());
    let output = command.output().unwrap();
    let pid: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    let process = PathBuf::from(format!("/proc/{pid}"));
    until("the orphan has left", || !is_running(&process)).await;
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["line"]);
}

#[tokio::test]
async fn an_orphan_that_may_stay_stays() {
    let (process, pid, _dir) = orphaned(true);
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(2_500) {
        assert!(is_running(&process), "the plugin left");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    until("the plugin has ended", || !is_running(&process)).await;
}

/// A zombie that nobody reaps counts as ended.
pub(crate) fn is_running(process: &std::path::Path) -> bool {
    std::fs::read_to_string(process.join("stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z')))
}

#[tokio::test]
async fn health_answers_right_after_the_handshake() {
    let plugin = start().await;
    let health = plugin.backend().check_health(CallContext::new(), HealthRequest::default()).await.unwrap();
    assert_eq!(health.message, "odd, but fine");
    plugin.stop().await;
}
