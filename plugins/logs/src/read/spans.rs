//! Places of a file → times: one span for each block of a file.
//!
//! A block holds the lines that begin inside of it. For each the earliest and the latest time of its lines is kept, so
//! that a window of time needs a few blocks only, however large the file. At first the spans of a large file are
//! sampled: the times at the beginnings of blocks, with some room. A block that was read has its exact span. It
//! deliberately does no I/O: `index` reads and writes.

use super::Window;

/// The least size of a block.
pub const LEAST_BLOCK: u64 = 256 * 1024;
/// The most spans per file; blocks of larger files are larger (16 GiB fit in the least size).
pub const MAX_SPANS: u64 = 65_536;
/// How far lines may stand from their neighbours' times before their block was read: 2 minutes.
pub const ROOM: i64 = 120_000_000_000;

/// The times of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// No line is earlier. `i64::MAX` in a block without lines.
    pub first: i64,
    /// No line is later. `i64::MIN` in a block without lines.
    pub last: i64,
    /// Whether every line was looked at; otherwise it is a guess from samples.
    pub exact: bool,
}

impl Span {
    /// No lines.
    pub const EMPTY: Self = Self { first: i64::MAX, last: i64::MIN, exact: true };

    /// The span with one more time.
    #[must_use]
    pub fn with(self, at: i64) -> Self {
        Self { first: self.first.min(at), last: self.last.max(at), exact: self.exact }
    }
}

/// The spans of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans {
    /// Bytes per block.
    pub block: u64,
    /// Bytes of the file that are covered.
    pub covered: u64,
    /// One span for each block.
    pub spans: Vec<Span>,
}

impl Spans {
    /// For a file of a size, nothing known as yet.
    #[must_use]
    pub fn for_size(size: u64) -> Self {
        let mut block = LEAST_BLOCK;
        // Twice what is needed now, so that a growing file stays within its number of spans for long.
        while size.saturating_mul(2) / block > MAX_SPANS {
            block *= 2;
        }
        Self { block, covered: 0, spans: Vec::new() }
    }

    /// How many blocks a file of a size has.
    #[must_use]
    pub fn blocks_of(&self, size: u64) -> u64 {
        size.div_ceil(self.block)
    }

    /// Which blocks may have lines in a window, in order of the file.
    pub fn meeting(&self, window: Window) -> impl DoubleEndedIterator<Item = u64> + '_ {
        let meets = move |(at, span): (usize, &Span)| {
            window.meets(span.first, span.last).then(|| u64::try_from(at).unwrap_or(u64::MAX))
        };
        self.spans.iter().enumerate().filter_map(meets)
    }

    /// The times of the whole file.
    #[must_use]
    pub fn bounds(&self) -> (i64, i64) {
        let all = self.spans.iter().fold(Span::EMPTY, |all, span| Span {
            first: all.first.min(span.first),
            last: all.last.max(span.last),
            exact: true,
        });
        (all.first, all.last)
    }

    /// Puts what reading a block has shown.
    pub fn learn(&mut self, block: u64, span: Span) -> bool {
        let Some(known) = usize::try_from(block).ok().and_then(|at| self.spans.get_mut(at)) else {
            return false;
        };
        let news = *known != span;
        *known = span;
        news
    }
}

/// Spans from the times at the beginnings of blocks; `None` where a block has no line with a time. `end` is the time
/// after the last block.
#[must_use]
pub fn sampled(starts: &[Option<i64>], end: i64) -> Vec<Span> {
    let mut spans = vec![Span::EMPTY; starts.len()];
    let mut next = end;
    for (at, start) in starts.iter().enumerate().rev() {
        let before = starts.get(..at).into_iter().flatten().rev().flatten().next().copied();
        let start = start.or(before).unwrap_or(next);
        if let Some(span) = spans.get_mut(at) {
            *span = Span {
                first: start.min(next).saturating_sub(ROOM),
                last: start.max(next).saturating_add(ROOM),
                exact: false,
            };
        }
        next = start;
    }
    spans
}

#[cfg(test)]
mod tests;
