//! One data source: what Grafana asks of it.
//!
//! It deliberately holds no lines: what is asked is read at that moment.

use graftwire_sdk::prelude::*;
use graftwire_sdk::{InstanceContext, InstanceError};

/// A data source over the logs of this machine.
#[derive(Debug)]
pub struct Source;

impl Source {
    /// Reads a data source's settings.
    ///
    /// # Errors
    /// Settings that can't be used.
    pub async fn open(_cx: InstanceContext) -> Result<Self, InstanceError> {
        Ok(Self)
    }
}

impl CheckHealth for Source {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_error("this data source reads no logs: it has no sources"))
    }
}
