//! Signals, ends, and what a process leaves behind.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use graftwire_protocol::goplugin::client;
use graftwire_protocol::handshake::{HostOffer, parse_line};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use super::process::{Opened, Started, Subject, environment, soon};
use super::{Check, Kept, Miss, checks, expect};

/// Grafana kills after two seconds.
const HOSTS_PATIENCE: Duration = Duration::from_millis(1_900);

pub(super) fn checks() -> Vec<Check> {
    checks!("life", false:
        "shutdown", "asked to shut down, it leaves before Grafana would kill it" => shutdown;
        "shutdown-code", "asked to shut down, it leaves with exit code 0" => shutdown_code;
        "shutdown-socket", "asked to shut down, it takes its socket file along" => shutdown_socket;
        "sigint", "SIGINT does not end it" => sigint;
        "sigterm", "SIGTERM ends it" => sigterm;
        "sigterm-socket", "SIGTERM leaves no socket file" => sigterm_socket;
        "orphan", "when its host is gone it leaves by itself" => orphan;
        "log", "each line on standard error is a record with texts as level, message and timestamp" => log;
    )
}

async fn shut_down(subject: &Subject) -> Result<(std::process::ExitStatus, Opened), Miss> {
    let mut opened = subject.open().await?;
    // A plugin may be quicker than its answer.
    let _ = client::shutdown(opened.channel()).await;
    let (exit, _) = opened.process.end(HOSTS_PATIENCE).await.ok_or("it stays, and gets killed")?;
    Ok((exit, opened))
}

async fn shutdown(subject: &Subject) -> Kept {
    shut_down(subject).await.map(drop)
}

async fn shutdown_code(subject: &Subject) -> Kept {
    let (exit, _) = shut_down(subject).await?;
    expect(exit.code() == Some(0), "another one")
}

async fn shutdown_socket(subject: &Subject) -> Kept {
    let (_, opened) = shut_down(subject).await?;
    socket_is_gone(&opened)
}

fn socket_is_gone(opened: &Opened) -> Kept {
    match opened.agreed.network {
        graftwire_protocol::handshake::Network::Unix => {
            expect(!Path::new(&opened.agreed.address).exists(), "it stays behind")
        }
        _ => Err(Miss::Untried("it has none".to_owned())),
    }
}

#[cfg(unix)]
fn signal(pid: Option<u32>, signal: rustix::process::Signal) -> Kept {
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or("it has ended")?;
    rustix::process::kill_process(pid, signal).map_err(|error| Miss::Untried(error.to_string()))
}

#[cfg(unix)]
async fn sigint(subject: &Subject) -> Kept {
    let mut opened = subject.open().await?;
    // An answer says that the process is past its start.
    let _ = opened.backend().check_health(soon(), Default::default()).await;
    signal(opened.process.child.id(), rustix::process::Signal::INT)?;
    expect(opened.process.end(Duration::from_millis(500)).await.is_none(), "it ends")?;
    opened.backend().check_health(soon(), Default::default()).await.map(drop).or_else(|error| {
        let told = matches!(error.code(), graftwire_model::Code::Unavailable);
        expect(!told, "it answers no more")
    })
}

#[cfg(unix)]
async fn terminated(subject: &Subject) -> Result<Opened, Miss> {
    let mut opened = subject.open().await?;
    let _ = opened.backend().check_health(soon(), Default::default()).await;
    signal(opened.process.child.id(), rustix::process::Signal::TERM)?;
    opened.process.end(HOSTS_PATIENCE).await.ok_or("it stays")?;
    Ok(opened)
}

#[cfg(unix)]
async fn sigterm(subject: &Subject) -> Kept {
    terminated(subject).await.map(drop)
}

#[cfg(unix)]
async fn sigterm_socket(subject: &Subject) -> Kept {
    socket_is_gone(&terminated(subject).await?)
}

#[cfg(not(unix))]
async fn sigint(_: &Subject) -> Kept {
    Err(Miss::Untried("no signals".to_owned()))
}

#[cfg(not(unix))]
use sigint as sigterm;
#[cfg(not(unix))]
use sigint as sigterm_socket;

/// The plugin is the child of a shell that is killed.
async fn orphan(subject: &Subject) -> Kept {
    let offer: HostOffer = subject.offer();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "\"$1\" & echo pid $! >&2; wait", "sh"]).arg(subject.executable());
    command.env_clear().envs(environment(&offer));
    let mut shell = Started::spawn(command, Stdio::piped()).await?;
    let stderr = shell.child.stderr.take().ok_or_else(|| Miss::Untried("no output".to_owned()))?;
    let mut lines = BufReader::new(stderr).lines();
    let mut pid = None;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(number) = line.strip_prefix("pid ") {
            pid = number.parse::<u32>().ok();
            break;
        }
    }
    let pid = pid.ok_or_else(|| Miss::Untried("its process can't be found".to_owned()))?;
    // What it prints must find a reader, or it would end for want of one.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    expect(shell.line.as_deref().is_some_and(|line| parse_line(line).is_ok()), "it does not start")?;
    let _ = shell.child.kill().await;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if !is_alive(pid) {
            return Ok(());
        }
    }
    #[cfg(unix)]
    let _ = signal(Some(pid), rustix::process::Signal::KILL);
    Err("it stays for ever".into())
}

/// A zombie has ended too: nobody in a container may wait for it.
fn is_alive(pid: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'),
        Err(_) => false,
    }
}

async fn log(subject: &Subject) -> Kept {
    let offer = subject.offer();
    let mut command = Command::new(subject.executable());
    command.env_clear().envs(environment(&offer));
    let mut started = Started::spawn(command, Stdio::piped()).await?;
    let mut stderr = started.child.stderr.take().ok_or_else(|| Miss::Untried("no output".to_owned()))?;
    let mut opened = started.open(&offer).await?;
    let reading = tokio::spawn(async move {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text).await;
        text
    });
    for query_type in ["types", "error", "panic"] {
        let request = subject.request(vec![subject.query("A", query_type, "{}")]);
        let _ = opened.backend().query_data(soon(), request).await;
    }
    let _ = client::shutdown(opened.channel()).await;
    if opened.process.end(HOSTS_PATIENCE).await.is_none() {
        let _ = opened.process.child.kill().await;
    }
    let text = reading.await.unwrap_or_default();
    let mut records = 0;
    for line in text.lines() {
        let Ok(Value::Object(record)) = serde_json::from_str(line) else { continue };
        records += 1;
        for key in ["@level", "@message", "@timestamp"] {
            let value = record.get(key);
            expect(value.is_none_or(Value::is_string), format!("{key} is no text, which ends the server"))?;
            expect(value.is_some() || key == "@timestamp", format!("a record without {key}"))?;
        }
    }
    if records == 0 { Err(Miss::Untried("it logs nothing".to_owned())) } else { Ok(()) }
}
