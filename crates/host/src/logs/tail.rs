//! The last lines a process wrote to stderr, verbatim, for error texts.
//!
//! It deliberately keeps raw lines: after a failed start the reader wants what the plugin wrote, not what a
//! log format made of it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

const MAX_LINES: usize = 50;
const MAX_BYTES: usize = 16 * 1024;

/// At most the last 50 lines and 16 KiB that a plugin wrote to stderr.
///
/// `Display` gives nothing for an empty tail, else a line break, `stderr:` and the lines, indented.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StderrTail(Vec<String>);

impl StderrTail {
    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for StderrTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        f.write_str("\nstderr:")?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Collects the tail while the process runs.
#[derive(Debug, Clone)]
pub(crate) struct TailKeeper(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    lines: Mutex<VecDeque<String>>,
    complete: watch::Sender<bool>,
}

impl TailKeeper {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { lines: Mutex::default(), complete: watch::channel(false).0 }))
    }

    pub(crate) fn push(&self, line: &str) {
        let mut lines = self.lines();
        lines.push_back(cut(line, MAX_BYTES));
        while lines.len() > MAX_LINES || lines.iter().map(String::len).sum::<usize>() > MAX_BYTES {
            lines.pop_front();
        }
    }

    /// Nothing more will come.
    pub(crate) fn finish(&self) {
        self.0.complete.send_replace(true);
    }

    pub(crate) fn tail(&self) -> StderrTail {
        StderrTail(self.lines().iter().cloned().collect())
    }

    /// The tail once stderr has ended, or after `patience`: a helper the plugin started may keep it open.
    pub(crate) async fn last_words(&self, patience: Duration) -> StderrTail {
        let mut complete = self.0.complete.subscribe();
        let _ = tokio::time::timeout(patience, complete.wait_for(|complete| *complete)).await;
        self.tail()
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text, or its beginning and a mark if it is longer than `limit` bytes.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mark = " …(cut)";
    let end = text.floor_char_boundary(limit.saturating_sub(mark.len()));
    format!("{}{mark}", text.get(..end).unwrap_or_default())
}
