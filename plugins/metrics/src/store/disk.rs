//! The database file: what was cut off memory, in blocks, with the lists that make sense of them.
//!
//! One redb database with four tables, all of one type so that redb's code is compiled once:
//!
//! | table | key | value |
//! |---|---|---|
//! | `blocks` | generation, id of the first series | a [block](super::block) of at most about 8 KiB |
//! | `generations` | 0, generation | its [`Span`] |
//! | `series` | 0, id | labels, when it began, when it was last seen |
//! | `metadata` | 0, number | name, type, help, unit |
//!
//! A generation is everything between two cuts; its blocks lie side by side, so that writing and dropping it touch
//! few pages. redb refuses all work after an I/O error, so the file is closed then and opened again by the next call.
//! It deliberately knows no labels and no time rules; rows come and go as bytes.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use super::block::{BlockReader, BlockWriter};
use super::codec::{Chunk, Damaged};
use super::paged::PagedFile;
use super::varint;
use super::volume::Volume;

const BLOCKS: TableDefinition<'static, (u64, u32), &[u8]> = TableDefinition::new("blocks");
const GENERATIONS: TableDefinition<'static, (u64, u32), &[u8]> = TableDefinition::new("generations");
const SERIES: TableDefinition<'static, (u64, u32), &[u8]> = TableDefinition::new("series");
const METADATA: TableDefinition<'static, (u64, u32), &[u8]> = TableDefinition::new("metadata");

/// The file's name.
pub(super) const FILE: &str = "chunks.store";

/// Two pages less what redb needs in them: a block that fits lies in them without waste.
const BLOCK_BYTES: usize = 8160;

/// Why the database couldn't do something.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiskError {
    #[error("the database file is damaged")]
    Damaged(#[source] Box<redb::Error>),
    #[error("there is no space left on the disk")]
    Full(#[source] Box<redb::Error>),
    #[error("can't use the database file")]
    Other(#[source] Box<redb::Error>),
}

impl From<redb::Error> for DiskError {
    fn from(error: redb::Error) -> Self {
        match &error {
            redb::Error::Corrupted(_) => Self::Damaged(error.into()),
            redb::Error::Io(cause) => match cause.kind() {
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Self::Damaged(error.into()),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(error.into()),
                _ => Self::Other(error.into()),
            },
            redb::Error::TableTypeMismatch { .. } | redb::Error::UpgradeRequired(_) => Self::Damaged(error.into()),
            _ => Self::Other(error.into()),
        }
    }
}

/// When a generation's samples lie, and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) samples: u64,
    pub(super) bytes: u64,
}

/// A generation on its way to the disk: chunks by ascending id.
#[derive(Debug)]
pub(super) struct Frozen {
    pub(super) generation: u32,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) samples: u64,
    pub(super) chunks: Vec<(u32, Chunk)>,
}

impl Frozen {
    pub(super) fn bytes(&self) -> usize {
        self.chunks.iter().map(|(_, chunk)| chunk.bits.len() + size_of::<(u32, Chunk)>()).sum()
    }
}

/// Rows to write beside a generation; `None` removes one.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) series: Vec<(u32, Option<Vec<u8>>)>,
    pub(super) metadata: Vec<(u32, Option<Vec<u8>>)>,
}

/// What a file held when it was opened.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) series: Vec<(u32, Vec<u8>)>,
    pub(super) metadata: Vec<(u32, Vec<u8>)>,
    pub(super) generations: BTreeMap<u32, Span>,
    /// Whether part of a list couldn't be read.
    pub(super) is_incomplete: bool,
}

/// The database.
#[derive(Debug)]
pub(super) struct Disk {
    volume: Arc<dyn Volume>,
    cache_bytes: usize,
    database: RwLock<Option<Database>>,
}

