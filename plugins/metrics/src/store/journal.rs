//! The journal: each flush's new samples, appended to a file, so that a killed process loses nothing older.
//!
//! One file per generation, written only at its end and removed once the generation is in the database. A flush costs
//! one append and one sync of a few kilobytes, which is what SD cards bear best; the database is written once in some
//! twenty minutes. Every record stands for itself: it holds whole chunks and the labels of series that are new in this
//! file, so a damaged record costs only itself.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `GWJ1` and the generation, once |
//! | 4 + 4 + 1 + 4 | per record: a mark to find it by, its length, a check on that, the CRC-32 of the rest |
//! | … | definitions (count; id and labels each), then a [block](super::block) |
//!
//! Fixed numbers are little-endian. It deliberately doesn't decide when to flush.

use std::io;
use std::sync::Arc;

use super::volume::{RawFile, Volume};

const MAGIC: &[u8; 4] = b"GWJ1";
const HEADER: u64 = 8;
const MARK: [u8; 4] = [0xe7, 0x47, 0x57, 0x52];
const RECORD_HEADER: u64 = 13;
/// A record claiming more is damaged; a flush of ten thousand series is a hundredth of it.
const MAX_RECORD: u64 = 16 << 20;
/// How much waits in memory while the disk takes nothing; beyond it the file stays incomplete.
const MAX_WAITING: usize = 1 << 20;
const PREFIX: &str = "journal-";

/// The journal of the current generation.
#[derive(Debug)]
pub(super) struct Journal {
    volume: Arc<dyn Volume>,
    generation: u32,
    /// The file and where its next record goes; `None` until the first record.
    file: Option<(Arc<dyn RawFile>, u64)>,
    /// Records the disk hasn't taken yet.
    waiting: Vec<u8>,
    /// Grows whenever series must be defined again.
    edition: u32,
}

/// What reading a file found beside its records.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Replay {
    /// Where the last whole record ends.
    pub(super) end: u64,
    /// Damaged stretches. A last record that ends too early isn't damage: a kill leaves one.
    pub(super) damaged: u64,
}

impl Journal {
    /// Goes on with a generation; `end` is where its file ends, if there is one.
    pub(super) fn new(volume: Arc<dyn Volume>, generation: u32, end: Option<u64>) -> io::Result<Self> {
        // A file without a whole header is begun anew.
        let file = match end.filter(|end| *end >= HEADER) {
            Some(end) => {
                let file = volume.open(&name(generation))?;
                file.set_len(end)?;
                Some((file, end))
            }
            None => None,
        };
        Ok(Self { volume, generation, file, waiting: Vec::new(), edition: 1 })
    }

    /// The generation whose file is open.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// Series defined in this edition need no definition in the next record.
    pub(super) fn edition(&self) -> u32 {
        self.edition
    }

    /// Begins the next generation's file. What still waits is dropped: it lies in the frozen generation.
    pub(super) fn begin(&mut self, generation: u32) {
        self.generation = generation;
        self.file = None;
        self.waiting = Vec::new();
        self.edition = self.edition.wrapping_add(1);
    }

    /// Appends a record, after those that wait, and syncs.
    pub(super) fn append(&mut self, record: &[u8]) -> io::Result<()> {
        self.waiting.extend_from_slice(&MARK);
        let length = (record.len() as u32).to_le_bytes();
        self.waiting.extend_from_slice(&length);
        self.waiting.push(check(length));
        self.waiting.extend_from_slice(&crc32fast::hash(record).to_le_bytes());
        self.waiting.extend_from_slice(record);
        let written = self.write();
        if written.is_ok() {
            self.waiting.clear();
            self.waiting.shrink_to(MAX_WAITING / 16);
        } else if self.waiting.len() > MAX_WAITING {
            self.waiting = Vec::new();
            self.edition = self.edition.wrapping_add(1);
        }
        written
    }

    /// Tries again to write what waits.
    pub(super) fn retry(&mut self) -> io::Result<()> {
        if !self.waiting.is_empty() {
            self.write()?;
            self.waiting.clear();
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            let file = self.volume.open(&name(self.generation))?;
            let mut header = MAGIC.to_vec();
            header.extend_from_slice(&self.generation.to_le_bytes());
            file.set_len(0)?;
            file.write_at(&header, 0)?;
            self.file = Some((file, HEADER));
        }
        let Some((file, end)) = &mut self.file else { return Ok(()) };
        let written = file.write_at(&self.waiting, *end).and_then(|()| file.sync());
        match written {
            Ok(()) => *end += self.waiting.len() as u64,
            // What was written of it goes again; should that fail too, the next reader takes it for a torn record.
            Err(_) => drop(file.set_len(*end)),
        }
        written
    }
}

