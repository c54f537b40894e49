//! One data source: what Grafana asks of it.
//!
//! It deliberately holds no lines: what is asked is read at that moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use graftwire_sdk::prelude::*;
use graftwire_sdk::settings;
use graftwire_sdk::{InstanceContext, InstanceError, Plugin};
use tokio::sync::Semaphore;

use crate::query::{self, QuerySettings};
use crate::read::sources::Sources;
use crate::settings::Settings;

mod health;
mod resources;
mod tail;

/// How many queries read at once, in the whole process; others wait for their turn. Each holds a block of every file
/// that it reads.
const READERS: usize = 8;
static TURNS: Semaphore = Semaphore::const_new(READERS);

/// A data source over the logs of this machine.
#[derive(Debug)]
pub struct Source {
    sources: Arc<Sources>,
    settings: QuerySettings,
}

impl Source {
    /// Reads a data source's settings.
    ///
    /// # Errors
    /// Settings that can't be used.
    pub async fn open(cx: InstanceContext) -> Result<Self, InstanceError> {
        let settings: Settings = settings::of_instance(cx.data_source.as_ref(), cx.app.as_ref())?;
        let checked = blocking(move || settings.check()).await?;
        let settings = QuerySettings { max_lines: checked.max_lines };
        Ok(Self { sources: Arc::new(checked.sources), settings })
    }
}

/// The plugin with everything it can do.
pub fn plugin() -> Plugin<Source> {
    Plugin::with_instances("graftwire-logs-datasource", Source::open)
        .query_data()
        .check_health()
        .call_resource()
        .stream_data()
        .build_info(graftwire_sdk::build_info!())
}

/// Runs work that blocks or computes beside the tasks of the plugin.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // A panic is the caller's to report; there is no other way to fail here while the runtime lives.
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// Tells work on another thread that nobody waits for it any more.
#[derive(Debug, Default)]
struct Cancel(Arc<AtomicBool>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl QueryData for Source {
    async fn query(&self, cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        let (sources, settings) = (Arc::clone(&self.sources), self.settings);
        let cancel = Cancel::default();
        let (given_up, deadline) = (Arc::clone(&cancel.0), cx.deadline());
        // Fails only if it were closed, which nobody does.
        let turn = TURNS.acquire().await.ok();
        let frames = blocking(move || {
            // Held to the end also if nobody waits any more.
            let _turn = turn;
            let cancelled =
                || given_up.load(Ordering::Relaxed) || deadline.is_some_and(|at| Instant::now() >= at);
            query::frames(&sources, &query, settings, &cancelled)
        })
        .await;
        frames.map(Answer::from).map_err(query::QueryFailure::into_error)
    }
}
