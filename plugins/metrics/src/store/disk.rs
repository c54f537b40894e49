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

mod guard;
mod tables;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use guard::Guard;
use redb::{Database, TableDefinition};

use super::block::Entry;
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
            redb::Error::TableTypeMismatch { .. } | redb::Error::UpgradeRequired(_) => {
                Self::Damaged(error.into())
            }
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
    /// Its row, once its blocks take that many bytes.
    pub(super) fn span(&self, bytes: u64) -> Span {
        Span { first: self.first, last: self.last, samples: self.samples, bytes }
    }

    /// A series' chunk.
    pub(super) fn chunk(&self, id: u32) -> Option<&Chunk> {
        let at = self.chunks.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.chunks.get(at).map(|(_, chunk)| chunk)
    }

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

/// The rows of a list, and whether all could be read.
struct List {
    rows: Vec<(u32, Vec<u8>)>,
    is_whole: bool,
}

/// The database.
#[derive(Debug)]
pub(super) struct Disk {
    volume: Arc<dyn Volume>,
    cache_bytes: usize,
    database: RwLock<Option<Database>>,
    guard: Guard,
    /// Nothing opens the file again.
    is_shut: AtomicBool,
}

impl Disk {
    /// Opens the file, creating it if it isn't there, and reads the lists.
    pub(super) fn open(volume: Arc<dyn Volume>, cache_bytes: usize) -> Result<(Self, Loaded), DiskError> {
        let guard = Guard::new(&*volume);
        if guard.gives_up() {
            let ended = "the process ended three times in a row while using it".to_owned();
            return Err(redb::Error::Corrupted(ended).into());
        }
        let disk =
            Self { volume, cache_bytes, database: RwLock::default(), guard, is_shut: AtomicBool::new(false) };
        let is_new = disk.volume.open(FILE).and_then(|file| file.len()).is_ok_and(|len| len == 0);
        match disk.ensure_open().map_err(DiskError::from) {
            // Begun with the first commit that finds space; until then all is in memory.
            Err(DiskError::Full(_)) if is_new => return Ok((disk, Loaded::default())),
            opened => opened?,
        }
        let (series, metadata) = (disk.scan(SERIES)?, disk.scan(METADATA)?);
        let generations = disk.scan(GENERATIONS)?;
        let loaded = Loaded {
            generations: generations
                .rows
                .iter()
                .filter_map(|(key, row)| Some((*key, Span::decode(row)?)))
                .collect(),
            is_incomplete: !(series.is_whole && metadata.is_whole && generations.is_whole),
            series: series.rows,
            metadata: metadata.rows,
        };
        Ok((disk, loaded))
    }

    /// Runs `work` on the open database, which is opened first if need be and closed after an error.
    fn with<R>(&self, work: impl FnOnce(&Database) -> Result<R, redb::Error>) -> Result<R, DiskError> {
        self.ensure_open()?;
        let opened = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let outcome = match opened.as_ref() {
            Some(database) => self.guard.run(|| work(database)),
            None => Err(redb::Error::DatabaseClosed),
        };
        drop(opened);
        outcome.map_err(|error| {
            self.close();
            error.into()
        })
    }

    fn ensure_open(&self) -> Result<(), redb::Error> {
        if self.is_shut.load(Ordering::SeqCst) {
            return Err(redb::Error::DatabaseClosed);
        }
        if self.database.read().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let mut slot = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            let file = self.volume.open(FILE)?;
            let is_new = file.len()? == 0;
            let opened = self.guard.run(|| {
                let pages = PagedFile::new(file.clone());
                Ok(Database::builder().set_cache_size(self.cache_bytes).create_with_backend(pages)?)
            });
            if opened.is_err() && is_new {
                // Half a header would pass for damage next time.
                file.set_len(0)?;
            }
            *slot = Some(opened?);
        }
        Ok(())
    }

    /// Closes the file; the next call opens it again.
    pub(super) fn close(&self) {
        let database = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        // A failure here repeats the one before: nothing is waiting to be written between calls.
        drop(self.guard.run(|| {
            drop(database);
            Ok(())
        }));
    }

    /// Closes the file for good.
    pub(super) fn shut(&self) {
        self.is_shut.store(true, Ordering::SeqCst);
        self.close();
    }

    /// Every row of a list; rows behind a damaged page are skipped.
    fn scan(&self, table: TableDefinition<'_, (u64, u32), &'static [u8]>) -> Result<List, DiskError> {
        let mut list = List { rows: Vec::new(), is_whole: true };
        let (mut from, mut gap) = (0_u32, 1_u32);
        loop {
            let outcome = self.with(|database| {
                let Some(table) = tables::Rows::open(database, table)? else { return Ok(()) };
                table.each(from, |id, row| {
                    list.rows.push((id, row.to_vec()));
                    (from, gap) = (id.saturating_add(1), 1);
                })
            });
            match (outcome, from.checked_add(gap)) {
                (Ok(()), _) => return Ok(list),
                (Err(DiskError::Damaged(_)), Some(next)) => (from, gap) = (next, gap.saturating_mul(2)),
                (Err(DiskError::Damaged(_)), None) if !list.rows.is_empty() => return Ok(list),
                (Err(error), _) => return Err(error),
            }
            list.is_whole = false;
        }
    }

    /// Writes a generation and rows, and removes old generations, all or nothing. Returns the bytes of its blocks.
    pub(super) fn commit(&self, frozen: Option<&Frozen>, rows: &Rows, old: &[u32]) -> Result<u64, DiskError> {
        self.with(|database| {
            let mut transaction = database.begin_write()?;
            // Opening after a kill must not walk the whole file. This also commits in two phases, the only kind that
            // suits checked pages: the other one takes a torn page for a sign to roll back, where ours is an error.
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
                    written = tables::write_blocks(&mut blocks, frozen)?;
                    generations.insert((0, frozen.generation), frozen.span(written).encode().as_slice())?;
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

    /// Hands out the chunks of some series in one generation; `ids` ascend; `take` may stop it. After an error, the
    /// number of ids that are done stands beside it: the one after them couldn't be read.
    pub(super) fn read(
        &self,
        generation: u32,
        ids: &[u32],
        take: impl FnMut(Entry<'_>) -> Result<ControlFlow<()>, Damaged>,
    ) -> Result<(), (usize, DiskError)> {
        let mut left = ids;
        let outcome = self.with(|database| {
            let Some(blocks) = tables::Rows::open(database, BLOCKS)? else { return Ok(()) };
            blocks.read_chunks(generation, &mut left, take)
        });
        outcome.map_err(|error| (ids.len() - left.len(), error))
    }

    /// Gives pages that nothing uses back to the file system.
    pub(super) fn compact(&self) -> Result<(), DiskError> {
        self.ensure_open()?;
        let mut slot = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let outcome = match slot.as_mut() {
            Some(database) => self.guard.run(|| Ok(database.compact()?)),
            None => Ok(false),
        };
        drop(slot);
        outcome.map(drop).map_err(|error| {
            self.close();
            error.into()
        })
    }

    /// The bytes the file takes on the disk.
    pub(super) fn allocated(&self) -> std::io::Result<u64> {
        self.volume.open(FILE)?.allocated()
    }
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
