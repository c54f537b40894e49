//! One plugin for the length of one command: found, started, asked, stopped.
//!
//! It deliberately does not keep a plugin running: when it ends, the command fails. The workbench supervises.

pub(crate) mod attached;
pub(crate) mod context;
pub(crate) mod settings;
pub(crate) mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use graftwire_host::{LaunchOptions, LinkOptions, LogBook, Plugin, PluginSpec, StopReport};
use graftwire_model::{Backend, CallContext, PluginContext};
use graftwire_protocol::handshake::HostOffer;
use graftwire_recording::{Limits, Recorder};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::record;
use crate::time::duration::parse_duration;

/// How many log records of one command are kept.
const KEPT_RECORDS: usize = 1000;

/// Which plugin, started how, asked on whose behalf.
#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    /// The plugin: a folder with plugin.json in or below it, a plugin.json, or an executable; with --attach also the
    /// address of a running one.
    #[arg(value_name = "PLUGIN")]
    pub(crate) plugin: PathBuf,
    /// The plugin runs already, for instance under a debugger: PLUGIN is its folder with standalone.txt, host:port, a
    /// socket file, or its handshake line. It goes on running afterwards.
    #[arg(long, help_heading = "Plugin", conflicts_with_all = ["env", "inherit_env", "auto_mtls", "protocol"])]
    attach: bool,
    /// Ask for an encrypted connection, as go-plugin's AutoMTLS does (Grafana never asks).
    #[arg(long, help_heading = "Plugin")]
    auto_mtls: bool,
    /// The plugin's id, for a bare executable or address [default: its file name].
    #[arg(long, value_name = "ID", help_heading = "Plugin")]
    id: Option<String>,
    /// The data source's settings: a JSON file with {"jsonData":{…},"url":…,"user":…,"database":…}, or with the
    /// content of jsonData alone.
    #[arg(long, value_name = "FILE", help_heading = "Plugin")]
    settings: Option<PathBuf>,
    /// The data source's secrets: a JSON file with an object of texts. They are never printed.
    #[arg(long, value_name = "FILE", help_heading = "Plugin")]
    secure: Option<PathBuf>,
    /// The data source's URL; wins over the settings file.
    #[arg(long, value_name = "URL", help_heading = "Plugin")]
    url: Option<String>,
    /// An environment variable for the plugin's process; it gets no others of yours, as in Grafana 12.4.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, help_heading = "Plugin")]
    env: Vec<(String, String)>,
    /// Pass on the whole environment, as Grafana did up to 12.3.
    #[arg(long, help_heading = "Plugin")]
    inherit_env: bool,
    /// Offer this version of the protocol and no other: 1 is that of Grafana up to 7, which knows queries alone
    /// [default: every version, the plugin takes its highest].
    #[arg(long, value_name = "N", value_parser = offer, help_heading = "Plugin")]
    protocol: Option<HostOffer>,
    /// How long the plugin may take to announce itself.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration, help_heading = "Plugin")]
    start_timeout: Duration,
    /// How long one call may take; 0s = for ever.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration, help_heading = "Plugin")]
    timeout: Duration,
    /// Write every call to a file, secrets redacted, for `graftwire replay`. A file of that name is left alone: the
    /// new one gets a number.
    #[arg(long, value_name = "FILE", help_heading = "Plugin")]
    record: Option<PathBuf>,
    /// Print the plugin's log lines and what crossed the wire to stderr.
    #[arg(long, short, help_heading = "Plugin")]
    pub(crate) verbose: bool,
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn offer(text: &str) -> Result<HostOffer, String> {
    let number = text.parse().map_err(|_| "expected a number".to_owned())?;
    HostOffer::of_version(number).map_err(|error| error.to_string())
}

impl PluginArgs {
    /// What the plugin is offered.
    pub(crate) fn offer(&self) -> HostOffer {
        self.protocol.clone().unwrap_or_else(HostOffer::of_host)
    }

    /// Finds the plugin.
    pub(crate) fn spec(&self) -> Result<PluginSpec, Failure> {
        let spec = match self.attach {
            true => attached::find(&self.plugin.to_string_lossy())?.0,
            false => PluginSpec::resolve(&self.plugin).map_err(Failure::start)?,
        };
        Ok(match &self.id {
            Some(id) => spec.with_id(id),
            None => spec,
        })
    }

    /// The process as Grafana 12.4 would start it, or where it runs.
    pub(crate) fn launch_options(&self) -> Result<LaunchOptions, Failure> {
        if self.attach {
            let (_, place) = attached::find(&self.plugin.to_string_lossy())?;
            return Ok(LaunchOptions::new().attach_to(place));
        }
        let options = LaunchOptions::new()
            .offer(self.offer())
            .auto_mtls(self.auto_mtls)
            .inherit_environment(self.inherit_env)
            .start_timeout(self.start_timeout);
        Ok(self.env.iter().fold(options, |options, (name, value)| options.variable(name, value)))
    }