impl Disk {
    /// Opens the file, creating it if it isn't there, and reads the lists.
    pub(super) fn open(volume: Arc<dyn Volume>, cache_bytes: usize) -> Result<(Self, Loaded), DiskError> {
        let disk = Self { volume, cache_bytes, database: RwLock::default() };
        disk.with(|database| {
            let transaction = database.begin_write()?;
            for table in [BLOCKS, GENERATIONS, SERIES, METADATA] {
                transaction.open_table(table)?;
            }
            transaction.commit()?;
            Ok(())
        })?;
        let mut loaded = Loaded::default();
        let (series, series_whole) = disk.scan(SERIES)?;
        let (metadata, metadata_whole) = disk.scan(METADATA)?;
        let (generations, generations_whole) = disk.scan(GENERATIONS)?;
        loaded.is_incomplete = !(series_whole && metadata_whole && generations_whole);
        (loaded.series, loaded.metadata) = (series, metadata);
        loaded.generations = generations.iter().filter_map(|(key, row)| Some((*key, Span::decode(row)?))).collect();
        Ok((disk, loaded))
    }

    /// Runs `work` on the open database, which is opened first if need be and closed after an error.
    fn with<R>(&self, work: impl FnOnce(&Database) -> Result<R, redb::Error>) -> Result<R, DiskError> {
        self.ensure_open()?;
        let opened = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let outcome = opened.as_ref().map_or(Err(redb::Error::DatabaseClosed), work);
        drop(opened);
        outcome.map_err(|error| {
            self.close();
            error.into()
        })
    }

