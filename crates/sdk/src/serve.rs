//! The plugin's process: handshake, listener, gRPC, signals, and its end.
//!
//! Standard output carries the handshake line and nothing else, ever: once the line is out, what the plugin's code
//! prints is caught and goes to the host through go-plugin's output service.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use graftwire_model::{Backend, BoxFuture, Capability, error_text};
use graftwire_protocol::goplugin::server::Control;
use graftwire_protocol::handshake::{
    AppVersion, HandshakeError, HandshakeLine, HostOffer, negotiate, read_offer,
};
use graftwire_protocol::{Router, Services};
use graftwire_transport::{BindError, BindOptions, Bound, Broker, Secure, bind};
use tracing_core::Level;

use crate::build_info::BuildInfo;
use crate::limits::Limits;
use crate::{logging, panics};

mod broker;
pub(crate) mod connections;
mod embedded;
mod ending;
mod flags;
mod sessions;
mod standalone;
mod stdio;
#[cfg_attr(not(feature = "auto-mtls"), path = "serve/no_tls.rs")]
mod tls;

use connections::Around;
pub use embedded::Embedded;
use ending::{Ending, Reason};
use flags::Mode;
pub use standalone::StandaloneError;

/// Whether hosts that ask for it get many streams over one connection. The line's seventh field says so.
const MULTIPLEX: bool = cfg!(feature = "multiplex");

/// How long a plugin's own clean-up may take: Grafana kills after 2 s.
const CLEAN_UP: Duration = Duration::from_millis(1_500);

/// The key in Grafana's section `[plugin.<id>]` (there without prefix, in lower case) that keeps an orphan alive.
const STAY_KEY: &str = "GF_PLUGIN_STAY_WITHOUT_HOST";

/// What the builder says about the process.
pub(crate) struct ServeOptions {
    pub(crate) log_level: Level,
    pub(crate) stay_without_host: bool,
    pub(crate) worker_threads: usize,
    pub(crate) versions: Vec<AppVersion>,
    pub(crate) tcp: bool,
    pub(crate) broker: Broker,
    pub(crate) build_info: Option<BuildInfo>,
    pub(crate) draft_names: bool,
    pub(crate) on_start: Option<Box<dyn FnOnce() + Send>>,
    pub(crate) on_shutdown: Option<Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            log_level: Level::DEBUG,
            stay_without_host: false,
            worker_threads: 1,
            versions: Vec::new(),
            tcp: false,
            broker: Broker::new(),
            build_info: None,
            draft_names: false,
            on_start: None,
            on_shutdown: None,
        }
    }
}

/// The plugin as parts: what answers, what it can be asked, what bounds it.
pub(crate) type Parts = (Arc<dyn Backend>, BTreeSet<Capability>, Limits);

