//! Bytes → lines, in bounded memory: what is longer than the limit comes out in pieces.
//!
//! It deliberately does not interpret a line; `entry.rs` does.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The longest line that is read in one piece, as in Grafana's own reader.
pub(crate) const MAX_LINE: usize = 64 * 1024;

/// Reads lines, or pieces of lines that are too long.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    splitter: Splitter,
}

/// A line without its line end, or a piece of one that is longer than [`MAX_LINE`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    /// It is a whole line, not a piece of one.
    pub(crate) whole: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader: BufReader::new(reader), splitter: Splitter::default() }
    }

    /// The next line or piece; `None` at the end. A last line without line end counts. Can be cancelled: what
    /// was read stays for the next call.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                return Ok(self.splitter.finish());
            }
            let (used, piece) = self.splitter.take(available);
            self.reader.consume(used);
            if piece.is_some() {
                return Ok(piece);
            }
        }
    }

    /// The reader with what it has read ahead, for whoever wants bytes from here on.
    pub(crate) fn into_reader(self) -> BufReader<R> {
        self.reader
    }
}

/// Cuts chunks of bytes, however they arrive, into lines and pieces.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    pending: Vec<u8>,
    continues: bool,
}

impl Splitter {
    /// Takes bytes up to the end of a line or of a piece: how many, and what became complete.
    pub(crate) fn take(&mut self, chunk: &[u8]) -> (usize, Option<Piece>) {
        let room = MAX_LINE.saturating_sub(self.pending.len());
        let window = chunk.get(..room).unwrap_or(chunk);
        if let Some(end) = window.iter().position(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(window.get(..end).unwrap_or_default());
            // A long line that ends exactly where a piece ended has no further piece.
            let rest = !(self.continues && self.pending.is_empty());
            let piece = self.complete(true);
            return (end + 1, rest.then_some(piece));
        }
        self.pending.extend_from_slice(window);
        let full = self.pending.len() >= MAX_LINE;
        (window.len(), full.then(|| self.complete(false)))
    }

    /// What is left when no more bytes come.
    pub(crate) fn finish(&mut self) -> Option<Piece> {
        (!self.pending.is_empty()).then(|| self.complete(true))
    }

    fn complete(&mut self, line_ends: bool) -> Piece {
        let mut bytes = std::mem::take(&mut self.pending);
        if line_ends && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let whole = line_ends && !self.continues;
        self.continues = !line_ends;
        Piece { bytes, whole }
    }
}
