//! A plugin that is started again whenever its process ends. To its callers it is a `Backend` like any other.
//!
//! It deliberately repeats no call: a call that was under way when the process died fails, as in Grafana.

mod policy;
mod state;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use graftwire_model::{Backend, CallContext, CallError, Code, ReplyStream, error_text};
use tokio::sync::watch;

pub use policy::RestartPolicy;
pub use state::{State, StateFeed};

use crate::forward::{Around, forward_backend};
use crate::link::LinkOptions;
use crate::logs::{DEFAULT_KEPT_RECORDS, Level, LogBook};
use crate::plugin::{StopReport, obituary};
use crate::process::Task;
use crate::{LaunchError, LaunchOptions, Plugin, PluginSpec};

/// How long a process may live on after its connection has gone.
const DISCONNECTED: Duration = Duration::from_secs(2);
/// How long the loop may take to notice that it is not wanted any more.
const LOOP_ENDS: Duration = Duration::from_secs(5);

/// A plugin under supervision. Dropping it kills the plugin; [`Supervisor::stop`] is the orderly way.
pub struct Supervisor {
    shared: Arc<Shared>,
    watching: Mutex<Option<Task>>,
    changing: tokio::sync::Mutex<()>,
}

struct Shared {
    spec: PluginSpec,
    options: LaunchOptions,
    calls: LinkOptions,
    policy: RestartPolicy,
    book: LogBook,
    slot: watch::Sender<Slot>,
}

/// The state and, while it runs, the plugin.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    state: State,
    plugin: Option<Arc<Plugin>>,
}

impl Supervisor {
    /// A supervisor that has started nothing yet, with Grafana's way of making calls and the default policy.
    #[must_use]
    pub fn new(spec: PluginSpec, options: LaunchOptions) -> Self {
        Self::with(spec, options, LinkOptions::default(), RestartPolicy::default())
    }

    /// A supervisor that has started nothing yet.
    #[must_use]
    pub fn with(spec: PluginSpec, options: LaunchOptions, calls: LinkOptions, policy: RestartPolicy) -> Self {
        let (slot, _) = watch::channel(Slot { state: State::NotStarted, plugin: None });
        let book = LogBook::new(spec.id(), DEFAULT_KEPT_RECORDS);
        let shared = Arc::new(Shared { spec, options, calls, policy, book, slot });
        Self { shared, watching: Mutex::default(), changing: tokio::sync::Mutex::default() }
    }

    /// Starts the plugin and from then on keeps it running. Starting one that runs changes nothing.
    ///
    /// # Errors
    /// The first start failed. It is not tried again, as in Grafana; another `start` does.
    pub async fn start(&self) -> Result<(), LaunchError> {
        let _one_at_a_time = self.changing.lock().await;
        if self.state().may_run() {
            return Ok(());
        }
        self.shared.enter(State::Starting { restarts: 0 });
        match self.shared.start(0).await {
            Ok(plugin) => {
                let watching = Task::spawn(Arc::clone(&self.shared).keep_running(plugin));
                *self.watching() = Some(watching);
                Ok(())
            }
            Err(error) => {
                self.shared.enter(State::Failed { reason: error_text(&error).into() });
                Err(error)
            }
        }
    }

    /// Stops the plugin in the orderly way and restarts it no more. A first start under way is waited for. `None` if
    /// the plugin was not running.
    pub async fn stop(&self) -> Option<StopReport> {
        let _one_at_a_time = self.changing.lock().await;
        let watching = self.watching().take();
        if let Some(mut watching) = watching {
            watching.abort();
            watching.ended_within(LOOP_ENDS).await;
        }
        let plugin = self.plugin();
        self.shared.enter(State::Stopped);
        match plugin {
            Some(plugin) => Some(plugin.stop().await),
            None => None,
        }
    }

    /// What is started.
    #[must_use]
    pub fn spec(&self) -> &PluginSpec {
        &self.shared.spec
    }

