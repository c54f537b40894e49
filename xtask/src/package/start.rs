//! Starts the packaged executable the way Grafana 12.4 does, up to the handshake line, and ends it again.
//!
//! No call is made over the wire; that is what the tests of the plugin are for.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::manifest::Manifest;
use super::platform::{self, Platform};

/// Servers wait a minute, one plugin after the other; a plugin that needs this long delays them all.
const LONGEST_START: Duration = Duration::from_secs(10);

/// All that a plugin gets to see of its surroundings there: nothing of the server's own environment.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("GF_VERSION", "12.4.0"),
    ("GF_EDITION", "Open Source"),
    ("grafana_plugin_type", "datasource"),
    ("PLUGIN_MIN_PORT", "10000"),
    ("PLUGIN_MAX_PORT", "25000"),
    ("PLUGIN_PROTOCOL_VERSIONS", "2"),
];

/// The folder's executable for this machine, if it has one.
pub(crate) fn runnable_here(folder: &Path, manifest: &Manifest) -> anyhow::Result<Option<PathBuf>> {
    let here = Platform::of_triple(&platform::host_triple()?)?;
    let file = folder.join(here.file_name(manifest.executable()));
    Ok(file.is_file().then_some(file))
}

/// Fails unless the first line on stdout is a handshake that every Grafana from 7.5 on takes.
pub(crate) fn as_grafana_does(executable: &Path) -> anyhow::Result<()> {
    let executable = executable.canonicalize()?;
    let mut child = Command::new(&executable)
        .env_clear()
        .envs(ENVIRONMENT.iter().copied())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", executable.display()))?;
    let line = first_line(&mut child);
    child.kill().ok();
    child.wait()?;
    let said = said_on_stderr(&mut child);
    let address = line.and_then(|line| address(&line));
    let address = address.with_context(|| format!("{} started badly{said}", executable.display()))?;
    // It was killed, so it could not do this itself. Nothing is lost if it is gone or was a port.
    std::fs::remove_file(address).ok();
    Ok(())
}

fn first_line(child: &mut Child) -> anyhow::Result<String> {
    let stdout = child.stdout.take().context("the process has no stdout")?;
    let (send, receive) = mpsc::channel();
    // The thread ends with the process, which is killed right after.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        send.send(read.map(|_| line)).ok();
    });
    let line = receive
        .recv_timeout(LONGEST_START)
        .with_context(|| format!("found no line on stdout within {} s", LONGEST_START.as_secs()))??;
    Ok(line.trim_end().to_owned())
}

/// The address in a handshake line such as `1|2|unix|/tmp/plugin1|grpc`.
fn address(line: &str) -> anyhow::Result<String> {
    if line.is_empty() {
        bail!("it ended, or closed stdout, before it wrote a line there");
    }
    let fields: Vec<&str> = line.split('|').collect();
    match fields.as_slice() {
        ["1", "2", "unix" | "tcp", address, "grpc", ..] if !address.is_empty() => Ok((*address).to_owned()),
        _ => bail!("found {line:?} on stdout, expected a line such as 1|2|unix|<path>|grpc"),
    }
}

/// What the dead process wrote on stderr, for the error text.
fn said_on_stderr(child: &mut Child) -> String {
    let mut text = String::new();
    let pipe = child.stderr.take().map(|stderr| stderr.take(4096));
    if let Some(mut pipe) = pipe {
        pipe.read_to_string(&mut text).ok();
    }
    if text.trim().is_empty() {
        String::new()
    } else {
        format!("; on stderr it said:\n{}\n", text.trim_end())
    }
}
