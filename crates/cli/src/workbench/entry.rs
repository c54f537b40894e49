//! One plugin of the workbench: its supervisor, its settings, and what was last seen of it.
//!
//! It deliberately shows of the settings' secrets the keys alone.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use graftwire_host::{
    CallObserver, CallReport, Capabilities, LaunchError, LaunchOptions, LinkOptions, LogBook, PluginSpec,
    RestartPolicy, State, StateFeed, Supervisor,
};
use graftwire_model::{Backend, EpochMillis, PluginContext};
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use super::roster::Change;
use crate::plugin::settings::Instance;
use crate::plugin::{context, wire};

/// A plugin of the workbench.
#[derive(Debug)]
pub(super) struct Entry {
    id: String,
    /// Why it can't even be started; then there is no supervisor.
    broken: Option<String>,
    running: Option<Running>,
    health: Mutex<Option<Value>>,
}

#[derive(Debug)]
struct Running {
    supervisor: Supervisor,
    context: watch::Sender<PluginContext>,
}

impl Entry {
    /// A plugin that can be started, or that runs where the options say.
    pub(super) fn new(
        spec: PluginSpec,
        options: LaunchOptions,
        instance: Instance,
        changes: broadcast::Sender<Change>,
    ) -> Self {
        let id = spec.id().to_owned();
        let (context, _) = watch::channel(context::of(&spec, instance));
        let mut calls = LinkOptions::default();
        let number = AtomicU64::new(0);
        calls.observer = Some(Arc::new(Tell { plugin: id.clone(), number, changes }));
        // A call of a person waits a moment for a plugin that is being restarted, rather than fail at once.
        let mut policy = RestartPolicy::default();
        policy.calls_wait = Duration::from_secs(2);
        let supervisor = Supervisor::with(spec, options, calls, policy);
        Self { id, broken: None, running: Some(Running { supervisor, context }), health: Mutex::default() }
    }

    /// A plugin that can't be run.
    pub(super) fn broken(id: String, why: String) -> Self {
        Self { id, broken: Some(why), running: None, health: Mutex::default() }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The plugin as something that answers calls, and what calls carry; `None` if it can't be run.
    pub(super) fn backend(&self) -> Option<(&dyn Backend, PluginContext)> {
        let running = self.running.as_ref()?;
        Some((&running.supervisor, running.context.borrow().clone()))
    }

    /// What the plugin can do for its data source or app; `None` while it does not run.
    pub(super) async fn capabilities(&self) -> Option<Capabilities> {
        let running = self.running.as_ref()?;
        let plugin = running.supervisor.plugin()?;
        let context = running.context.borrow().clone();
        Some(plugin.capabilities_for(&context).await)
    }

    pub(super) fn logs(&self) -> Option<&LogBook> {
        self.running.as_ref().map(|running| running.supervisor.logs())
    }

    /// The folder of its `plugin.json`.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.running.as_ref()?.supervisor.spec().folder()
    }

    pub(super) fn states(&self) -> Option<StateFeed> {
        self.running.as_ref().map(|running| running.supervisor.states())
    }

    /// Follows changes of the settings.
    pub(super) fn contexts(&self) -> Option<watch::Receiver<PluginContext>> {
        self.running.as_ref().map(|running| running.context.subscribe())
    }

    /// Changes the settings. The plugin sees a data source that was saved just now.
    pub(super) fn change_settings(&self, change: impl FnOnce(&mut PluginContext)) {
        let Some(running) = &self.running else { return };
        running.context.send_modify(|context| {
            change(context);
            let now = EpochMillis::now();
            // A plugin compares times to tell old settings from new ones, so they must differ.
            let next = |before: EpochMillis| EpochMillis(now.0.max(before.0.saturating_add(1)));
            if let Some(source) = &mut context.data_source {
                source.updated = next(source.updated);
            }
            if let Some(app) = &mut context.app {
                app.updated = next(app.updated);
            }
        });
    }

    pub(super) async fn start(&self) -> Result<(), LaunchError> {
        match &self.running {
            Some(running) => running.supervisor.start().await,
            None => Ok(()),
        }
    }

    pub(super) async fn stop(&self) {
        if let Some(running) = &self.running {
            running.supervisor.stop().await;
        }
    }

    pub(super) fn set_health(&self, health: Option<Value>) {
        *self.health() = health;
    }

    fn health(&self) -> MutexGuard<'_, Option<Value>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line for the terminal at start.
    pub(super) fn headline(&self) -> String {
        match &self.broken {
            None => self.id.clone(),
            Some(why) => format!("{} can't run: {why}", self.id),
        }
    }

    /// Everything that is known, for the page.
    pub(super) fn to_json(&self) -> Value {
        let Some(running) = &self.running else {
            let why = self.broken.as_deref().unwrap_or_default();
            return json!({
                "id": self.id, "name": self.id, "state": {"word": "failed", "detail": why, "final": true},
            });
        };
        let spec = running.supervisor.spec();
        let state = running.supervisor.state();
        let health = if matches!(state, State::Running { .. }) { self.health().clone() } else { None };
        json!({
            "id": self.id,
            "name": spec.name(),
            "type": spec.kind(),
            "version": spec.version(),
            "executable": spec.executable().to_string_lossy(),
            "uid": running.context.borrow().data_source.as_ref().map(|source| source.uid.clone()),
            "state": state_json(&state),
            "health": health,
            "process": process_json(running),
        })
    }
}

fn state_json(state: &State) -> Value {
    let word = match state {
        State::NotStarted => "waiting",
        State::Starting { .. } => "starting",
        State::Running { .. } => "running",
        State::NotAnswering { .. } => "silent",
        State::BackingOff { .. } => "restarting",
        State::Failed { .. } => "failed",
        _ => "stopped",
    };
    let mut value = json!({"word": word, "detail": state.to_string()});
    if let (State::Running { pid, since, restarts }, Some(object)) = (state, value.as_object_mut()) {
        object.insert("pid".to_owned(), json!(pid));
        object.insert("since".to_owned(), json!(millis(*since)));
        object.insert("restarts".to_owned(), json!(restarts));
    }
    value
}

fn process_json(running: &Running) -> Option<Value> {
    let plugin = running.supervisor.plugin()?;
    let usage = plugin.usage();
    let traffic = plugin.traffic();
    let agreed = plugin.negotiated();
    Some(json!({
        "protocol": agreed.version.to_string(),
        "address": format!("{}:{}", agreed.network, agreed.address),
        "startMillis": plugin.start_time().as_secs_f64() * 1000.0,
        "resident": usage.map(|usage| usage.resident),
        "peak": usage.map(|usage| usage.resident_peak),
        "threads": usage.map(|usage| usage.threads),
        "sent": traffic.sent(),
        "received": traffic.received(),
    }))
}

/// Milliseconds since 1970, as the page counts.
pub(super) fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Tells the page and the task that made it of each call.
struct Tell {
    plugin: String,
    number: AtomicU64,
    changes: broadcast::Sender<Change>,
}

impl CallObserver for Tell {
    fn ended(&self, report: CallReport) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut call = wire::to_json(&report);
        if let Some(object) = call.as_object_mut() {
            object.insert("plugin".to_owned(), json!(self.plugin));
            object.insert("number".to_owned(), json!(number));
        }
        // Without a page nobody listens.
        let _ = self.changes.send(Change::Call(call.to_string().into()));
        wire::ToTask.ended(report);
    }
}