/// The generations that have a file, in order.
pub(super) fn list(volume: &dyn Volume) -> io::Result<Vec<u32>> {
    let mut generations: Vec<u32> =
        volume.list()?.iter().filter_map(|name| name.strip_prefix(PREFIX)?.parse().ok()).collect();
    generations.sort_unstable();
    Ok(generations)
}

/// Removes a generation's file; it may be gone already.
pub(super) fn remove(volume: &dyn Volume, generation: u32) -> io::Result<()> {
    match volume.remove(&name(generation)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The bytes a generation's file takes.
pub(super) fn allocated(volume: &dyn Volume, generation: u32) -> io::Result<u64> {
    volume.open(&name(generation))?.allocated()
}

fn name(generation: u32) -> String {
    format!("{PREFIX}{generation:010}")
}

/// Hands out every whole record of a generation's file in order.
pub(super) fn replay(
    volume: &dyn Volume,
    generation: u32,
    mut take: impl FnMut(&[u8]),
) -> io::Result<Replay> {
    let file = volume.open(&name(generation))?;
    let len = file.len()?;
    let mut replay = Replay { end: HEADER.min(len), damaged: 0 };
    let (mut at, mut skipped, mut torn) = (HEADER.min(len), false, false);
    loop {
        let Some(start) = find_mark(&*file, at, len)? else {
            skipped |= !torn && len - at >= RECORD_HEADER;
            break;
        };
        skipped |= start != at && !torn;
        match read_record(&*file, start, len)? {
            Found::Whole(record) => {
                replay.damaged += u64::from(skipped || torn);
                take(&record);
                at = start + RECORD_HEADER + record.len() as u64;
                (replay.end, skipped, torn) = (at, false, false);
            }
            Found::Torn => (at, torn) = (start + 1, true),
            Found::Damaged => (at, skipped) = (start + 1, true),
        }
    }
    replay.damaged += u64::from(skipped);
    Ok(replay)
}

/// What stands at a mark.
enum Found {
    Whole(Vec<u8>),
    /// The file ends before the record does.
    Torn,
    Damaged,
}

fn read_record(file: &dyn RawFile, start: u64, len: u64) -> io::Result<Found> {
    let mut header = [0; RECORD_HEADER as usize];
    if start + RECORD_HEADER > len {
        return Ok(Found::Torn);
    }
    file.read_at(&mut header, start)?;
    let [_, _, _, _, l0, l1, l2, l3, checked, c0, c1, c2, c3] = header;
    let length = [l0, l1, l2, l3];
    let end = start + RECORD_HEADER + u64::from(u32::from_le_bytes(length));
    if check(length) != checked || end - start > MAX_RECORD {
        return Ok(Found::Damaged);
    }
    if end > len {
        return Ok(Found::Torn);
    }
    let mut record = vec![0; (end - start - RECORD_HEADER) as usize];
    file.read_at(&mut record, start + RECORD_HEADER)?;
    let is_whole = crc32fast::hash(&record) == u32::from_le_bytes([c0, c1, c2, c3]);
    Ok(if is_whole { Found::Whole(record) } else { Found::Damaged })
}

/// Tells a damaged length from a record that was cut short.
fn check(length: [u8; 4]) -> u8 {
    crc32fast::hash(&length) as u8
}

/// Where the next mark stands, from `at` on.
fn find_mark(file: &dyn RawFile, mut at: u64, len: u64) -> io::Result<Option<u64>> {
    let mut window = [0; 4096];
    while at + MARK.len() as u64 <= len {
        let take = (len - at).min(window.len() as u64) as usize;
        let Some(part) = window.get_mut(..take) else { break };
        // Usually the mark is the first thing there.
        file.read_at(part, at)?;
        if let Some(found) = part.windows(MARK.len()).position(|bytes| bytes == MARK) {
            return Ok(Some(at + found as u64));
        }
        at += (take - (MARK.len() - 1)) as u64;
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
