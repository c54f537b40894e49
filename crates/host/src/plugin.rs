//! A running plugin: its process, its connection, and everything a host may want to know of both.
//!
//! It deliberately does not start anew by itself: `supervisor.rs` does.

mod guard;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use graftwire_model::{Backend, CallError, PluginContext};
use graftwire_protocol::{goplugin, handshake::Negotiated};
use graftwire_transport::{BindOptions, Broker, Traffic, dial};
use tempfile::TempDir;

pub(crate) use guard::obituary;

use crate::launch::{Launched, OutputTasks, launch};
use crate::link::{Capabilities, Link, LinkLayers, LinkOptions, RpcChannel};
use crate::logs::{DEFAULT_KEPT_RECORDS, Level, LogBook, StderrTail, TailKeeper};
use crate::process::{Exit, Process, Usage};
use crate::{Attachment, LaunchError, LaunchOptions, PluginSpec};

/// How long a plugin has to leave after it was asked to: go-plugin's two seconds.
const GRACE: Duration = Duration::from_secs(2);
/// How long a killed process may take to disappear. It can't refuse, but a busy kernel may take a moment.
const KILLED: Duration = Duration::from_secs(5);
/// How long the last lines on stderr are waited for once the process is gone.
const LAST_LINES: Duration = Duration::from_millis(500);

/// A plugin that was started and answers. Dropping it kills the process and removes its socket directory.
pub struct Plugin {
    spec: PluginSpec,
    negotiated: Negotiated,
    started_at: SystemTime,
    start_time: Duration,
    process: Process,
    link: Link,
    backend: Arc<dyn Backend>,
    book: LogBook,
    tail: TailKeeper,
    discarded: crate::launch::Discarded,
    /// It was there before, and is not asked to end.
    goes_on: bool,
    held: Mutex<Option<Held>>,
}

/// What goes when the plugin has been stopped.
#[expect(dead_code, reason = "held until then")]
struct Held {
    output: Option<OutputTasks>,
    socket_dir: Option<TempDir>,
}

/// How a plugin was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopReport {
    /// It ran, was asked, and left by itself within two seconds. Otherwise it was killed, or had ended before.
    pub orderly: bool,
    /// How the process ended; `None` only if even the kill showed no effect yet.
    pub exit: Option<Exit>,
    /// From the request to the end.
    pub took: Duration,
    /// The host had attached to it, and it goes on.
    pub left_running: bool,
}

impl Plugin {
    /// Starts a plugin, with an own log and Grafana's way of making calls.
    ///
    /// # Errors
    /// [`LaunchError`] names cause and cure. Whatever was started is gone then.
    ///
    /// With [`LaunchOptions::attach_to`] nothing is started: the plugin runs already and is connected to.
    pub async fn start(spec: &PluginSpec, options: &LaunchOptions) -> Result<Self, LaunchError> {
        let book = LogBook::new(spec.id(), DEFAULT_KEPT_RECORDS);
        Self::start_with(spec, options, &LinkOptions::default(), book).await
    }

    /// Starts a plugin with a log that others may share, and with limits and an observer for its calls.
    ///
    /// # Errors
    /// As [`Plugin::start`].
    pub async fn start_with(
        spec: &PluginSpec,
        options: &LaunchOptions,
        calls: &LinkOptions,
        book: LogBook,
    ) -> Result<Self, LaunchError> {
        if let Some(place) = &options.attachment {
            let link = place.connect(calls, &book).await?;
            book.remark(Level::Debug, format!("attached: {}", place.negotiated));
            return Ok(Self::assemble(spec.clone(), Launched::by_others(place), link, book));
        }
        let mut launched = launch(spec.executable(), options, &book).await?;
        let layers = layers_of(&launched, options);
        let link = match connect(&launched, layers, calls, &book).await {
            Ok(link) => link,
            Err(source) => return Err(launched.unreachable(spec, source).await),
        };
        book.remark(Level::Debug, format!("started: {}", launched.negotiated));
        Ok(Self::assemble(spec.clone(), launched, link, book))
    }

