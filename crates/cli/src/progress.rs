//! What is going on, for a person who waits: a line on stderr that comes and goes.
//!
//! It deliberately shows nothing when stderr is no terminal, so that logs of scripts stay clean.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use graftwire_host::{LogBook, LogRecord};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the line moves.
const TICK: Duration = Duration::from_millis(120);

/// A waiting line on stderr. It goes away when dropped.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins to show; with `logs` lines of text come instead of a moving one.
    pub(crate) fn begin(logs: bool) -> Self {
        let shown = !logs && std::io::stderr().is_terminal();
        let bar = ProgressBar::new_spinner();
        if shown {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { bar }
    }

    /// Changes what is said, and shows the line again if it was taken away.
    pub(crate) fn say(&self, text: impl Into<Cow<'static, str>>) {
        if self.bar.is_finished() && !self.bar.is_hidden() {
            self.bar.reset();
            self.bar.enable_steady_tick(TICK);
        }
        self.bar.set_message(text);
    }

    /// Takes the line away, so that output can come.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints a line on stderr that stays. Whether anybody can read it is not our concern.
    pub(crate) fn print(&self, line: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    /// Prints the records of a log as they come.
    pub(crate) fn follow(&self, book: &LogBook) {
        let (progress, mut feed) = (self.clone(), book.subscribe());
        tokio::spawn(async move {
            while let Some(record) = feed.next().await {
                progress.print(&log_line(&record));
            }
        });
    }
}

/// A log record as one line.
pub(crate) fn log_line(record: &LogRecord) -> String {
    let mut line = format!("[{}] {}", record.level, record.message);
    for (key, value) in &record.pairs {
        line.push_str(&format!(" {key}={value}"));
    }
    line
}
