//! The time index: spans of every file that was read, kept beside the plugin.
//!
//! A file is known by its device, inode and beginning, so that renaming (rotation) keeps its index and a file that was
//! emptied and written anew gets a new one. Each is one small file with a checksum; a damaged one is made anew. Both
//! memory and folder are bounded. It deliberately holds nothing that can't be had again by reading.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ReadError;
use super::plain::{self, read_at};
use super::spans::{Span, Spans, sampled};
use super::stamp::StampContext;

/// How much of a file's beginning tells it from others.
const HEAD: usize = 256;
/// The most spans in memory, 24 bytes each: 3 MB.
const MAX_SPANS_HELD: usize = 131_072;
/// The most bytes of the folder.
const MAX_FOLDER: u64 = 64 * 1024 * 1024;
/// Growth up to so many blocks is read to the letter; beyond that it is sampled.
const READ_BLOCKS: u64 = 4;
/// Begins each index file; the last byte is the version of the layout.
const MAGIC: &[u8; 8] = b"gwlogix\x01";

/// Which file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileKey {
    device: u64,
    inode: u64,
}

/// The spans of files.
#[derive(Debug)]
pub struct Index {
    folder: Option<PathBuf>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    files: HashMap<FileKey, Known>,
    clock: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    head_length: u32,
    head_hash: u32,
    spans: Spans,
    changed: bool,
    used: u64,
}

impl Index {
    /// An index that keeps its files in a folder; without one it lives in memory alone.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, held: Mutex::default() }
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The spans of a file as it is now.
    ///
    /// # Errors
    /// The file can't be read, or is no text.
    pub(super) fn spans(
        &self,
        file: &File,
        path: &Path,
        about: &Metadata,
        context: &StampContext,
    ) -> Result<(FileKey, Spans), ReadError> {
        let failed = ReadError::system(path, "read");
        let key = key_of(path, about);
        let size = about.len();
        let mut head = vec![0; HEAD];
        let got = read_at(file, &mut head, 0).map_err(failed)?;
        head.truncate(got);
        let known = self.known(&key).filter(|known| known.is_of(&head, size));
        if let Some(known) = &known {
            if known.spans.covered == size {
                return Ok((key, known.spans.clone()));
            }
        } else if !plain::is_text(file).map_err(ReadError::system(path, "read"))? {
            return Err(ReadError::Binary { path: path.to_owned() });
        }
        let mut spans = known.map_or_else(|| Spans::for_size(size), |known| known.spans);
        grow(&mut spans, file, size, context).map_err(ReadError::system(path, "read"))?;
        let head_length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        let known = Known {
            head_length,
            head_hash: crc32fast::hash(&head),
            spans: spans.clone(),
            changed: true,
            used: 0,
        };
        self.hold(key, known);
        Ok((key, spans))
    }

    /// What reading a block has shown.
    pub(super) fn learn(&self, key: &FileKey, block: u64, span: Span) {
        let mut held = self.held();
        if let Some(known) = held.files.get_mut(key) {
            known.changed |= known.spans.learn(block, span);
        }
    }

    /// Writes what has changed. A disk that takes nothing costs time at the next start and nothing else.
    pub fn save(&self) {
        let Some(folder) = &self.folder else { return };
        let changed: Vec<(FileKey, Known)> = {
            let mut held = self.held();
            let changed = held.files.iter_mut().filter(|(_, known)| known.changed);
            changed
                .map(|(key, known)| {
                    known.changed = false;
                    (*key, known.clone())
                })
                .collect()
        };
        if changed.is_empty() {
            return;
        }
        let written = std::fs::create_dir_all(folder).and_then(|()| {
            for (key, known) in &changed {
                write(folder, key, known)?;
            }
            tidy(folder)
        });
        if let Err(error) = written {
            tracing::warn!(error = %error, folder = %folder.display(), "the time index can't be written; it is made anew at each start");
        }
    }

    fn known(&self, key: &FileKey) -> Option<Known> {
        let mut held = self.held();
        held.clock += 1;
        let clock = held.clock;
        if let Some(known) = held.files.get_mut(key) {
            known.used = clock;
            return Some(known.clone());
        }
        drop(held);
        let read = std::fs::read(file_of(self.folder.as_deref()?, key)).ok()?;
        let known = decode(&read);
        if known.is_none() {
            tracing::debug!("a damaged time index is made anew");
        }
        let known = known?;
        self.hold(*key, known.clone());
        Some(known)
    }

