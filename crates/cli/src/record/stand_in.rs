//! The recorder's process: the plugin is started, its line is read and its connection opened, and then the recorder
//! announces a listener of its own. It lives as long as the plugin.
//!
//! It deliberately takes nothing from the host that it can't keep: TLS and a multiplexed broker are between the host and a
//! single process, so they are refused.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use graftwire_host::{Link, LinkOptions, LogBook, PluginSpec};
use graftwire_protocol::handshake::{
    HandshakeError, HandshakeLine, HostOffer, Negotiated, accept, read_offer,
};
use graftwire_recording::{Limits, Passage, Recorder};
use graftwire_transport::{BindOptions, Bound, bind, dial};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::{GRACE, begin, log, told};
use crate::failure::{Exit, Failure};
#[cfg(not(unix))]
use crate::plugin::interrupted;

/// What the host says to a plugin that the recorder answers itself.
const KEPT_FROM_THE_PLUGIN: [&str; 2] = ["PLUGIN_CLIENT_CERT", "PLUGIN_MULTIPLEX_GRPC"];
/// The longest line that is read, as in hosts.
const MAX_LINE: u64 = 64 * 1024;
/// How long the plugin may take to end once it was asked to.
const TERM_GRACE: Duration = Duration::from_millis(1_500);
/// How often the host is looked for.
#[cfg(unix)]
const PARENT_INTERVAL: Duration = Duration::from_secs(1);

pub(super) fn run(spec: &PluginSpec, out: &std::path::Path, limits: Limits) -> Result<Exit, Failure> {
    let offer = match read_offer(|key| std::env::var(key).ok()) {
        Ok(offer) => offer,
        Err(HandshakeError::NotStartedByHost { .. }) => {
            return Err(Failure::usage(
                "`graftwire record` is started by a host in the plugin's place: put it there with --install, \
                 or record calls of this program with `graftwire query … --record FILE`",
            ));
        }
        Err(error) => return Err(Failure::usage(String::new()).because(error)),
    };
    if offer.client_cert.is_some() {
        return Err(Failure::usage(
            "the host asks for TLS (AutoMTLS), which can't be recorded; switch it off",
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Failure::file("the system gives no event loop").because(cause))?;
    let ended = runtime.block_on(life(spec, out, limits, &offer));
    runtime.shutdown_background();
    ended
}

async fn life(
    spec: &PluginSpec,
    out: &std::path::Path,
    limits: Limits,
    offer: &HostOffer,
) -> Result<Exit, Failure> {
    ignore_interrupts();
    let mut child = spawn(spec)?;
    let mut stdout =
        BufReader::new(child.stdout.take().ok_or_else(|| Failure::start_text("the plugin has no output"))?);
    let line = first_line(&mut stdout).await;
    let negotiated = match accept(&line, &asked_of_plugin(offer)) {
        Ok(negotiated) => negotiated,
        // What the host makes of it is the host's to say.
        Err(_) => return pass_as_it_is(&line, stdout, child).await,
    };
    let recorder = begin(out, spec.id(), limits)?;
    log("info", &format!("the calls of this plugin are recorded in {}", recorder.path().display()));
    let link = connect(&negotiated, spec, &recorder).await?;
    let bound = bind(&BindOptions::for_offer(offer)).await.map_err(Failure::start)?;
    announce(&bound, &negotiated, offer)?;
    tokio::spawn(async move { while stdout.read_u8().await.is_ok() {} });
    let mut code = None;
    let end = async { code = wait(&mut child).await };
    Passage::new(bound, link.channel()).serve(end, GRACE).await;
    let level = if recorder.stopped().is_some() { "error" } else { "info" };
    log(level, &told(&recorder));
    Ok(match code {
        Some(0) => Exit::Fine,
        _ => Exit::Lost,
    })
}

fn spawn(spec: &PluginSpec) -> Result<Child, Failure> {
    let mut command = Command::new(spec.executable());
    KEPT_FROM_THE_PLUGIN.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| {
            Failure::start_text(format!("{} can't be started", spec.executable().display())).because(cause)
        })
}

/// The plugin was asked for what the host asks, without what the recorder keeps.
fn asked_of_plugin(offer: &HostOffer) -> HostOffer {
    let mut asked = offer.clone();
    asked.client_cert = None;
    asked.multiplex = Default::default();
    asked
}

async fn first_line(stdout: &mut (impl AsyncRead + Unpin)) -> String {
    let mut line = Vec::new();
    // An end without a line shows in the line.
    let _ = BufReader::with_capacity(1, stdout).take(MAX_LINE).read_until(b'\n', &mut line).await;
    String::from_utf8_lossy(&line).into_owned()
}

async fn pass_as_it_is(
    line: &str,
    mut stdout: impl AsyncRead + Unpin,
    mut child: Child,
) -> Result<Exit, Failure> {
    print(line).map_err(Failure::stdout)?;
    let drained = async { while stdout.read_u8().await.is_ok() {} };
    let code = tokio::join!(drained, wait(&mut child)).1;
    Ok(if code == Some(0) { Exit::Fine } else { Exit::Start })
}

async fn connect(negotiated: &Negotiated, spec: &PluginSpec, recorder: &Recorder) -> Result<Link, Failure> {
    let connection = dial(negotiated.network, &negotiated.address).await.map_err(Failure::start)?;
    let mut options = LinkOptions::default();
    options.tap = Some(recorder.tap());
    options.attends = false;
    // The host judges whether the plugin still answers.
    options.pulse = None;
    Link::open(connection, negotiated.version, &options, &LogBook::new(spec.id(), 1))
        .await
        .map_err(Failure::start)
}

fn announce(bound: &Bound, negotiated: &Negotiated, offer: &HostOffer) -> Result<(), Failure> {
    let line = HandshakeLine {
        version: negotiated.version.number(),
        network: bound.network(),
        address: bound.address().to_owned(),
        server_cert: None,
        multiplex: offer.multiplex.announced.then_some(false),
    };
    print(&format!("{line}\n")).map_err(Failure::stdout)
}

fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Waits for the plugin's end, and brings it about when the recorder is told to end or the host is gone.
async fn wait(child: &mut Child) -> Option<i32> {
    let told = tokio::select! {
        exit = child.wait() => return exit.ok().and_then(|exit| exit.code()),
        () = interrupted_by_terminate() => "told to end",
        () = host_gone() => "the host is gone",
    };
    log("debug", &format!("the recorder ends the plugin: {told}"));
    terminate(child);
    match tokio::time::timeout(TERM_GRACE, child.wait()).await {
        Ok(exit) => exit.ok().and_then(|exit| exit.code()),
        Err(_) => {
            let _ = child.kill().await;
            None
        }
    }
}

#[cfg(unix)]
fn terminate(child: &Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended this moment.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(_child: &Child) {}

/// Ctrl-C in the host's terminal reaches the whole group; the host then ends its plugins itself.
fn ignore_interrupts() {
    #[cfg(unix)]
    tokio::spawn(async {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut interrupts) = signal(SignalKind::interrupt()) else { return };
        while interrupts.recv().await.is_some() {}
    });
}

async fn interrupted_by_terminate() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
        terminate.recv().await;
    }
    #[cfg(not(unix))]
    interrupted().await;
}

#[cfg(unix)]
async fn host_gone() {
    let host = rustix::process::getppid();
    while rustix::process::getppid() == host {
        tokio::time::sleep(PARENT_INTERVAL).await;
    }
}

#[cfg(not(unix))]
async fn host_gone() {
    std::future::pending().await
}
