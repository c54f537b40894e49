//! One data source: what Grafana asks of it.

use std::sync::Arc;

use graftwire_sdk::blocking::{self, Turns};
use graftwire_sdk::prelude::*;
use graftwire_sdk::settings;
use graftwire_sdk::{InstanceContext, InstanceError};

use crate::engine::{Engines, Lease};
use crate::query::{self, QuerySettings};
use crate::settings::Settings;

mod health;
mod live;
mod resources;

/// How many queries are evaluated at once, in the whole process; others wait for their turn.
const EVALUATIONS: usize = 8;
static TURNS: Turns = Turns::new(EVALUATIONS);
/// How many resources and rows of live channels are evaluated at once. They have turns of their own, so that long
/// queries keep none of them waiting, nor the other way round.
const LOOKERS: usize = 4;
static LOOKS: Turns = Turns::new(LOOKERS);

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
        blocking::run(move || engines.lease(&owner, settings)).await.map(|lease| Self { lease })
    }
}

impl QueryData for Source {
    async fn query(&self, cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        let (store, settings) = (Arc::clone(&self.lease.engine.store), self.query_settings());
        let frames =
            TURNS.run(cx, move |cancelled| query::frames(store.as_ref(), &query, &settings, cancelled)).await;
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
