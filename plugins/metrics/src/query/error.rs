//! Why a query has no frames, and how that is told to Grafana.
//!
//! It deliberately knows no protocol: statuses and origins are those of the model.

use graftwire_frame::FrameError;
use graftwire_model::ErrorSource;

use crate::promql::{ErrorClass, PromqlError};

/// A query without an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryFailure {
    /// The query's JSON isn't JSON.
    #[error("query: found text that is no JSON object; save the panel again")]
    Json(#[source] serde_json::Error),
    /// A field of the query's JSON has the wrong shape.
    #[error("query.{field}: found {found}, expected {expected}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The time range ends before it begins.
    #[error("query.timeRange: found from {from} after to {to}, expected from before to")]
    TimeRange {
        /// Milliseconds.
        from: i64,
        /// Milliseconds.
        to: i64,
    },
    /// The expression can't be read or evaluated.
    #[error(transparent)]
    Promql(PromqlError),
    /// The frames can't be made.
    #[error("the frames can't be encoded")]
    Frame(#[source] FrameError),
}

impl QueryFailure {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> i32 {
        match self {
            Self::Promql(error) => match error.class() {
                ErrorClass::BadRequest => 400,
                ErrorClass::Cancelled => 504,
                ErrorClass::Store => 500,
            },
            Self::Json(_) | Self::Field { .. } | Self::TimeRange { .. } => 400,
            Self::Frame(_) => 500,
        }
    }

    /// Whose fault it is: users' errors count as downstream, so that they don't count against the plugin.
    #[must_use]
    pub fn origin(&self) -> ErrorSource {
        match self.status() {
            500 => ErrorSource::Plugin,
            _ => ErrorSource::Downstream,
        }
    }

    /// The text with its causes, for an answer that nothing follows.
    #[must_use]
    pub fn with_causes(&self) -> String {
        graftwire_sdk::error_text(self)
    }
}
