//! SQLite's errors → what was found, where, and what to do.
//!
//! It deliberately keeps SQLite's own words for wrong statements: people look them up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::ErrorCode;

use crate::upstream::UpstreamError;

/// What bounds one run, which its errors name.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) stopped: Arc<AtomicBool>,
    pub(super) deadline: Instant,
    pub(super) timeout: Duration,
    pub(super) busy_timeout: Duration,
    pub(super) max_cell: u64,
}

impl Context {
    pub(super) fn error(&self, error: rusqlite::Error) -> UpstreamError {
        let text = text_of(&error);
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) if self.stopped.load(Ordering::Relaxed) => {
                UpstreamError::Cancelled
            }
            Some(ErrorCode::OperationInterrupted) => UpstreamError::Timeout { after: self.timeout },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
                if self.stopped.load(Ordering::Relaxed) =>
            {
                UpstreamError::Cancelled
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                let waited = if Instant::now() >= self.deadline { self.timeout } else { self.busy_timeout };
                UpstreamError::Busy { waited }
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => UpstreamError::Damaged(text),
            Some(ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly) => {
                UpstreamError::Refused(format!(
                    "{text}: this data source only reads; statements that write, attach databases, change settings or load code are refused"
                ))
            }
            Some(ErrorCode::TooBig) => UpstreamError::Limit(format!(
                "{text}: a text or blob of more than {} bytes; select a part of it, as with substr(), or raise maxCellMegabytes",
                self.max_cell
            )),
            Some(ErrorCode::OutOfMemory) => UpstreamError::Limit(format!(
                "{text}: the statement needs more memory than the operator allows (max_memory_megabytes); select less or add an index for its ORDER BY"
            )),
            Some(ErrorCode::CannotOpen) => UpstreamError::Engine(format!(
                "{text}: SQLite can't open the database or a file beside it; a database in WAL mode needs a folder that the user of Grafana may write, or the setting immutable if nobody writes to it"
            )),
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied) => {
                UpstreamError::Engine(format!(
                    "{text}: the disk or the system failed while SQLite read; see the system's log"
                ))
            }
            Some(ErrorCode::Unknown) | None => self.statement(&error, text),
            Some(_) => UpstreamError::Engine(text),
        }
    }

    fn statement(&self, error: &rusqlite::Error, text: String) -> UpstreamError {
        match error {
            rusqlite::Error::MultipleStatement => UpstreamError::Statement(TWO_STATEMENTS.to_owned()),
            // Raised by the statement itself where a function or operator meets a value it can't take.
            _ if text.is_empty() => UpstreamError::Engine(format!("SQLite failed: {error:?}")),
            _ => UpstreamError::Statement(text),
        }
    }
}

/// What is said of a text with more than one statement.
pub(crate) const TWO_STATEMENTS: &str = "found a second statement after the first semicolon, expected one statement per query; put it into a query of its own";

fn text_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        rusqlite::Error::SqlInputError { msg, sql, offset, .. } => located(msg, sql, *offset),
        error => error.to_string(),
    }
}

/// The message with the line and column that SQLite gives as an offset.
fn located(message: &str, sql: &str, offset: i32) -> String {
    let before = usize::try_from(offset).ok().and_then(|offset| sql.get(..offset));
    match before {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}: {message}")
        }
        None => message.to_owned(),
    }
}
