//! One data source: what Grafana asks of it.

use std::sync::Arc;

use graftwire_sdk::prelude::*;
use graftwire_sdk::sql::RowLimits;
use graftwire_sdk::{InstanceContext, InstanceError};

use crate::query;
use crate::settings::{Operator, Settings};
use crate::upstream::Upstream;
use crate::upstream::sqlite::Sqlite;

mod health;
mod resources;

/// A data source over one database.
#[derive(Debug)]
pub struct Source {
    upstream: Box<dyn Upstream>,
    settings: Arc<Settings>,
    response_limit: Option<String>,
}

impl Source {
    /// Reads a data source's settings.
    ///
    /// # Errors
    /// Settings that can't be used. A database that can't be opened is told by the health check and by queries.
    pub fn open(operator: &Operator, cx: InstanceContext) -> Result<Self, InstanceError> {
        let json_data = cx.data_source.map(|settings| settings.json_data).unwrap_or_default();
        let settings = Arc::new(Settings::read(&json_data)?);
        let upstream = Box::new(Sqlite::new(Arc::clone(&settings), operator.clone()));
        Ok(Self { upstream, settings, response_limit: operator.response_limit.clone() })
    }

    fn limits(&self, cx: &RequestContext) -> RowLimits {
        let grafana = RowLimits::of(&cx.plugin.grafana_config, |_| self.response_limit.clone());
        self.settings.limits(grafana)
    }
}

impl QueryData for Source {
    async fn query(&self, cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        query::answer(self.upstream.as_ref(), cx, &query, self.limits(cx)).await.map(Answer::from)
    }
}

impl QueryChunked for Source {
    async fn query_chunked(
        &self,
        cx: &RequestContext,
        query: Query,
        mut chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        query::stream(self.upstream.as_ref(), cx, query, self.limits(cx), &mut chunks).await
    }
}
