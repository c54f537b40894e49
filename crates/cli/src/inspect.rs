//! `graftwire inspect`: everything that can be seen of a plugin from outside, in one look.
//!
//! It deliberately judges nothing: a plugin whose health is bad was inspected all the same, so that is no error.

mod print;

pub(crate) use print::mebibytes;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use graftwire_host::{Capabilities, LogRecord, PluginSpec, StopReport, Usage};
use graftwire_model::HealthResponse;
use graftwire_protocol::handshake::{HostOffer, Negotiated};

use crate::failure::{Exit, Failure};
use crate::health;
use crate::output::Output;
use crate::plugin::{PluginArgs, Session, with_session_to_end};

/// Start a plugin and tell what it is: handshake, capabilities, health, start time, memory, log.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    plugin: PluginArgs,
}

/// What was seen.
#[derive(Debug)]
struct Inspection {
    spec: PluginSpec,
    /// Bytes of the executable.
    file_size: Option<u64>,
    offer: HostOffer,
    negotiated: Negotiated,
    /// It ran before, and goes on.
    attached: bool,
    /// From the start of the process to the handshake line.
    start_time: Duration,
    /// Once it has announced itself, before any call.
    usage_at_start: Option<Usage>,
    /// After the calls below.
    usage: Option<Usage>,
    capabilities: Capabilities,
    health: Result<HealthResponse, String>,
    log: Vec<Arc<LogRecord>>,
    discarded_stdout: u64,
}

pub(crate) fn run(args: &InspectArgs, json: bool) -> Result<Exit, Failure> {
    let (mut seen, stopped) =
        with_session_to_end(&args.plugin, async |session| look(session, args.plugin.offer()).await)?;
    // The log book lives on in the records: what the plugin said at its end is in it too.
    seen.0.log = seen.1.recent();
    let mut output = Output::stdout();
    if json {
        output.json(&print::to_json(&seen.0, &stopped))?;
    } else {
        output.text(&print::to_text(&seen.0, &stopped))?;
    }
    output.flush()?;
    Ok(Exit::Fine)
}

async fn look(session: &Session, offer: HostOffer) -> Result<(Inspection, graftwire_host::LogBook), Failure> {
    let plugin = &session.plugin;
    let usage_at_start = plugin.usage();
    let health = health::ask(session).await.map_err(|failure| format!("{failure:#}"));
    session.progress.say("finding out what it can do");
    let capabilities = plugin.capabilities_for(&session.context).await;
    let executable = plugin.spec().executable();
    let seen = Inspection {
        spec: plugin.spec().clone(),
        file_size: fs::metadata(executable).ok().map(|metadata| metadata.len()),
        offer,
        negotiated: plugin.negotiated().clone(),
        attached: plugin.is_attached(),
        start_time: plugin.start_time(),
        usage_at_start,
        usage: plugin.usage(),
        capabilities,
        health,
        log: Vec::new(),
        discarded_stdout: plugin.discarded_stdout(),
    };
    Ok((seen, plugin.logs().clone()))
}

/// How the plugin was stopped, in words.
pub(crate) fn stop_text(stopped: &StopReport) -> String {
    let millis = stopped.took.as_secs_f64() * 1000.0;
    let exit = stopped.exit.map_or_else(|| "no exit seen".to_owned(), |exit| exit.to_string());
    match stopped.orderly {
        true if stopped.left_running => "it goes on running".to_owned(),
        true => format!("by itself within {millis:.0} ms, {exit}"),
        false => format!("not by itself: {exit} after {millis:.0} ms"),
    }
}
