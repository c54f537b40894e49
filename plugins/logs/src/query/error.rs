//! Why a query has no frames, and how that is told to Grafana.
//!
//! It deliberately knows no protocol: statuses and origins are those of the model.

use graftwire_sdk::{QueryError, error_text};

use crate::logql::{MetricError, ParseError};

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
    /// The expression can't be read.
    #[error("expr: {0}")]
    LogQl(ParseError),
    /// The expression can't be counted.
    #[error("expr: {0}")]
    Metric(MetricError),
    /// Nobody waits any more, or the time is over.
    #[error("the query was given up after {lines} lines; ask for a shorter time or fewer streams")]
    GivenUp {
        /// Lines that were read.
        lines: u64,
    },
}

impl QueryFailure {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> i32 {
        match self {
            Self::GivenUp { .. } => 504,
            _ => 400,
        }
    }

    /// As the SDK takes it. All of these are the user's to mend, so they don't count against the plugin.
    #[must_use]
    pub fn into_error(self) -> QueryError {
        QueryError::downstream(error_text(&self)).with_status(self.status())
    }
}