    /// What the plugin is doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.slot.borrow().state.clone()
    }

    /// Every change of state from now on.
    #[must_use]
    pub fn states(&self) -> StateFeed {
        StateFeed(self.shared.slot.subscribe())
    }

    /// The plugin while it runs. After a restart it is another one.
    #[must_use]
    pub fn plugin(&self) -> Option<Arc<Plugin>> {
        self.shared.slot.borrow().plugin.clone()
    }

    /// The plugin's log over all restarts.
    #[must_use]
    pub fn logs(&self) -> &LogBook {
        &self.shared.book
    }

    fn watching(&self) -> std::sync::MutexGuard<'_, Option<Task>> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plugin that answers now, or after as much waiting as the policy and the call allow.
    async fn available(&self, cx: &CallContext) -> Result<Arc<dyn Backend>, CallError> {
        let runs =
            |slot: &Slot| slot.plugin.as_ref().filter(|plugin| plugin.exit().is_none()).map(|p| p.backend());
        if let Some(backend) = runs(&self.shared.slot.borrow()) {
            return Ok(backend);
        }
        let patience = self.patience(cx);
        let mut slots = self.shared.slot.subscribe();
        let settled = slots.wait_for(|slot| runs(slot).is_some() || !slot.state.may_run());
        if !patience.is_zero()
            && let Ok(Ok(slot)) = tokio::time::timeout(patience, settled).await
            && let Some(backend) = runs(&slot)
        {
            return Ok(backend);
        }
        Err(self.unavailable())
    }

    fn patience(&self, cx: &CallContext) -> Duration {
        let wait = self.shared.policy.calls_wait;
        match cx.deadline() {
            Some(deadline) => wait.min(deadline.saturating_duration_since(Instant::now())),
            None => wait,
        }
    }

    fn unavailable(&self) -> CallError {
        let id = self.shared.spec.id();
        let slot = self.shared.slot.borrow().clone();
        let text = match slot.plugin.as_ref().and_then(|plugin| Some((plugin.exit()?, plugin.stderr_tail())))
        {
            // Ended a moment ago: the state does not say so yet.
            Some((exit, stderr)) => obituary(id, exit, &stderr),
            None => format!("plugin {id} is {}", slot.state),
        };
        CallError::new(Code::Unavailable, text)
    }
}

forward_backend!(Supervisor);

