//! One data source: what Grafana asks of it, one trait for each kind of question.
//!
//! It deliberately computes nothing; that is what `query` is for.

use graftwire_sdk::prelude::*;

use crate::query::{Shape, WaveQuery};
use crate::settings::Settings;

/// A data source with its settings. It is made anew whenever they change.
#[derive(Debug)]
pub struct Source {
    settings: Settings,
}

impl Source {
    /// Reads the data source's settings.
    ///
    /// # Errors
    /// Settings that can't be used; the text is shown to the user.
    pub fn open(cx: &InstanceContext) -> Result<Self, InstanceError> {
        let Some(source) = &cx.data_source else {
            return Err(InstanceError::new("this plugin answers for data sources only"));
        };
        Ok(Self { settings: Settings::read(&source.json_data)? })
    }
}

impl QueryData for Source {
    async fn query(&self, _cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        WaveQuery::read(&query.json)?.answer(&query, &self.settings).map(Answer::from)
    }
}

impl CheckHealth for Source {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok(format!("one wave in {} s", self.settings.period_seconds)))
    }
}

impl CallResource for Source {
    /// `shapes`: the list of the query editor.
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        match request.path.trim_matches('/') {
            "shapes" => ResourceResponse::json(200, &Shape::ALL),
            path => {
                let message = format!("no resource {path:?}; there is shapes");
                ResourceResponse::json(404, &serde_json::json!({ "message": message }))
            }
        }
    }
}