    fn ensure_open(&self) -> Result<(), redb::Error> {
        if self.database.read().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let mut slot = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            let file = PagedFile::new(self.volume.open(FILE)?);
            *slot = Some(Database::builder().set_cache_size(self.cache_bytes).create_with_backend(file)?);
        }
        Ok(())
    }

    /// Closes the file; the next call opens it again.
    pub(super) fn close(&self) {
        let database = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        // A failure here repeats the one before: nothing is waiting to be written between calls.
        drop(database);
    }

    /// Every row of a list, and whether all could be read: rows behind a damaged page are skipped.
    fn scan(&self, list: TableDefinition<'_, (u64, u32), &'static [u8]>) -> Result<(Vec<(u32, Vec<u8>)>, bool), DiskError> {
        let mut rows = Vec::new();
        let (mut from, mut gap, mut is_whole) = (0_u32, 1_u32, true);
        loop {
            let outcome = self.with(|database| {
                let table = database.begin_read()?.open_table(list)?;
                for entry in table.range((0, from)..)? {
                    let (key, value) = entry?;
                    let id = key.value().1;
                    rows.push((id, value.value().to_vec()));
                    (from, gap) = (id.saturating_add(1), 1);
                }
                Ok(())
            });
            match (outcome, from.checked_add(gap)) {
                (Ok(()), _) => return Ok((rows, is_whole)),
                (Err(error), None) if rows.is_empty() => return Err(error),
                (Err(DiskError::Damaged(_)), None) => return Ok((rows, false)),
                (Err(DiskError::Damaged(_)), Some(next)) => (from, gap, is_whole) = (next, gap.saturating_mul(2), false),
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// Writes a generation and rows, and removes old generations, all or nothing. Returns the bytes of its blocks.
    pub(super) fn commit(&self, frozen: Option<&Frozen>, rows: &Rows, old: &[u32]) -> Result<u64, DiskError> {
        self.with(|database| {
            let mut transaction = database.begin_write()?;
            // Opening after a kill must not walk the whole file.
            transaction.set_quick_repair(true);
            let mut written = 0;
            {
                let mut blocks = transaction.open_table(BLOCKS)?;
                let mut generations = transaction.open_table(GENERATIONS)?;
                for generation in old {
                    let all = (u64::from(*generation), 0)..=(u64::from(*generation), u32::MAX);
                    blocks.retain_in(all, |_, _| false)?;
                    generations.remove((0, *generation))?;
                }
                if let Some(frozen) = frozen {
                    written = write_blocks(&mut blocks, frozen)?;
                    let span = Span { first: frozen.first, last: frozen.last, samples: frozen.samples, bytes: written };
                    generations.insert((0, frozen.generation), span.encode().as_slice())?;
                }
                for (table, rows) in [(SERIES, &rows.series), (METADATA, &rows.metadata)] {
                    let mut table = transaction.open_table(table)?;
                    for (id, row) in rows {
                        match row {
                            Some(row) => table.insert((0, *id), row.as_slice())?,
                            None => table.remove((0, *id))?,
                        };
                    }
                }
            }
            transaction.commit()?;
            Ok(written)
        })
    }

    /// Hands out the chunks of some series in one generation; `ids` ascend. After an error, the number of ids that
    /// are done stands beside it: the one after them couldn't be read.
    pub(super) fn read(
        &self,
        generation: u32,
        ids: &[u32],
        mut take: impl FnMut(u32, Chunk<&[u8]>) -> Result<(), Damaged>,
    ) -> Result<(), (usize, DiskError)> {
        let mut left = ids;
        let outcome = self.with(|database| {
            let table = database.begin_read()?.open_table(BLOCKS)?;
            while let Some(id) = left.first() {
                let Some((first_id, block)) = find_block(&table, generation, *id)? else { break };
                left = left.split_at(left.partition_point(|id| *id < first_id)).1;
                left = read_block(block.value(), left, &mut take)
                    .map_err(|damaged| redb::Error::Corrupted(damaged.to_string()))?;
            }
            Ok(())
        });
        outcome.map_err(|error| (ids.len() - left.len(), error))
    }

    /// Gives pages that nothing uses back to the file system.
    pub(super) fn compact(&self) -> Result<(), DiskError> {
        self.ensure_open()?;
        let mut slot = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let outcome = slot.as_mut().map_or(Ok(false), Database::compact);
        if outcome.is_err() {
            *slot = None;
        }
        outcome.map(drop).map_err(|error| redb::Error::from(error).into())
    }

    /// The bytes the file takes on the disk.
    pub(super) fn allocated(&self) -> std::io::Result<u64> {
        self.volume.open(FILE)?.allocated()
    }
}

/// The block that would hold a series: the last one beginning at or before it, else the first one after it.
fn find_block<'a>(
    table: &'a ReadOnlyTable<(u64, u32), &'static [u8]>,
    generation: u32,
    id: u32,
) -> Result<Option<(u32, redb::AccessGuard<'a, &'static [u8]>)>, redb::Error> {
    let generation = u64::from(generation);
    let before = table.range((generation, 0)..=(generation, id))?.next_back();
    let found = match before {
        Some(found) => Some(found),
        None => table.range((generation, id)..=(generation, u32::MAX))?.next(),
    };
    Ok(found.transpose()?.map(|(key, value)| (key.value().1, value)))
}

/// Hands out the wanted chunks of a block and returns the ids that lie behind it. At least the first id is done.
fn read_block<'a>(
    block: &[u8],
    ids: &'a [u32],
    take: &mut impl FnMut(u32, Chunk<&[u8]>) -> Result<(), Damaged>,
) -> Result<&'a [u32], Damaged> {
    let mut left = ids;
    let mut chunks = BlockReader::new(block)?;
    while let Some((id, chunk)) = chunks.advance()? {
        left = left.split_at(left.partition_point(|wanted| *wanted < id)).1;
        match left.split_first() {
            Some((wanted, rest)) if *wanted == id => {
                take(id, chunk)?;
                left = rest;
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(if left.len() == ids.len() { left.get(1..).unwrap_or_default() } else { left })
}

fn write_blocks(
    table: &mut redb::Table<'_, (u64, u32), &'static [u8]>,
    frozen: &Frozen,
) -> Result<u64, redb::Error> {
    let mut written = 0;
    let mut block = BlockWriter::new(frozen.first);
    let mut chunks = frozen.chunks.iter().peekable();
    while let Some((id, chunk)) = chunks.next() {
        block.push(*id, chunk);
        // The entry's numbers take at most 35 bytes.
        let is_full = chunks.peek().is_none_or(|(_, next)| block.bytes().len() + next.bits.len() + 35 > BLOCK_BYTES);
        if let (true, Some(first_id)) = (is_full, block.first_id()) {
            table.insert((u64::from(frozen.generation), first_id), block.bytes())?;
            written += block.bytes().len() as u64;
            block.clear();
        }
    }
    Ok(written)
}

impl Span {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        varint::put_signed(&mut out, self.first);
        varint::put_signed(&mut out, self.last);
        varint::put(&mut out, self.samples);
        varint::put(&mut out, self.bytes);
        out
    }

    fn decode(mut row: &[u8]) -> Option<Self> {
        let from = &mut row;
        Some(Self {
            first: varint::take_signed(from)?,
            last: varint::take_signed(from)?,
            samples: varint::take(from)?,
            bytes: varint::take(from)?,
        })
    }
}

#[cfg(test)]
mod tests;
