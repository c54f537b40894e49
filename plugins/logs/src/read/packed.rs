//! Places of a packed file → lines: `.gz` and `.zst`, as rotation leaves them.
//!
//! Oldest first they are unpacked as they are read. Newest first they have to be unpacked whole, into a file without a
//! name that the system removes by itself; memory stays that of one block. It deliberately unpacks nothing whose time
//! is outside of the window, as far as that can be told from the file's beginning and last change.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::batch::Batch;
use super::family::{Member, Packing};
use super::files::Shape;
use super::index::Index;
use super::plain::{Opened, Place, PlainCursor, times_of};
use super::spans::Spans;
use super::stamp::StampContext;
use super::{Cursor, Direction, MAX_LINE, ReadError, Window};

/// The most bytes that one packed file may hold: 8 GiB. A small file can unpack to any size.
const MAX_UNPACKED: u64 = 8 << 30;
/// How much is unpacked at once.
const PIECE: usize = 256 * 1024;
/// The largest window of zstd that is accepted: what level 19 uses, and what it costs in memory.
const MAX_ZSTD_WINDOW: usize = 8 * 1024 * 1024;
/// How much later than its last change a packed file's lines may say they are.
const LATER: i64 = 3_600_000_000_000;

/// Reads one packed file within a window.
pub(super) enum PackedCursor {
    /// Oldest first.
    Forward(Box<Unpacking>),
    /// Newest first: unpacked on the first read.
    Waiting(Option<Box<Waiting>>),
    /// Newest first, unpacked.
    Unpacked(Box<PlainCursor>, (i64, i64)),
}

/// A packed file that is being read.
pub(super) struct Unpacking {
    packed: Box<dyn Read + Send>,
    path: PathBuf,
    context: StampContext,
    window: Window,
    shape: Arc<Shape>,
    bounds: (i64, i64),
    buffer: Vec<u8>,
    unpacked: u64,
    carry: Option<i64>,
    /// Within a line that was too long already.
    skipping: bool,
    done: bool,
}

/// A packed file that is to be read newest first.
pub(super) struct Waiting {
    packed: Box<dyn Read + Send>,
    path: PathBuf,
    context: StampContext,
    window: Window,
    shape: Arc<Shape>,
    bounds: (i64, i64),
    folder: Option<PathBuf>,
}

impl PackedCursor {
    /// A cursor, if the file can have lines in the window.
    pub(super) fn open(
        file: File,
        member: &Member,
        context: StampContext,
        window: Window,
        direction: Direction,
        shape: &Arc<Shape>,
        index: &Arc<Index>,
    ) -> Result<Option<Self>, ReadError> {
        let packed = unpacker(file, member.packing).map_err(|cause| ReadError::Packed {
            path: member.path.clone(),
            unpacked: 0,
            cause,
        })?;
        let (path, shape) = (member.path.clone(), Arc::clone(shape));
        let bounds = (window.from, window.to.min(member.written.saturating_add(LATER)));
        if direction == Direction::Backward {
            let folder = index.folder().map(std::path::Path::to_path_buf);
            let waiting = Waiting { packed, path, context, window, shape, bounds, folder };
            return Ok(Some(Self::Waiting(Some(Box::new(waiting)))));
        }
        let unpacking = Unpacking {
            packed,
            path,
            context,
            window,
            shape,
            bounds,
            buffer: Vec::new(),
            unpacked: 0,
            carry: None,
            skipping: false,
            done: false,
        };
        Ok(Some(Self::Forward(Box::new(unpacking))))
    }
}

impl Cursor for PackedCursor {
    fn bounds(&self) -> (i64, i64) {
        match self {
            Self::Forward(unpacking) => unpacking.bounds,
            Self::Waiting(waiting) => waiting.as_ref().map_or((0, 0), |waiting| waiting.bounds),
            Self::Unpacked(_, bounds) => *bounds,
        }
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        match self {
            Self::Forward(unpacking) => unpacking.fill(batch),
            Self::Unpacked(cursor, _) => cursor.fill(batch),
            Self::Waiting(waiting) => {
                let Some(waiting) = waiting.take() else { return Ok(false) };
                let bounds = waiting.bounds;
                let mut cursor = Box::new(waiting.unpack()?);
                let more = cursor.fill(batch);
                *self = Self::Unpacked(cursor, bounds);
                more
            }
        }
    }
}

fn unpacker(file: File, packing: Packing) -> io::Result<Box<dyn Read + Send>> {
    let file = BufReader::with_capacity(64 * 1024, file);
    match packing {
        Packing::Plain => Ok(Box::new(file)),
        Packing::Gzip => Ok(Box::new(flate2::bufread::MultiGzDecoder::new(file))),
        Packing::Zstd => {
            let decoder =
                ruzstd::decoding::StreamingDecoder::new_with_max_window_size(file, MAX_ZSTD_WINDOW as u64);
            Ok(Box::new(decoder.map_err(io::Error::other)?))
        }
    }
}

