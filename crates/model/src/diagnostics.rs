//! Health checks and the plugin's own metrics.

use bytes::Bytes;

use crate::{Headers, PluginContext};

/// A health check, of the plugin or of one data source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HealthRequest {
    /// Who asks, and which data source or app.
    pub context: PluginContext,
    /// Headers, see [`Headers`].
    pub headers: Headers,
}

/// The answer to a health check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthResponse {
    /// How it stands.
    pub status: HealthStatus,
    /// One line for a person.
    pub message: String,
    /// A JSON object with more; empty = none.
    pub json_details: Bytes,
}

/// How a plugin or data source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HealthStatus {
    /// Not said.
    #[default]
    Unknown,
    /// It works.
    Ok,
    /// It does not.
    Error,
}

impl HealthStatus {
    /// The word that Grafana's API shows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }
}

/// A request for the plugin's own metrics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetricsRequest {
    /// At most the plugin's id is set by real servers.
    pub context: PluginContext,
}

/// The plugin's own metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetricsResponse {
    /// Prometheus text format 0.0.4.
    pub prometheus: Bytes,
}
