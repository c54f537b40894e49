//! SQLite: one file, opened anew for each statement, for reading alone.
//!
//! Opening costs a fraction of a millisecond and keeps no memory between queries; a file that was replaced is seen at
//! once. Statements run on threads that end when they have nothing to do. It deliberately keeps no connection.
//!
//! | step | file |
//! |---|---|
//! | may this file be opened | `place` |
//! | what may a statement do | `guard` |
//! | declared types → column types | `declared` |
//! | rows → cells | `select` |
//! | tables, columns, functions | `catalog` |
//! | SQLite's errors → ours | `error` |

mod catalog;
mod declared;
mod error;
mod guard;
mod place;
mod select;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use graftwire_model::BoxFuture;
use graftwire_sdk::sql::dialect::{Dialect, SQLITE};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use self::error::Context;
pub(crate) use self::error::TWO_STATEMENTS;
use super::{State, Table, TableColumn, Upstream, UpstreamError};
use crate::collector::Collector;
use crate::settings::{Operator, Settings};

/// After how many steps of SQLite's machine it is asked whether to go on: a few microseconds.
const STEPS_BETWEEN_CHECKS: i32 = 1_000;
/// How long each wait for a lock is.
const BUSY_NAP: Duration = Duration::from_millis(5);

/// A SQLite database.
#[derive(Debug)]
pub struct Sqlite {
    settings: Arc<Settings>,
    operator: Operator,
}

impl Sqlite {
    /// A database by its settings. Nothing is opened yet: a file that isn't there now may be there later.
    #[must_use]
    pub fn new(settings: Arc<Settings>, operator: Operator) -> Self {
        Self { settings, operator }
    }

    /// Runs work over a fresh connection, on a thread of its own; dropped, it stops.
    async fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&Connection, &Context) -> Result<T, UpstreamError> + Send + 'static,
    ) -> Result<T, UpstreamError> {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.operator.threads).acquire_owned().await;
        let stop = Stop::default();
        let cx = Context {
            stopped: Arc::clone(&stop.0),
            deadline: Instant::now() + timeout,
            timeout,
            busy_timeout: self.settings.busy_timeout,
            max_cell: self.settings.max_cell,
        };
        let (settings, allowed, max_memory) =
            (Arc::clone(&self.settings), self.operator.allowed_paths.clone(), self.operator.max_memory);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let connection = open(&settings, &allowed, max_memory, &cx)?;
            work(&connection, &cx)
        });
        match done.await {
            Ok(done) => done,
            // A panic is the caller's to report; there is no other way to fail here while the runtime lives.
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
}

/// Tells work on another thread that nobody waits for it any more.
#[derive(Debug, Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn open(
    settings: &Settings,
    allowed: &[std::path::PathBuf],
    max_memory: u64,
    cx: &Context,
) -> Result<Connection, UpstreamError> {
    let file = place::checked(&settings.path, allowed)?;
    let mut flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let opened = if settings.immutable {
        flags |= OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(place::immutable_uri(&file), flags)
    } else {
        Connection::open_with_flags(&file, flags)
    };
    let mut connection = opened.map_err(|error| cx.error(error))?;
    restrict(&mut connection, max_memory, cx).map_err(|error| cx.error(error))?;
    Ok(connection)
}

/// Everything that keeps a statement within bounds, put on before the first one runs.
fn restrict(connection: &mut Connection, max_memory: u64, cx: &Context) -> rusqlite::Result<()> {
    let most = i32::try_from(cx.max_cell).unwrap_or(i32::MAX);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, most)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // A file that gets shorter while it is mapped would end the process.
    connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(())).or_else(no_rows)?;
    connection
        .pragma_update_and_check(
            None,
            "hard_heap_limit",
            i64::try_from(max_memory).unwrap_or(i64::MAX),
            |_| Ok(()),
        )
        .or_else(no_rows)?;
    let (stopped, deadline, patience) = (Arc::clone(&cx.stopped), cx.deadline, cx.busy_timeout);
    let mut waiting_since = None;
    connection.busy_handler(Some(move |count| {
        let now = Instant::now();
        if count == 0 {
            waiting_since = Some(now);
        }
        let waited = waiting_since.map_or(Duration::ZERO, |since| now - since);
        let go_on = waited < patience && now < deadline && !stopped.load(Ordering::Relaxed);
        if go_on {
            std::thread::sleep(BUSY_NAP);
        }
        go_on
    }))?;
    let (stopped, deadline) = (Arc::clone(&cx.stopped), cx.deadline);
    connection.progress_handler(
        STEPS_BETWEEN_CHECKS,
        Some(move || stopped.load(Ordering::Relaxed) || Instant::now() >= deadline),
    )?;
    connection.authorizer(Some(guard::judge))
}

/// Some of SQLite's settings answer with their value, some with nothing.
fn no_rows(error: rusqlite::Error) -> rusqlite::Result<()> {
    if error == rusqlite::Error::QueryReturnedNoRows { Ok(()) } else { Err(error) }
}

impl Upstream for Sqlite {
    fn dialect(&self) -> &'static Dialect {
        &SQLITE
    }

    fn select(
        &self,
        sql: String,
        timeout: Duration,
        rows: Collector,
    ) -> BoxFuture<'_, Result<(), UpstreamError>> {
        let timeout = timeout.min(self.settings.query_timeout);
        Box::pin(self.run(timeout, move |connection, cx| select::rows(connection, &sql, rows, cx)))
    }

    fn check(&self) -> BoxFuture<'_, Result<State, UpstreamError>> {
        Box::pin(self.run(self.settings.query_timeout, catalog::state))
    }

    fn tables(&self) -> BoxFuture<'_, Result<Vec<Table>, UpstreamError>> {
        Box::pin(self.run(self.settings.query_timeout, catalog::tables))
    }

    fn columns(&self, table: String) -> BoxFuture<'_, Result<Vec<TableColumn>, UpstreamError>> {
        Box::pin(
            self.run(self.settings.query_timeout, move |connection, cx| {
                catalog::columns(connection, &table, cx)
            }),
        )
    }

    fn functions(&self) -> BoxFuture<'_, Result<Vec<String>, UpstreamError>> {
        Box::pin(self.run(self.settings.query_timeout, catalog::functions))
    }
}
