//! The seam between the data source and an engine: one statement in, rows out.
//!
//! The step "answer". Each engine implements [`Upstream`]; everything before (macros) and after (frames) is shared. It
//! deliberately has no method that changes data.

use std::fmt::Debug;
use std::time::Duration;

use graftwire_model::BoxFuture;
use graftwire_sdk::model::ErrorSource;
use graftwire_sdk::sql::RowError;
use graftwire_sdk::sql::dialect::Dialect;
use serde::Serialize;

use crate::collector::Collector;

pub mod sqlite;

/// One engine, connected to one database.
pub trait Upstream: Send + Sync + Debug + 'static {
    /// How its SQL is written, and its macros.
    fn dialect(&self) -> &'static Dialect;

    /// Runs one statement and puts its rows into the collector. Dropping the future stops the statement. What was collected
    /// before an error stays.
    fn select(
        &self,
        sql: String,
        timeout: Duration,
        rows: Collector,
    ) -> BoxFuture<'_, Result<(), UpstreamError>>;

    /// What is to know of the database's state, found by a query that reads it.
    fn check(&self) -> BoxFuture<'_, Result<State, UpstreamError>>;

    /// Tables and views.
    fn tables(&self) -> BoxFuture<'_, Result<Vec<Table>, UpstreamError>>;

    /// The columns of a table; none if there is no such table.
    fn columns(&self, table: String) -> BoxFuture<'_, Result<Vec<TableColumn>, UpstreamError>>;

    /// The names of the functions that SQL can call.
    fn functions(&self) -> BoxFuture<'_, Result<Vec<String>, UpstreamError>>;
}

/// How a database stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The engine and its version.
    pub engine: String,
    /// Tables and views.
    pub tables: u64,
    /// The size of the database, in bytes.
    pub bytes: u64,
    /// How it keeps its journal: `delete`, `wal`, …
    pub journal: String,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// `table`, `view` or `virtual`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its declared type; may be empty.
    #[serde(rename = "type")]
    pub declared: String,
}

/// A statement that gave no answer, or only part of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// The database's file can't be used. The text says why and what to do.
    #[error("{0}")]
    Place(String),
    /// The statement would do something else than reading.
    #[error("{0}")]
    Refused(String),
    /// The statement is wrong.
    #[error("{0}")]
    Statement(String),
    /// A value that its column can't take.
    #[error(transparent)]
    Row(#[from] RowError),
    /// Somebody else holds the database.
    #[error("the database is locked by another program for more than {} s; let that one finish or commit, raise busyTimeoutSeconds, or switch the database to WAL (PRAGMA journal_mode = wal)", .waited.as_secs_f64())]
    Busy {
        /// How long it was waited.
        waited: Duration,
    },
    /// The statement took too long.
    #[error("the statement was stopped after {} s, the limit; select less, add an index, or raise queryTimeoutSeconds", .after.as_secs_f64())]
    Timeout {
        /// The limit.
        after: Duration,
    },
    /// Nobody waits for the answer any more.
    #[error("the query was cancelled")]
    Cancelled,
    /// The database is damaged.
    #[error(
        "the database is damaged: {0}; check it with `PRAGMA integrity_check`, then restore a backup or use `.recover` of the sqlite3 shell"
    )]
    Damaged(String),
    /// A limit on memory or size.
    #[error("{0}")]
    Limit(String),
    /// The engine failed in another way.
    #[error("{0}")]
    Engine(String),
    /// A column changed its type in the midst of a streamed answer.
    #[error(
        "column {column:?}: found {found} where {expected} was before, and a streamed answer keeps its types; convert it, as with CAST({column} AS TEXT)"
    )]
    Changed {
        /// The column.
        column: String,
        /// The type of the new rows.
        found: String,
        /// The type of the rows before.
        expected: String,
    },
}

impl UpstreamError {
    /// The HTTP-like status.
    #[must_use]
    pub const fn status(&self) -> i32 {
        match self {
            Self::Refused(_) => 403,
            Self::Statement(_) | Self::Row(_) | Self::Changed { .. } => 400,
            Self::Busy { .. } => 503,
            Self::Timeout { .. } => 504,
            Self::Cancelled => 499,
            Self::Place(_) | Self::Damaged(_) | Self::Engine(_) => 502,
            Self::Limit(_) => 413,
        }
    }

    /// Whose fault it is: everything here is of the query, the file or the database.
    #[must_use]
    pub const fn origin(&self) -> ErrorSource {
        ErrorSource::Downstream
    }
}
