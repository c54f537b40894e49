//! Lines as they are handed on: one buffer of bytes and where each line lies in it.
//!
//! It deliberately copies no line twice: buffers are filled, passed on and filled again.

use crate::logql::Labels;

/// Some lines of one place, in the order asked for.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) found: Vec<Found>,
    /// The streams that lines of this batch belong to.
    pub(super) streams: Vec<Labels>,
    /// Bytes that were looked at for it.
    pub(super) looked_at: u64,
}

/// Where a line lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) at: i64,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) stream: u32,
    pub(super) cut: bool,
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// Its text without the line's end; any bytes.
    pub text: &'a [u8],
    /// The stream it belongs to.
    pub labels: &'a Labels,
    /// Whether it was longer than [`super::MAX_LINE`].
    pub cut: bool,
}

impl Batch {
    /// Empties it; memory is kept.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.found.clear();
        self.streams.clear();
        self.looked_at = 0;
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// A line by its place in the batch.
    #[must_use]
    pub fn line(&self, index: usize) -> Option<Line<'_>> {
        let found = self.found.get(index)?;
        Some(Line {
            at: found.at,
            text: self.bytes.get(found.start..found.end)?,
            labels: self.streams.get(usize::try_from(found.stream).ok()?)?,
            cut: found.cut,
        })
    }

    /// Every line.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (0..self.len()).filter_map(|index| self.line(index))
    }

    /// Makes a stream known and gives its number. Few streams share a batch, so they are looked through.
    pub(super) fn stream(&mut self, labels: &Labels) -> u32 {
        let at = self.streams.iter().position(|known| known == labels).unwrap_or_else(|| {
            self.streams.push(labels.clone());
            self.streams.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// Adds a line whose text is not in the buffer yet.
    pub(super) fn push(&mut self, at: i64, text: &[u8], stream: u32) {
        let kept = text.get(..super::MAX_LINE).unwrap_or(text);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(kept);
        self.found.push(Found { at, start, end: self.bytes.len(), stream, cut: kept.len() < text.len() });
    }
}