    /// What every call carries.
    pub(crate) fn context(&self, spec: &PluginSpec) -> Result<PluginContext, Failure> {
        let mut instance = match &self.settings {
            Some(path) => settings::read(path)?,
            None => settings::Instance::default(),
        };
        if let Some(path) = &self.secure {
            instance.secrets = settings::read_secrets(path)?;
        }
        if let Some(url) = &self.url {
            instance.url.clone_from(url);
        }
        Ok(context::of(spec, instance))
    }
}

/// A running plugin and the calls to it.
pub(crate) struct Session {
    pub(crate) plugin: Plugin,
    pub(crate) context: PluginContext,
    pub(crate) progress: Progress,
    recorder: Option<Recorder>,
    timeout: Duration,
    verbose: bool,
}

impl Session {
    /// The plugin as something that answers calls.
    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        self.plugin.backend()
    }

    /// The deadline of a call that begins now.
    pub(crate) fn call(&self) -> CallContext {
        match self.timeout {
            Duration::ZERO => CallContext::new(),
            timeout => CallContext::new().with_deadline(Instant::now() + timeout),
        }
    }

    /// A call that may go on for ever, such as a stream.
    pub(crate) fn open_call(&self) -> CallContext {
        CallContext::new()
    }

    /// Says on stderr what crossed the wire, if asked to.
    pub(crate) fn tell_wire(&self, calls: &[graftwire_host::CallReport]) {
        if self.verbose {
            for call in calls {
                self.progress.print(&wire::summary(call));
            }
        }
    }
}

/// Starts the plugin, does the work, and stops the plugin whatever came of it. Ctrl-C ends the work early.
pub(crate) fn with_session<T>(
    args: &PluginArgs,
    work: impl AsyncFnOnce(&Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_session_to_end(args, work).map(|(done, _)| done)
}

/// [`with_session`], and how the plugin ended.
pub(crate) fn with_session_to_end<T>(
    args: &PluginArgs,
    work: impl AsyncFnOnce(&Session) -> Result<T, Failure>,
) -> Result<(T, StopReport), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Failure::file("the system gives no event loop").because(cause))?;
    runtime.block_on(async {
        let spec = args.spec()?;
        let context = args.context(&spec)?;
        tokio::select! {
            session = start(args, &spec, context) => run(session?, work).await,
            () = interrupted() => Err(Failure::interrupted()),
        }
    })
}

async fn start(args: &PluginArgs, spec: &PluginSpec, context: PluginContext) -> Result<Session, Failure> {
    let progress = Progress::begin(args.verbose);
    progress.say(format!("{} {}", if args.attach { "attaching to" } else { "starting" }, spec.id()));
    let book = LogBook::new(spec.id(), KEPT_RECORDS);
    if args.verbose {
        progress.follow(&book);
    }
    let mut calls = LinkOptions::default();
    calls.observer = Some(Arc::new(wire::ToTask));
    let recorder = args.record.as_deref().map(|path| record::begin(path, spec.id(), Limits::default()));
    let recorder = recorder.transpose()?;
    calls.tap = recorder.as_ref().map(Recorder::tap);
    let plugin =
        Plugin::start_with(spec, &args.launch_options()?, &calls, book).await.map_err(Failure::start)?;
    Ok(Session { plugin, context, progress, recorder, timeout: args.timeout, verbose: args.verbose })
}

async fn run<T>(
    session: Session,
    work: impl AsyncFnOnce(&Session) -> Result<T, Failure>,
) -> Result<(T, StopReport), Failure> {
    let done = tokio::select! {
        done = work(&session) => done,
        () = interrupted() => Err(Failure::interrupted()),
    };
    session.progress.say(if session.plugin.is_attached() {
        "leaving the plugin"
    } else {
        "stopping the plugin"
    });
    let stopped = session.plugin.stop().await;
    if !stopped.orderly && session.verbose {
        session.progress.print(&disorderly(&stopped));
    }
    if let Some(recorder) = &session.recorder {
        session.progress.print(&record::told(recorder));
    }
    session.progress.clear();
    Ok((done?, stopped))
}

fn disorderly(stopped: &StopReport) -> String {
    let exit = stopped.exit.map_or_else(|| "no exit seen".to_owned(), |exit| exit.to_string());
    format!("the plugin did not end by itself when asked to ({exit}, after {:?})", stopped.took)
}

/// Waits for Ctrl-C, or for the request to end that service managers send.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