    fn hold(&self, key: FileKey, mut known: Known) {
        let mut held = self.held();
        held.clock += 1;
        known.used = held.clock;
        held.files.insert(key, known);
        let mut spans: usize = held.files.values().map(|known| known.spans.spans.len() + 8).sum();
        while spans > MAX_SPANS_HELD && held.files.len() > 1 {
            let Some(oldest) = held.files.iter().min_by_key(|(_, known)| known.used).map(|(key, _)| *key)
            else {
                break;
            };
            if let Some(gone) = held.files.remove(&oldest) {
                spans -= gone.spans.spans.len() + 8;
                if let (Some(folder), true) = (&self.folder, gone.changed) {
                    // It can be had again; a failure is told when the index is saved.
                    let _ = std::fs::create_dir_all(folder).and_then(|()| write(folder, &oldest, &gone));
                }
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_of(&self, head: &[u8], size: u64) -> bool {
        let length = usize::try_from(self.head_length).unwrap_or(usize::MAX);
        size >= self.spans.covered
            && head.get(..length).is_some_and(|head| crc32fast::hash(head) == self.head_hash)
    }
}

/// Brings the spans of a file up to its size.
pub(super) fn grow(spans: &mut Spans, file: &File, size: u64, context: &StampContext) -> std::io::Result<()> {
    let first = spans.covered / spans.block;
    let blocks = spans.blocks_of(size);
    spans.spans.truncate(usize::try_from(first).unwrap_or(usize::MAX));
    let carried =
        spans.spans.last().filter(|span| span.exact && span.first <= span.last).map(|span| span.last);
    if blocks.saturating_sub(first) <= READ_BLOCKS {
        let mut carry = carried;
        for block in first..blocks {
            let (span, last) = exact(file, size, spans.block, block, carry, context)?;
            spans.spans.push(span);
            carry = last.or(carry);
        }
    } else {
        let mut buffer = Vec::new();
        let last = blocks - 1;
        let mut starts = Vec::with_capacity(usize::try_from(last - first).unwrap_or(0));
        for block in first..last {
            starts.push(plain::sample(file, size, spans.block, block, context, &mut buffer)?);
        }
        let before = starts.iter().rev().flatten().next().copied();
        let (span, _) = exact(file, size, spans.block, last, before, context)?;
        let end = if span.first <= span.last { span.first } else { context.written };
        spans.spans.extend(sampled(&starts, end));
        spans.spans.push(span);
    }
    spans.covered = size;
    Ok(())
}

fn exact(
    file: &File,
    size: u64,
    block_size: u64,
    block: u64,
    carried: Option<i64>,
    context: &StampContext,
) -> std::io::Result<(Span, Option<i64>)> {
    let (mut buffer, mut lines) = (Vec::new(), Vec::new());
    plain::read_block(file, size, block_size, block, &mut buffer, &mut lines)?;
    let times = plain::times_of(&buffer, &lines, carried, context);
    Ok((times.iter().fold(Span::EMPTY, |span, at| span.with(*at)), times.last().copied()))
}

#[cfg(unix)]
fn key_of(_path: &Path, about: &Metadata) -> FileKey {
    use std::os::unix::fs::MetadataExt as _;
    FileKey { device: about.dev(), inode: about.ino() }
}

#[cfg(not(unix))]
fn key_of(path: &Path, _about: &Metadata) -> FileKey {
    let name = path.as_os_str().to_string_lossy();
    FileKey { device: 0, inode: u64::from(crc32fast::hash(name.as_bytes())) }
}

fn file_of(folder: &Path, key: &FileKey) -> PathBuf {
    folder.join(format!("{:x}-{:x}.idx", key.device, key.inode))
}

fn write(folder: &Path, key: &FileKey, known: &Known) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(64 + known.spans.spans.len() * 17);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&known.head_length.to_le_bytes());
    bytes.extend_from_slice(&known.head_hash.to_le_bytes());
    bytes.extend_from_slice(&known.spans.block.to_le_bytes());
    bytes.extend_from_slice(&known.spans.covered.to_le_bytes());
    for span in &known.spans.spans {
        bytes.extend_from_slice(&span.first.to_le_bytes());
        bytes.extend_from_slice(&span.last.to_le_bytes());
        bytes.push(u8::from(span.exact));
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    let path = file_of(folder, key);
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(&bytes)?;
    drop(file);
    std::fs::rename(new, path)
}

fn decode(bytes: &[u8]) -> Option<Known> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    if crc32fast::hash(body).to_le_bytes() != sum {
        return None;
    }
    let (magic, mut rest) = body.split_at_checked(MAGIC.len())?;
    if magic != MAGIC {
        return None;
    }
    let head_length = u32::from_le_bytes(take(&mut rest)?);
    let head_hash = u32::from_le_bytes(take(&mut rest)?);
    let block = u64::from_le_bytes(take(&mut rest)?);
    let covered = u64::from_le_bytes(take(&mut rest)?);
    let mut spans = Vec::with_capacity(rest.len() / 17);
    while !rest.is_empty() {
        let first = i64::from_le_bytes(take(&mut rest)?);
        let last = i64::from_le_bytes(take(&mut rest)?);
        let [exact] = take(&mut rest)?;
        spans.push(Span { first, last, exact: exact == 1 });
    }
    let spans = Spans { block, covered, spans };
    let whole = block >= super::spans::LEAST_BLOCK
        && spans.blocks_of(covered) == u64::try_from(spans.spans.len()).unwrap_or(u64::MAX);
    whole.then_some(Known { head_length, head_hash, spans, changed: false, used: 0 })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

/// Removes the index files that were longest not written, until the folder is within its bound.
fn tidy(folder: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        let is_ours = entry.path().extension().is_some_and(|ending| ending == "idx" || ending == "new");
        if let (true, Ok(about)) = (is_ours, entry.metadata()) {
            files.push((about.modified().ok(), about.len(), entry.path()));
        }
    }
    files.sort();
    let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if total <= MAX_FOLDER {
            break;
        }
        std::fs::remove_file(path)?;
        total -= size;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