impl Around for Supervisor {
    async fn unary<T, F, Fut>(&self, cx: CallContext, call: F) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Backend>, CallContext) -> Fut + Send,
        Fut: Future<Output = Result<T, CallError>> + Send,
    {
        call(self.available(&cx).await?, cx).await
    }

    async fn stream<T, F, Fut>(&self, cx: CallContext, call: F) -> Result<ReplyStream<T>, CallError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Backend>, CallContext) -> Fut + Send,
        Fut: Future<Output = Result<ReplyStream<T>, CallError>> + Send,
    {
        call(self.available(&cx).await?, cx).await
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Whoever still follows the states must not keep the plugin alive.
        self.shared.enter(State::Stopped);
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor")
            .field("id", &self.shared.spec.id())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn enter(&self, state: State) {
        self.slot.send_replace(Slot { state, plugin: None });
    }

    /// The next state on the way, unless somebody has stopped the plugin meanwhile.
    fn advance(&self, next: Slot) {
        self.slot.send_if_modified(|slot| {
            let wanted = slot.state != State::Stopped;
            if wanted {
                *slot = next;
            }
            wanted
        });
    }

    async fn start(&self, restarts: u32) -> Result<Arc<Plugin>, LaunchError> {
        self.advance(Slot { state: State::Starting { restarts }, plugin: None });
        let plugin = Plugin::start_with(&self.spec, &self.options, &self.calls, self.book.clone()).await?;
        let plugin = Arc::new(plugin);
        let state = State::Running { pid: plugin.pid(), since: plugin.started_at(), restarts };
        self.advance(Slot { state, plugin: Some(Arc::clone(&plugin)) });
        Ok(plugin)
    }

    /// Runs until the supervisor gives up, or is stopped or dropped.
    async fn keep_running(self: Arc<Self>, first: Arc<Plugin>) {
        let (mut plugin, mut restarts, mut in_a_row) = (first, 0u32, 0u32);
        loop {
            let since = Instant::now();
            let mut reason = self.end_of(plugin).await;
            if since.elapsed() >= self.policy.healthy_after {
                in_a_row = 0;
            }
            plugin = loop {
                if self.policy.give_up_after.is_some_and(|limit| in_a_row >= limit) {
                    self.book.remark(Level::Error, format!("given up after {in_a_row} restarts: {reason}"));
                    return self.advance(Slot { state: State::Failed { reason }, plugin: None });
                }
                let delay = self.policy.delay(in_a_row);
                self.book.remark(Level::Warn, format!("restarting in {delay:?}: {reason}"));
                self.advance(Slot { state: State::BackingOff { delay, reason }, plugin: None });
                tokio::time::sleep(delay).await;
                restarts = restarts.saturating_add(1);
                in_a_row = in_a_row.saturating_add(1);
                match self.start(restarts).await {
                    Ok(plugin) => break plugin,
                    Err(error) => reason = error_text(&error).into(),
                }
            };
        }
    }

    /// Waits until a plugin is of no use any more, and says why.
    async fn end_of(&self, plugin: Arc<Plugin>) -> Arc<str> {
        tokio::select! {
            _ = plugin.exited() => {}
            () = plugin.link().closed() => {
                if plugin.is_attached() {
                    return Arc::from("the plugin, which this host had attached to, closed its connection");
                }
                if plugin.exit_within(DISCONNECTED).await.is_none() {
                    self.end(&plugin).await;
                    return Arc::from("the plugin closed its connection and went on running; it was killed");
                }
            }
            patience = self.silent_for_good(&plugin) => {
                self.end(&plugin).await;
                return format!("the plugin did not answer for another {patience:?}; it was killed").into();
            }
        }
        let exit = plugin.exited().await;
        plugin.clear_up().await;
        obituary(self.spec.id(), exit, &plugin.stderr_tail()).into()
    }

    /// The next process may need what this one holds: a port, a lock on its store.
    async fn end(&self, plugin: &Plugin) {
        plugin.kill();
        let _ = plugin.exit_within(DISCONNECTED).await;
        plugin.clear_up().await;
    }

    /// Follows whether a plugin answers, until it has not for longer than the policy allows.
    async fn silent_for_good(&self, plugin: &Arc<Plugin>) -> Duration {
        let silence = plugin.link().silence();
        let answering = self.slot.borrow().state.clone();
        loop {
            silence.becomes(true).await;
            let State::Running { pid, since, restarts } = answering else { std::future::pending().await };
            let state = State::NotAnswering { pid, since, restarts };
            self.advance(Slot { state, plugin: Some(Arc::clone(plugin)) });
            match self.policy.replace_silent_after {
                None => silence.becomes(false).await,
                Some(patience) => {
                    if tokio::time::timeout(patience, silence.becomes(false)).await.is_err() {
                        return patience;
                    }
                }
            }
            self.advance(Slot { state: answering.clone(), plugin: Some(Arc::clone(plugin)) });
        }
    }
}

/// Starts many plugins, at most `at_once` at the same time, in the order given. The results come in that order too:
/// a supervisor whose first start failed comes with the error and can be started again.
pub async fn start_all(
    supervisors: impl IntoIterator<Item = Supervisor>,
    at_once: usize,
) -> Vec<(Supervisor, Result<(), LaunchError>)> {
    let starts = supervisors.into_iter().map(|supervisor| async move {
        let started = supervisor.start().await;
        (supervisor, started)
    });
    futures_util::stream::iter(starts).buffered(at_once.max(1)).collect().await
}