    fn assemble(spec: PluginSpec, launched: Launched, link: Link, book: LogBook) -> Self {
        let Launched {
            process, negotiated, started_at, start_time, tail, discarded, output, socket_dir, ..
        } = launched;
        let guard = guard::Guard {
            plugin_id: spec.id().into(),
            channel: link.channel(),
            exit: process.exit_watch(),
            tail: tail.clone(),
        };
        let backend = Arc::new(guard::Guarded { client: link.backend(), guard });
        let held = Mutex::new(Some(Held { output, socket_dir }));
        let goes_on = !process.is_own() && !launched.ends_with_host;
        Self {
            spec,
            negotiated,
            started_at,
            start_time,
            process,
            link,
            backend,
            book,
            tail,
            discarded,
            goes_on,
            held,
        }
    }

    /// What was started.
    #[must_use]
    pub const fn spec(&self) -> &PluginSpec {
        &self.spec
    }

    /// The plugin as something that answers calls. It keeps each call's deadline even if the plugin hangs, and says
    /// how the process ended if it did. It does not keep the process alive: that is the handle's part.
    #[must_use]
    pub fn backend(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.backend)
    }

    /// The connection itself, for calls that [`Backend`] does not know.
    #[must_use]
    pub fn channel(&self) -> RpcChannel {
        self.link.channel()
    }

    /// What plugin and host agreed on.
    #[must_use]
    pub const fn negotiated(&self) -> &Negotiated {
        &self.negotiated
    }

    /// Whether it ran before and goes on when it is stopped here: see [`LaunchOptions::attach_to`].
    #[must_use]
    pub const fn is_attached(&self) -> bool {
        !self.process.is_own()
    }

    /// When the process was started, or the host attached to it.
    #[must_use]
    pub const fn started_at(&self) -> SystemTime {
        self.started_at
    }

    /// From the start of the process to its handshake line; zero for one that ran already.
    #[must_use]
    pub const fn start_time(&self) -> Duration {
        self.start_time
    }

    /// The process id; it may belong to somebody else once the process has ended. 0 if the host attached to a process
    /// of which nobody said the number.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// How the process ended; `None` while it runs.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        self.process.exit()
    }

    /// Waits for the end of the process.
    pub async fn exited(&self) -> Exit {
        self.process.exit_watch().exited().await
    }

    /// Memory and threads of the process (Linux); `None` elsewhere and after its end.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.exit().is_none().then(|| Usage::of_process(self.pid()))?
    }

    /// The broker: connections to the plugin beside the first one, in either direction. Grafana uses none.
    #[must_use]
    pub fn broker(&self) -> Broker {
        self.link.broker()
    }

    /// Bytes that crossed the connection so far.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        self.link.traffic()
    }

    /// The plugin's log.
    #[must_use]
    pub const fn logs(&self) -> &LogBook {
        &self.book
    }

    /// The last lines of the process on stderr, verbatim.
    #[must_use]
    pub fn stderr_tail(&self) -> StderrTail {
        self.tail.tail()
    }

    /// Bytes the plugin has printed to stdout after the handshake line. They are thrown away, as in Grafana.
    #[must_use]
    pub fn discarded_stdout(&self) -> u64 {
        self.discarded.bytes()
    }

    /// What the plugin can do, found out by harmless calls without any data source. A plugin that looks at the data
    /// source first may be judged better by [`Plugin::capabilities_for`].
    pub async fn capabilities(&self) -> Capabilities {
        let plugin_id = self.spec.id().to_owned();
        let context = PluginContext { plugin_id, org_id: 1, ..PluginContext::default() };
        self.capabilities_for(&context).await
    }

    /// What the plugin can do for a data source or app.
    pub async fn capabilities_for(&self, context: &PluginContext) -> Capabilities {
        self.link.capabilities(context).await
    }

    /// Asks go-plugin's health service whether the plugin serves. Grafana never does.
    ///
    /// # Errors
    /// What the call failed with; a plugin without the service answers `Unimplemented` and may be fine.
    pub async fn ping(&self) -> Result<bool, CallError> {
        goplugin::client::ping(self.link.channel()).await
    }

    /// Stops the plugin in Grafana's order: broker closed, shutdown call, connection closed, two seconds, SIGKILL,
    /// socket directory removed. Calls under way fail. A second stop finds the work done.
    ///
    /// A plugin that the host attached to loses the connection and goes on; with [`Attachment::ends_with_host`] it is
    /// asked to end. It is never killed.
    ///
    /// [`Attachment::ends_with_host`]: crate::Attachment::ends_with_host
    pub async fn stop(&self) -> StopReport {
        if self.goes_on {
            let ran = self.exit().is_none();
            self.link.close();
            return StopReport { orderly: ran, exit: self.exit(), took: Duration::ZERO, left_running: ran };
        }
        let (asked, ran) = (Instant::now(), self.exit().is_none());
        self.link.shut_down(GRACE).await;
        let left = GRACE.saturating_sub(asked.elapsed());
        let by_itself = self.process.exited_within(left).await;
        let exit = match by_itself {
            Some(exit) => Some(exit),
            None if self.is_attached() => None,
            None => {
                self.process.kill();
                self.process.exited_within(KILLED).await
            }
        };
        let took = asked.elapsed();
        self.clear_up().await;
        let left_running = self.is_attached() && exit.is_none();
        StopReport { orderly: ran && by_itself.is_some(), exit, took, left_running }
    }

    /// Waits for the end of the process, for at most `patience`.
    pub(crate) async fn exit_within(&self, patience: Duration) -> Option<Exit> {
        self.process.exited_within(patience).await
    }

    /// Once the process has ended: waits until its last lines are read, and removes what it left behind.
    pub(crate) async fn clear_up(&self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        if held.is_some() {
            self.tail.last_words(LAST_LINES).await;
        }
    }

    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    /// Ends a process that is of no use any more.
    pub(crate) fn kill(&self) {
        self.process.kill();
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.spec.id())
            .field("pid", &self.pid())
            .field("negotiated", &self.negotiated)
            .field("exit", &self.exit())
            .finish_non_exhaustive()
    }
}

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// What was negotiated about the bytes. The broker's sockets go where the plugin's own is.
fn layers_of(launched: &Launched, options: &LaunchOptions) -> LinkLayers {
    let mut offer = options.offered().clone();
    if let Some(dir) = &launched.socket_dir {
        offer.socket_dir = Some(dir.path().display().to_string());
    }
    LinkLayers {
        multiplexed: launched.negotiated.multiplexed,
        secure: launched.secure.clone(),
        broker_sockets: BindOptions::for_offer(&offer),
    }
}