/// Why a plugin's process could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// What the host said can't be used.
    #[error("the handshake failed")]
    Handshake(#[from] HandshakeError),
    /// No listener.
    #[error("the plugin can't listen")]
    Bind(#[from] BindError),
    /// The host asks for TLS, and the build has none.
    #[error(
        "the host asks for AutoMTLS (PLUGIN_CLIENT_CERT), which is not in this build; switch it off in the host, or build \
         the plugin with the feature auto-mtls of graftwire-sdk"
    )]
    NoAutoMtls,
    /// The host asks for TLS, and it can't be had.
    #[error("AutoMTLS, which the host asks for, can't be used")]
    AutoMtls {
        /// What is wrong with the host's certificate, or the own one.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// `-standalone` was asked for, and it can't be had.
    #[error("the plugin can't be served standalone")]
    Standalone(#[source] StandaloneError),
    /// The runtime, a pipe or a signal handler was refused by the system.
    #[error("can't {what}")]
    System {
        /// What was refused.
        what: &'static str,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
}

/// What goes around every connection, and what the host is told of it.
struct Layer {
    secure: Arc<dyn Secure>,
    /// The own certificate, as the handshake line has it.
    certificate: String,
}

fn refused(what: &'static str) -> impl FnOnce(std::io::Error) -> ServeError {
    move |cause| ServeError::System { what, cause }
}

/// Runs the whole life of a plugin's process.
pub(crate) fn process(id: String, options: ServeOptions, parts: impl FnOnce() -> Parts) -> ExitCode {
    match flags::read(std::env::args_os().skip(1)) {
        Ok(Mode::Plugin) => plugin(id, options, parts),
        Ok(Mode::Standalone) => {
            logging::init(options.log_level);
            panics::install_hook();
            run(options.worker_threads, standalone::serve(id, options, parts))
        }
        Ok(Mode::Version) => tell(options.build_info.map(|info| info.version.to_owned())),
        Ok(Mode::BuildInfo) => {
            tell(options.build_info.map(|info| info.to_json(&id, &options.versions).to_string()))
        }
        Ok(Mode::Help) => usage("", ExitCode::SUCCESS),
        Err(error) => usage(&error, ExitCode::from(2)),
    }
}

/// A host has started the process, or says nothing of it.
fn plugin(id: String, options: ServeOptions, parts: impl FnOnce() -> Parts) -> ExitCode {
    let offer = match read_offer(|key| std::env::var(key).ok()) {
        Ok(offer) => offer,
        Err(HandshakeError::NotStartedByHost { .. }) => return explain_to_a_person(),
        Err(error) => {
            logging::init(options.log_level);
            return fail(&error.into());
        }
    };
    logging::init(options.log_level);
    panics::install_hook();
    for entry in &offer.rejected_versions {
        tracing::warn!(entry, "an entry of the host's protocol versions is no number and was skipped");
    }
    match standalone::living(&id) {
        Some(address) => {
            run(options.worker_threads, async move { standalone::lead(address, &offer, &options).await })
        }
        None => run(options.worker_threads, life(offer, options, parts)),
    }
}

fn run(worker_threads: usize, life: impl Future<Output = Result<Reason, ServeError>>) -> ExitCode {
    let runtime = match runtime(worker_threads) {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let ended = runtime.block_on(life);
    // Work that blocks must not keep the process: the host waits 2 s, then kills.
    runtime.shutdown_background();
    match ended {
        Ok(reason) => {
            tracing::debug!(reason = %reason, "the plugin ends");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

/// Answers a question about the executable.
fn tell(answer: Option<String>) -> ExitCode {
    let (told, code) = match answer {
        Some(answer) => (print_line(&answer).is_ok(), ExitCode::SUCCESS),
        None => {
            let text = "no build information: the plugin's code does not call Plugin::build_info\n";
            (std::io::stderr().write_all(text.as_bytes()).is_ok(), ExitCode::FAILURE)
        }
    };
    if told { code } else { ExitCode::FAILURE }
}

fn usage(error: &str, code: ExitCode) -> ExitCode {
    let break_after = if error.is_empty() { "" } else { "\n" };
    let text = format!("{error}{break_after}Usage of {}:\n{}", executable_name(), flags::USAGE);
    let _ = std::io::stderr().write_all(text.as_bytes());
    code
}

fn executable_name() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn fail(error: &ServeError) -> ExitCode {
    let text = error_text(error);
    tracing::error!(error = text, "the plugin can't start");
    ExitCode::FAILURE
}

/// A person started the executable: say what it is, on standard error, since standard output is the handshake's.
fn explain_to_a_person() -> ExitCode {
    let name = executable_name();
    let text = format!(
        "{name} is a Grafana plugin: Grafana starts it, it is not meant to be run by hand.\n\
         To use it, put its folder into Grafana's plugin directory and restart Grafana.\n\
         To try it without Grafana, run: graftwire inspect {name}\n"
    );
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::FAILURE
}

fn runtime(worker_threads: usize) -> Result<tokio::runtime::Runtime, ServeError> {
    #[cfg(feature = "multi-thread")]
    if worker_threads > 1 {
        return tokio::runtime::Builder::new_multi_thread()
            .worker_threads(worker_threads)
            .enable_all()
            .build()
            .map_err(refused("start worker threads"));
    }
    let _ = worker_threads;
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused("start the runtime"))
}

async fn life(
    offer: HostOffer,
    mut options: ServeOptions,
    parts: impl FnOnce() -> Parts,
) -> Result<Reason, ServeError> {
    let layer = tls::layer(&offer)?;
    let place = if options.tcp { BindOptions::Tcp(offer.ports) } else { BindOptions::for_offer(&offer) };
    let bound = bind(&place).await?;
    let version = negotiate(&offer.versions, &options.versions);
    let ending = Ending::new();
    ending.watch_signals()?;
    if !options.stay_without_host && !is_true(std::env::var(STAY_KEY).ok().as_deref()) {
        ending.watch_parent();
    }
    let (backend, capabilities, limits) = parts();
    let bound = announce(bound, version, &offer, layer.as_ref())?;
    let secure = layer.map(|layer| layer.secure);
    let output = stdio::capture()?;
    let (broker, multiplexed) = (options.broker, MULTIPLEX && offer.multiplex.wanted);
    broker.configure(place, secure.clone(), multiplexed);
    let around = Around { secure, sessions: multiplexed.then(|| broker.clone()) };
    let control = Control::new(ending.control(output, broker.clone()));
    let router = router(version, backend, &capabilities, limits, control);
    let router = drafted(router, options.draft_names);
    if let Some(start) = options.on_start.take() {
        start();
    }
    let reason = connections::serve(bound, router, limits, around, &ending).await;
    // Listeners that the plugin's code still holds leave no socket file behind.
    broker.shut("the plugin ends");
    clean_up(options.on_shutdown.take()).await;
    Ok(reason)
}

fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("true" | "1" | "yes"))
}

/// The line can only be made from a listener that is bound, and is the only thing ever written to standard output.
fn announce(
    bound: Bound,
    version: AppVersion,
    offer: &HostOffer,
    layer: Option<&Layer>,
) -> Result<Bound, ServeError> {
    let line = HandshakeLine {
        version: version.number(),
        network: bound.network(),
        address: bound.address().to_owned(),
        server_cert: layer.map(|layer| layer.certificate.clone()),
        multiplex: offer.multiplex.announced.then_some(MULTIPLEX),
    };
    print_line(&line.to_string())?;
    Ok(bound)
}

fn print_line(line: &str) -> Result<(), ServeError> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())
        .and_then(|()| out.flush())
        .map_err(refused("write the handshake line to standard output"))
}

fn router(
    version: AppVersion,
    backend: Arc<dyn Backend>,
    capabilities: &BTreeSet<Capability>,
    limits: Limits,
    control: Control,
) -> Router {
    own_services(version, backend, capabilities, limits).with_goplugin(control).into_router()
}

/// What the plugin serves of its own, without go-plugin's part.
fn own_services(
    version: AppVersion,
    backend: Arc<dyn Backend>,
    capabilities: &BTreeSet<Capability>,
    limits: Limits,
) -> Services {
    let services = graftwire_protocol::services(version, backend, capabilities, limits.messages());
    #[cfg(feature = "reflection")]
    let services = connections::with_reflection(services);
    services
}

/// The draft's names of what an app serves, if they are wanted.
fn drafted(router: Router, wanted: bool) -> Router {
    #[cfg(feature = "v3")]
    if wanted {
        return router.with_draft_names();
    }
    let _ = wanted;
    router
}

async fn clean_up(shutdown: Option<impl FnOnce() -> BoxFuture<'static, ()>>) {
    let Some(shutdown) = shutdown else { return };
    if tokio::time::timeout(CLEAN_UP, shutdown()).await.is_err() {
        tracing::warn!(limit = ?CLEAN_UP, "the plugin's clean-up did not end in time and was given up");
    }
}
