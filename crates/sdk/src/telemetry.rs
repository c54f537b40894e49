//! The plugin's own metrics, under the names that dashboards for Go plugins use.
//!
//! Text format 0.0.4. It deliberately opens no port: hosts ask for the text through the protocol.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use graftwire_model::{CallError, Capability, Code, ErrorSource};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

mod classic;
mod process;

/// The registry of the plugin's own metrics; cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    registry: Arc<Mutex<Registry>>,
    requests: Family<RequestLabels, Counter>,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: &'static str,
    status: &'static str,
    status_source: &'static str,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Cancelled,
    Error(ErrorSource),
}

impl Outcome {
    /// A request failed if one of its queries did; it is downstream's fault only if no query was the plugin's.
    pub(crate) fn of_queries(outcomes: impl IntoIterator<Item = Self>) -> Self {
        outcomes.into_iter().fold(Self::Ok, |whole, one| match (whole, one) {
            (Self::Error(ErrorSource::Plugin), _) | (_, Self::Error(ErrorSource::Plugin)) => {
                Self::Error(ErrorSource::Plugin)
            }
            (Self::Error(source), _) | (_, Self::Error(source)) => Self::Error(source),
            (whole, _) => whole,
        })
    }

    pub(crate) const fn status(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Cancelled => "cancelled",
            Self::Error(_) => "error",
        }
    }

    /// `plugin` also where nothing failed, as in the Go SDK.
    pub(crate) const fn source(self) -> ErrorSource {
        match self {
            Self::Error(source) => source,
            Self::Ok | Self::Cancelled => ErrorSource::Plugin,
        }
    }
}

impl Telemetry {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let requests = Family::<RequestLabels, Counter>::default();
        registry.register("grafana_plugin_request", "Requests answered by the plugin", requests.clone());
        process::register(&mut registry);
        Self { registry: Arc::new(Mutex::new(registry)), requests }
    }

    /// Adds metrics of the plugin's own to the registry.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn count_request(&self, capability: Capability, outcome: Outcome) {
        let labels = RequestLabels {
            endpoint: capability.endpoint(),
            status: outcome.status(),
            status_source: outcome.source().as_str(),
        };
        self.requests.get_or_create(&labels).inc();
    }

    /// All metrics as text; the counts of instances are those of now.
    pub(crate) fn text(&self, instances: u64, instances_made: u64) -> Result<String, CallError> {
        let mut open_metrics = String::new();
        encode(&mut open_metrics, &self.registry.lock().unwrap_or_else(PoisonError::into_inner)).map_err(
            |cause| CallError::new(Code::Internal, "a metric can't be written as text").with_cause(cause),
        )?;
        let mut text = classic::from_open_metrics(&open_metrics);
        let _ = write!(
            text,
            "# HELP plugins_active_instances Instances kept now.\n# TYPE plugins_active_instances gauge\n\
             plugins_active_instances {instances}\n\
             # HELP plugins_datasource_instances_total Instances made since the start.\n\
             # TYPE plugins_datasource_instances_total counter\nplugins_datasource_instances_total {instances_made}\n"
        );
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
