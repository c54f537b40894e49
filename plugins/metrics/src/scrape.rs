//! Scraping: the pages of Prometheus text that targets offer, read at their interval into the store.
//!
//! | step | where | in → out |
//! |---|---|---|
//! | settings | [`target`] | `scrapeTargets` → targets |
//! | schedule | `task` | interval → one scrape after the other |
//! | request | `fetch` | URL → pieces of a page |
//! | lines | `lines`, [`text`] | pieces → samples, types, help texts |
//! | intake | `intake` | samples → numbered series, end markers |
//!
//! It deliberately never looks at what it stored: series, once handed over, are the store's.

mod address;
mod error;
mod fetch;
mod intake;
mod limits;
mod lines;
mod sink;
mod status;
pub mod target;
mod task;
#[cfg(test)]
mod testing;
pub mod text;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use error::{ScrapeError, TargetError};
pub use limits::ScrapeLimits;
pub use sink::Sink;
pub use status::TargetStatus;
pub use target::{Target, TargetSettings, targets_from_settings};

use fetch::{Outside, System};
use task::Task;

/// The first scrapes of all targets are spread over that long, or over their interval if that is shorter.
const SPREAD: Duration = Duration::from_secs(10);

/// Scrapes targets for as long as it lives. Dropped, it leaves off at once and writes nothing more.
#[derive(Debug)]
pub struct Scraper {
    stop: watch::Sender<bool>,
    statuses: Vec<Arc<Mutex<TargetStatus>>>,
    tasks: JoinSet<()>,
}

impl Scraper {
    /// Begins to scrape targets into a sink, within the default limits. Called inside a tokio runtime with its clock and
    /// network drivers on.
    #[must_use]
    pub fn start(sink: Arc<impl Sink>, targets: Vec<Target>) -> Self {
        Self::start_in(&System, sink, targets, ScrapeLimits::default())
    }

    /// The same within other limits.
    #[must_use]
    pub fn start_limited(sink: Arc<impl Sink>, targets: Vec<Target>, limits: ScrapeLimits) -> Self {
        Self::start_in(&System, sink, targets, limits)
    }

    fn start_in(
        outside: &impl Outside,
        sink: Arc<impl Sink>,
        targets: Vec<Target>,
        limits: ScrapeLimits,
    ) -> Self {
        let stop = watch::Sender::new(false);
        let (mut statuses, mut tasks) = (Vec::new(), JoinSet::new());
        if !targets.is_empty() {
            intake::describe_reports(&*sink);
        }
        let count = u32::try_from(targets.len()).unwrap_or(u32::MAX);
        for (index, target) in (0_u32..).zip(targets) {
            let delay = target.interval().min(SPREAD) * index / count;
            let task = Task::new(sink.clone(), target, limits, outside.clone());
            statuses.push(task.status());
            tasks.spawn(task.run(delay, stop.subscribe()));
        }
        Self { stop, statuses, tasks }
    }

    /// How each target is, in the order they were given.
    #[must_use]
    pub fn status(&self) -> Vec<TargetStatus> {
        let status =
            |status: &Arc<Mutex<TargetStatus>>| status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.statuses.iter().map(status).collect()
    }

    /// Leaves off and marks all series of all targets as ended: for targets that were taken out of the settings. At the
    /// end of the process it is better just to drop it, as the targets live on.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}
