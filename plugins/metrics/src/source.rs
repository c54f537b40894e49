//! One data source: what Grafana asks of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use graftwire_sdk::prelude::*;
use graftwire_sdk::settings;
use graftwire_sdk::{InstanceContext, InstanceError};
use tokio::sync::Semaphore;

use crate::engine::{Engines, Lease};
use crate::query::{self, QuerySettings};
use crate::settings::Settings;

mod health;
mod live;
mod resources;

/// How many queries are evaluated at once, in the whole process; others wait for their turn.
const EVALUATIONS: usize = 8;
static TURNS: Semaphore = Semaphore::const_new(EVALUATIONS);

/// A data source over the shared engine.
#[derive(Debug)]
pub struct Source {
    lease: Lease,
}

impl Source {
    /// Reads a data source's settings and gets its engine.
    ///
    /// # Errors
    /// Settings that can't be used, or a store that can't be opened.
    pub async fn open(engines: Arc<Engines>, cx: InstanceContext) -> Result<Self, InstanceError> {
        let settings: Settings = settings::of_instance(cx.data_source.as_ref(), cx.app.as_ref())?;
        let owner = cx.data_source.map(|settings| format!("{:?} (uid {:?})", settings.name, settings.uid));
        let owner = owner.unwrap_or_default();
        blocking(move || engines.lease(&owner, settings)).await.map(|lease| Self { lease })
    }
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
        let (store, settings) = (Arc::clone(&self.lease.engine.store), self.query_settings());
        let cancel = Cancel::default();
        let (given_up, deadline) = (Arc::clone(&cancel.0), cx.deadline());
        // Fails only if it were closed, which nobody does.
        let turn = TURNS.acquire().await.ok();
        let frames = blocking(move || {
            // Held to the end also if nobody waits any more.
            let _turn = turn;
            let cancelled =
                || given_up.load(Ordering::Relaxed) || deadline.is_some_and(|at| Instant::now() >= at);
            query::frames(store.as_ref(), &query, &settings, &cancelled)
        })
        .await;
        frames.map(Answer::from).map_err(|failure| {
            let text = failure.with_causes();
            let error = match failure.origin() {
                ErrorSource::Plugin => QueryError::plugin(text),
                ErrorSource::Downstream => QueryError::downstream(text),
            };
            error.with_status(failure.status())
        })
    }
}

impl Source {
    /// Queries follow the distance in which this data source's engine collects.
    fn query_settings(&self) -> QuerySettings {
        QuerySettings { scrape_interval: self.lease.engine.interval(), ..QuerySettings::default() }
    }
}
