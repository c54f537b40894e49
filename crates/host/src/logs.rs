//! What a plugin says: its stderr, line by line, as records.
//!
//! It deliberately has no opinion on where records go: they are kept, sent to listeners, and given to `tracing`
//! (target `plugin`).

mod book;
mod entry;
mod lines;
mod record;
mod tail;
#[cfg(test)]
mod tests;

use tokio::io::AsyncRead;

pub use book::{DEFAULT_KEPT_RECORDS, LogBook, LogFeed};
pub(crate) use lines::{Lines, Piece, Splitter};
pub use record::{Channel, Level, LogRecord};
pub use tail::StderrTail;
pub(crate) use tail::{TailKeeper, cut};

/// Reads a process's stderr to its end. It never stops reading early, so the process never blocks on it.
pub(crate) async fn follow_stderr(stderr: impl AsyncRead + Unpin, book: LogBook, tail: TailKeeper) {
    let mut lines = Lines::new(stderr);
    let mut parser = entry::StderrParser::default();
    loop {
        match lines.next().await {
            Ok(Some(piece)) => {
                let line = String::from_utf8_lossy(&piece.bytes);
                tail.push(&line);
                book.push(parser.record(&line, piece.whole));
            }
            Ok(None) => break,
            Err(error) => {
                book.remark(Level::Warn, format!("stderr can't be read any more: {error}"));
                break;
            }
        }
    }
    tail.finish();
}
