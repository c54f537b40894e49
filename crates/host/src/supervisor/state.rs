//! What a supervised plugin is doing, for whoever watches.
//!
//! It deliberately carries no handle: a state can be kept, compared and printed.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::Slot;

/// What a supervised plugin is doing. `Display` gives a sentence without the plugin's name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Nobody has started it yet.
    NotStarted,
    /// Its process is being started.
    Starting {
        /// Restarts so far.
        restarts: u32,
    },
    /// It answers calls.
    Running {
        /// The process.
        pid: u32,
        /// When the process was started.
        since: SystemTime,
        /// Restarts so far.
        restarts: u32,
    },
    /// Its process is there and answers nothing, not even whether it works. Calls fail until it answers.
    NotAnswering {
        /// The process.
        pid: u32,
        /// When the process was started.
        since: SystemTime,
        /// Restarts so far.
        restarts: u32,
    },
    /// It ended, and is started again after a while.
    BackingOff {
        /// How long the while is.
        delay: Duration,
        /// Why it ended or could not be started.
        reason: Arc<str>,
    },
    /// Its first start failed, or so many restarts did that the supervisor gave up.
    Failed {
        /// Why.
        reason: Arc<str>,
    },
    /// It was stopped on purpose.
    Stopped,
}

impl State {
    /// Whether it can still come to run without being asked.
    pub(super) const fn may_run(&self) -> bool {
        matches!(
            self,
            Self::Starting { .. }
                | Self::Running { .. }
                | Self::NotAnswering { .. }
                | Self::BackingOff { .. }
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted => f.write_str("not started"),
            Self::Starting { .. } => f.write_str("being started"),
            Self::Running { pid, .. } => write!(f, "running as process {pid}"),
            Self::NotAnswering { pid, .. } => write!(f, "not answering, as process {pid}"),
            Self::BackingOff { delay, reason } => write!(f, "restarting in {delay:?}: {reason}"),
            Self::Failed { reason } => write!(f, "failed: {reason}"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// Follows the states of a supervised plugin. A slow watcher sees the latest state and may miss short ones.
#[derive(Debug, Clone)]
pub struct StateFeed(pub(super) watch::Receiver<Slot>);

impl StateFeed {
    /// The state now.
    #[must_use]
    pub fn current(&self) -> State {
        self.0.borrow().state.clone()
    }

    /// Waits for the next change; `None` when the supervisor is gone.
    pub async fn changed(&mut self) -> Option<State> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().state.clone())
    }

    /// Waits until a state fits; `None` when the supervisor is gone before.
    pub async fn wait_for(&mut self, mut fits: impl FnMut(&State) -> bool) -> Option<State> {
        self.0.wait_for(|slot| fits(&slot.state)).await.ok().map(|slot| slot.state.clone())
    }
}
