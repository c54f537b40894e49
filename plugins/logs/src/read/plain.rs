//! Places of a file → lines: a file that is not packed, block by block, in either direction.
//!
//! It deliberately keeps one block in memory, and no place in the file between blocks but the number of the next one.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::batch::{Batch, Found};
use super::files::Shape;
use super::index::{FileKey, Index};
use super::spans::{Span, Spans};
use super::stamp::{StampContext, stamp};
use super::{Cursor, Direction, MAX_LINE, ReadError, Window};

/// How much is read at once beyond a block's end, for its last line.
const BEYOND: usize = 64 * 1024;
/// How far from a block's beginning its first time is looked for when a file is sampled.
const SAMPLE: usize = 16 * 1024;
/// Where a file is looked at to see whether it is text.
const HEAD: usize = 8 * 1024;

/// Reads one file within a window.
pub(super) struct PlainCursor {
    file: File,
    path: PathBuf,
    size: u64,
    spans: Spans,
    blocks: VecDeque<u64>,
    window: Window,
    direction: Direction,
    shape: Arc<Shape>,
    context: StampContext,
    /// The last time seen and the block it was in.
    carry: Option<(u64, i64)>,
    known: Option<(Arc<Index>, FileKey)>,
    buffer: Vec<u8>,
    lines: Vec<Place>,
}

/// Where a line lies in the buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) cut: bool,
}

/// What a cursor over a file is made of.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) spans: Spans,
    pub(super) context: StampContext,
    /// Where exact spans are kept for the next query.
    pub(super) known: Option<(Arc<Index>, FileKey)>,
}