async fn connect(
    launched: &Launched,
    layers: LinkLayers,
    calls: &LinkOptions,
    book: &LogBook,
) -> Result<Link, BoxedError> {
    let negotiated = &launched.negotiated;
    if layers.secure.is_none() && negotiated.server_cert.is_some() {
        return Err(
            "the offer holds a certificate whose key this host does not have; use LaunchOptions::auto_mtls"
                .into(),
        );
    }
    let connection = dial(negotiated.network, &negotiated.address).await?;
    Ok(Link::open_through(connection, negotiated.version, calls, layers, book).await?)
}

impl Launched {
    /// What is known of a process that somebody else started.
    fn by_others(place: &Attachment) -> Self {
        let tail = TailKeeper::new();
        tail.finish();
        Self {
            process: Process::of_others(place.pid),
            negotiated: place.negotiated.clone(),
            secure: None,
            started_at: SystemTime::now(),
            start_time: Duration::ZERO,
            tail,
            discarded: crate::launch::Discarded::default(),
            output: None,
            socket_dir: None,
            ends_with_host: place.ends_with_host,
        }
    }

    /// The error about a plugin that announced an address where nobody answers.
    async fn unreachable(&mut self, spec: &PluginSpec, source: BoxedError) -> LaunchError {
        let exit = self.process.exited_within(LAST_LINES).await;
        self.process.kill();
        LaunchError::Connect {
            path: spec.executable().to_owned(),
            address: format!("{}:{}", self.negotiated.network, self.negotiated.address),
            exit,
            source,
            stderr: self.tail.last_words(LAST_LINES).await,
        }
    }
}
