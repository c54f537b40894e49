//! A page that arrives in pieces, cut into lines.
//!
//! Only a line that spans two pieces is copied, so that a page is never held as a whole. It deliberately doesn't look
//! into the lines.

use super::error::ScrapeError;
use super::text::LineError;

/// Between two pieces of a page.
#[derive(Debug)]
pub(super) struct Lines {
    partial: Vec<u8>,
    number: u64,
    limit: usize,
}

impl Lines {
    /// Before the first piece. `limit` bounds a line's bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { partial: Vec::new(), number: 0, limit }
    }

    /// Passes on each line that is complete now, with its number from 1.
    pub(super) fn feed(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(u64, &[u8]) -> Result<(), ScrapeError>,
    ) -> Result<(), ScrapeError> {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.check_length(part)?;
            match part.strip_suffix(b"\n") {
                None => self.partial.extend_from_slice(part),
                Some(end) if self.partial.is_empty() => {
                    self.number += 1;
                    each(self.number, end)?;
                }
                Some(end) => {
                    self.partial.extend_from_slice(end);
                    self.number += 1;
                    each(self.number, &self.partial)?;
                    self.partial.clear();
                }
            }
        }
        Ok(())
    }

    /// Passes on the last line if no line break ended it, and returns how many lines there were.
    pub(super) fn finish(
        mut self,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), ScrapeError>,
    ) -> Result<u64, ScrapeError> {
        if !self.partial.is_empty() {
            self.number += 1;
            each(self.number, &self.partial)?;
        }
        Ok(self.number)
    }

    fn check_length(&self, part: &[u8]) -> Result<(), ScrapeError> {
        if self.partial.len() + part.len() <= self.limit {
            return Ok(());
        }
        let expected = format!("at most {} bytes in a line", self.limit);
        Err(ScrapeError::Line { line: self.number + 1, problem: LineError::new("a longer line", expected) })
    }
}

#[cfg(test)]
mod tests;