impl PlainCursor {
    pub(super) fn new(opened: Opened, window: Window, direction: Direction, shape: Arc<Shape>) -> Self {
        let Opened { file, path, size, spans, context, known } = opened;
        let mut blocks: VecDeque<u64> = spans.meeting(window).collect();
        if direction == Direction::Backward {
            blocks.make_contiguous().reverse();
        }
        Self {
            file,
            path,
            size,
            spans,
            blocks,
            window,
            direction,
            shape,
            context,
            carry: None,
            known,
            buffer: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The time of lines at a block's beginning that have none: that of the line before, if it is known.
    fn carried(&self, block: u64) -> Option<i64> {
        let before = block.checked_sub(1)?;
        match self.carry {
            Some((of, at)) if of == before => Some(at),
            _ => {
                let span = self.spans.spans.get(usize::try_from(before).ok()?)?;
                (span.exact && span.first <= span.last).then_some(span.last)
            }
        }
    }
}

impl Cursor for PlainCursor {
    fn bounds(&self) -> (i64, i64) {
        let (first, last) = self.spans.bounds();
        (first.max(self.window.from), last.min(self.window.to))
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        batch.clear();
        let Some(block) = self.blocks.pop_front() else { return Ok(false) };
        read_block(&self.file, self.size, self.spans.block, block, &mut self.buffer, &mut self.lines)
            .map_err(ReadError::system(&self.path, "read"))?;
        batch.looked_at = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        let times = times_of(&self.buffer, &self.lines, self.carried(block), &self.context);
        let mut span = Span::EMPTY;
        for at in &times {
            span = span.with(*at);
        }
        if let Some(last) = times.last() {
            self.carry = Some((block, *last));
        }
        // The last block of a file that grows is looked at again next time.
        if self.spans.learn(block, span)
            && let Some((index, key)) = &self.known
        {
            index.learn(key, block, span);
        }
        let inside = self.lines.iter().zip(&times).filter(|(_, at)| self.window.contains(**at));
        self.shape.put(batch, &mut self.buffer, inside.map(|(place, at)| (*place, *at)).collect::<Vec<_>>());
        if self.direction == Direction::Backward {
            batch.found.reverse();
        }
        Ok(true)
    }
}

/// The time of every line; a line without one has that of the line before it, or else of the first that has one.
pub(super) fn times_of(
    buffer: &[u8],
    lines: &[Place],
    carried: Option<i64>,
    context: &StampContext,
) -> Vec<i64> {
    let of = |place: &Place| stamp(buffer.get(place.start..place.end).unwrap_or_default(), context);
    let mut times = Vec::with_capacity(lines.len());
    let mut last = carried;
    let mut waiting = 0_usize;
    for place in lines {
        match (of(place), last) {
            (Some(at), _) => {
                times.extend(std::iter::repeat_n(at, waiting + 1));
                waiting = 0;
                last = Some(at);
            }
            (None, Some(at)) => times.push(at),
            (None, None) => waiting += 1,
        }
    }
    times.extend(std::iter::repeat_n(context.written, waiting));
    times
}

/// Reads the lines that begin inside of a block. A line that ends after it is read to its end.
pub(super) fn read_block(
    file: &File,
    size: u64,
    block_size: u64,
    block: u64,
    buffer: &mut Vec<u8>,
    lines: &mut Vec<Place>,
) -> io::Result<()> {
    lines.clear();
    let start = block.saturating_mul(block_size);
    let end = start.saturating_add(block_size).min(size);
    // One byte before, which says whether a line begins with the block.
    let from = start.saturating_sub(1);
    read_range(file, from, end, buffer)?;
    let mut at = if block == 0 {
        0
    } else {
        match memchr::memchr(b'\n', buffer) {
            Some(newline) => newline + 1,
            None => return Ok(()),
        }
    };
    let inside = buffer.len();
    while at < inside {
        let rest = buffer.get(at..).unwrap_or_default();
        let (mut line_end, mut next) = match memchr::memchr(b'\n', rest) {
            Some(length) => (at + length, at + length + 1),
            None => {
                let line_end = read_on(file, from, size, buffer, at)?;
                (line_end, inside)
            }
        };
        let cut = line_end - at > MAX_LINE;
        if cut {
            line_end = at + MAX_LINE;
        }
        if !cut && line_end > at && buffer.get(line_end - 1) == Some(&b'\r') {
            line_end -= 1;
        }
        next = next.max(at + 1);
        lines.push(Place { start: at, end: line_end, cut });
        at = next;
    }
    Ok(())
}

/// Reads on until the line that begins at `at` ends, or is too long, or the file ends. Gives its end in the buffer.
fn read_on(file: &File, from: u64, size: u64, buffer: &mut Vec<u8>, at: usize) -> io::Result<usize> {
    loop {
        let had = buffer.len();
        let place = from.saturating_add(u64::try_from(had).unwrap_or(u64::MAX));
        if had - at > MAX_LINE || place >= size {
            return Ok(had);
        }
        buffer.resize(had + BEYOND, 0);
        let got = read_at(file, buffer.get_mut(had..).unwrap_or_default(), place)?;
        buffer.truncate(had + got);
        if got == 0 {
            return Ok(had);
        }
        if let Some(length) = memchr::memchr(b'\n', buffer.get(had..).unwrap_or_default()) {
            return Ok(had + length);
        }
    }
}

/// Reads a range; less if the file has become shorter.
fn read_range(file: &File, from: u64, to: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    let wanted = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
    buffer.clear();
    buffer.resize(wanted, 0);
    let mut had = 0;
    while had < wanted {
        let place = from.saturating_add(u64::try_from(had).unwrap_or(u64::MAX));
        match read_at(file, buffer.get_mut(had..).unwrap_or_default(), place)? {
            0 => break,
            got => had += got,
        }
    }
    buffer.truncate(had);
    Ok(())
}

/// The first time that stands in a block, near its beginning.
pub(super) fn sample(
    file: &File,
    size: u64,
    block_size: u64,
    block: u64,
    context: &StampContext,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<i64>> {
    let start = block.saturating_mul(block_size);
    let from = start.saturating_sub(1);
    let to = from.saturating_add(u64::try_from(SAMPLE).unwrap_or(u64::MAX)).min(size);
    read_range(file, from, to, buffer)?;
    let skipped = if block == 0 { Some(0) } else { memchr::memchr(b'\n', buffer).map(|newline| newline + 1) };
    let Some(begin) = skipped else { return Ok(None) };
    let lines = buffer.get(begin..).unwrap_or_default().split(|byte| *byte == b'\n');
    Ok(lines.into_iter().find_map(|line| stamp(line, context)))
}

/// Whether a file is text, by its beginning: no byte in it is NUL.
pub(super) fn is_text(file: &File) -> io::Result<bool> {
    let mut head = vec![0; HEAD];
    let got = read_at(file, &mut head, 0)?;
    Ok(!head.get(..got).unwrap_or_default().contains(&0))
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match std::os::unix::fs::FileExt::read_at(file, into, at) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, at)
}

impl Found {
    pub(super) const fn of(place: Place, at: i64, stream: u32) -> Self {
        Self { at, start: place.start, end: place.end, stream, cut: place.cut }
    }
}

#[cfg(test)]
mod tests;
