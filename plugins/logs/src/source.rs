//! One data source: what Grafana asks of it.
//!
//! It deliberately holds no lines: what is asked is read at that moment.

use std::sync::Arc;

use graftwire_sdk::blocking::{self, Turns};
use graftwire_sdk::prelude::*;
use graftwire_sdk::settings;
use graftwire_sdk::{InstanceContext, InstanceError, Plugin};

use crate::query::{self, QuerySettings};
use crate::read::sources::Sources;
use crate::settings::Settings;

mod health;
mod resources;
mod tail;

/// How many queries read at once, in the whole process; others wait for their turn. Each holds a block of every file
/// that it reads.
const READERS: usize = 8;
static TURNS: Turns = Turns::new(READERS);
/// How many health checks, resources and looks of live tails read at once. They have turns of their own, so that long
/// queries keep none of them waiting, nor the other way round.
const LOOKERS: usize = 4;
static LOOKS: Turns = Turns::new(LOOKERS);

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
        let checked = blocking::run(move || settings.check()).await?;
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

impl QueryData for Source {
    async fn query(&self, cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        let (sources, settings) = (Arc::clone(&self.sources), self.settings);
        let frames =
            TURNS.run(cx, move |cancelled| query::frames(&sources, &query, settings, cancelled)).await;
        frames.map(Answer::from).map_err(query::QueryFailure::into_error)
    }
}