impl Unpacking {
    fn fill(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        batch.clear();
        if self.done {
            return Ok(false);
        }
        let got =
            read_piece(&mut self.packed, &mut self.buffer, PIECE).map_err(|cause| self.damaged(cause))?;
        self.unpacked = self.unpacked.saturating_add(u64::try_from(got).unwrap_or(u64::MAX));
        if self.unpacked > MAX_UNPACKED {
            return Err(
                self.damaged(io::Error::other(format!("more than {MAX_UNPACKED} bytes, which is the limit")))
            );
        }
        batch.looked_at = u64::try_from(got).unwrap_or(u64::MAX);
        self.done = got == 0;
        let whole = match memchr::memrchr(b'\n', &self.buffer) {
            Some(newline) => newline + 1,
            None if self.done || self.buffer.len() > MAX_LINE => self.buffer.len(),
            None => return Ok(true),
        };
        let mut lines = Vec::new();
        let mut at = 0;
        while at < whole {
            let rest = self.buffer.get(at..whole).unwrap_or_default();
            let newline = memchr::memchr(b'\n', rest);
            let length = newline.unwrap_or(rest.len());
            if !std::mem::replace(&mut self.skipping, newline.is_none() && !self.done) {
                let mut end = at + length.min(MAX_LINE);
                if length <= MAX_LINE && length > 0 && self.buffer.get(end - 1) == Some(&b'\r') {
                    end -= 1;
                }
                lines.push(Place { start: at, end, cut: length > MAX_LINE });
            }
            at += length + 1;
        }
        let times = times_of(&self.buffer, &lines, self.carry, &self.context);
        self.carry = times.last().copied().or(self.carry);
        let tail = self.buffer.get(whole..).unwrap_or_default().to_vec();
        let inside = lines.into_iter().zip(times).filter(|(_, at)| self.window.contains(*at)).collect();
        let mut buffer = std::mem::take(&mut self.buffer);
        self.shape.put(batch, &mut buffer, inside);
        // Memory of one of the two buffers is used again.
        buffer.clear();
        buffer.extend_from_slice(&tail);
        self.buffer = buffer;
        Ok(true)
    }

    fn damaged(&self, cause: io::Error) -> ReadError {
        ReadError::Packed { path: self.path.clone(), unpacked: self.unpacked, cause }
    }
}

/// Reads up to so many bytes; 0 at the end.
fn read_piece(from: &mut dyn Read, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<usize> {
    let had = buffer.len();
    let taken = from.take(u64::try_from(wanted).unwrap_or(u64::MAX)).read_to_end(buffer);
    match taken {
        Ok(got) => Ok(got),
        // What was unpacked before the damage is good.
        Err(_) if buffer.len() > had => Ok(buffer.len() - had),
        Err(error) => Err(error),
    }
}

impl Waiting {
    fn unpack(mut self) -> Result<PlainCursor, ReadError> {
        let mut size = 0;
        let damaged =
            |path: &PathBuf, unpacked, cause| ReadError::Packed { path: path.clone(), unpacked, cause };
        let mut file = match &self.folder {
            Some(folder) if std::fs::create_dir_all(folder).is_ok() => tempfile::tempfile_in(folder),
            _ => tempfile::tempfile(),
        }
        .map_err(|cause| damaged(&self.path, 0, cause))?;
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            piece.clear();
            let got = match read_piece(&mut self.packed, &mut piece, PIECE) {
                Ok(0) => break,
                Ok(got) => got,
                // The rest is lost, what was unpacked is not.
                Err(error) if size > 0 => {
                    tracing::warn!(error = %error, path = %self.path.display(), "a packed file is damaged; its beginning is read");
                    break;
                }
                Err(cause) => return Err(damaged(&self.path, size, cause)),
            };
            file.write_all(&piece).map_err(|cause| damaged(&self.path, size, cause))?;
            size = size.saturating_add(u64::try_from(got).unwrap_or(u64::MAX));
            if size > MAX_UNPACKED {
                let cause = io::Error::other(format!("more than {MAX_UNPACKED} bytes, which is the limit"));
                return Err(damaged(&self.path, size, cause));
            }
        }
        let mut spans = Spans::for_size(size);
        super::index::grow(&mut spans, &file, size, &self.context)
            .map_err(ReadError::system(&self.path, "read"))?;
        let opened = Opened { file, path: self.path, size, spans, context: self.context, known: None };
        Ok(PlainCursor::new(opened, self.window, Direction::Backward, self.shape))
    }
}

#[cfg(test)]
mod tests;
