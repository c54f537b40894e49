//! The tables of the database file: finding and reading blocks, and writing them.
//!
//! It deliberately opens and closes nothing; [`super`] does.

use std::ops::ControlFlow;

use redb::{AccessGuard, Database, ReadOnlyTable, ReadableDatabase, Table, TableDefinition, TableError};

use super::super::block::{BlockReader, BlockWriter, Entry};
use super::super::codec::Damaged;
use super::Frozen;

/// Two pages less what redb needs in them: a block that fits lies in them without waste.
const BLOCK_BYTES: usize = 8160;

/// What a chunk's numbers take in a block at most.
const ENTRY_NUMBERS: usize = 35;

/// A table of a transaction that reads.
pub(super) struct Rows(ReadOnlyTable<(u64, u32), &'static [u8]>);

/// A block in the database.
struct Found<'a> {
    generation: u64,
    first_id: u32,
    bytes: AccessGuard<'a, &'static [u8]>,
}

impl Rows {
    /// Opens a table; `None` before the first commit.
    pub(super) fn open(
        database: &Database,
        table: TableDefinition<'_, (u64, u32), &'static [u8]>,
    ) -> Result<Option<Self>, redb::Error> {
        match database.begin_read()?.open_table(table) {
            Ok(table) => Ok(Some(Self(table))),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Hands out the rows of a list from a number on.
    pub(super) fn each(&self, from: u32, mut take: impl FnMut(u32, &[u8])) -> Result<(), redb::Error> {
        for entry in self.0.range((0, from)..)? {
            let (key, value) = entry?;
            take(key.value().1, value.value());
        }
        Ok(())
    }

    /// Hands out a generation's chunks of some series, in ascending order. `left` shrinks to those not looked at yet.
    pub(super) fn read_chunks(
        &self,
        generation: u32,
        left: &mut &[u32],
        mut take: impl FnMut(Entry<'_>) -> Result<ControlFlow<()>, Damaged>,
    ) -> Result<(), redb::Error> {
        while let Some(id) = left.first() {
            let Some(found) = self.find_block(generation, *id)? else { return Ok(()) };
            if found.generation != u64::from(generation) {
                return Err(redb::Error::Corrupted("a block of another generation".to_owned()));
            }
            *left = left.split_at(left.partition_point(|id| *id < found.first_id)).1;
            *left = read_block(found.bytes.value(), left, &mut take)
                .map_err(|damaged| redb::Error::Corrupted(damaged.to_string()))?;
        }
        Ok(())
    }

    /// The block that would hold a series: the last one beginning at or before it, else the first one after it.
    fn find_block(&self, generation: u32, id: u32) -> Result<Option<Found<'_>>, redb::Error> {
        let generation = u64::from(generation);
        let before = self.0.range((generation, 0)..=(generation, id))?.next_back();
        let found = match before {
            Some(found) => Some(found),
            None => self.0.range((generation, id)..=(generation, u32::MAX))?.next(),
        };
        Ok(found.transpose()?.map(|(key, bytes)| {
            let (generation, first_id) = key.value();
            Found { generation, first_id, bytes }
        }))
    }
}

/// Hands out the wanted chunks of a block and returns the ids that lie behind it. At least the first id is done.
fn read_block<'a>(
    block: &[u8],
    ids: &'a [u32],
    take: &mut impl FnMut(Entry<'_>) -> Result<ControlFlow<()>, Damaged>,
) -> Result<&'a [u32], Damaged> {
    let mut left = ids;
    let mut chunks = BlockReader::new(block)?;
    while let Some(entry) = chunks.advance()? {
        left = left.split_at(left.partition_point(|wanted| *wanted < entry.id)).1;
        match left.split_first() {
            Some((wanted, rest)) if *wanted == entry.id => {
                if take(entry)?.is_break() {
                    return Ok(&[]);
                }
                left = rest;
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(if left.len() == ids.len() { left.get(1..).unwrap_or_default() } else { left })
}

/// Writes a generation's chunks as blocks. Returns their bytes.
pub(super) fn write_blocks(
    table: &mut Table<'_, (u64, u32), &'static [u8]>,
    frozen: &Frozen,
) -> Result<u64, redb::Error> {
    let mut written = 0;
    let mut block = BlockWriter::new(frozen.first);
    let mut chunks = frozen.chunks.iter().peekable();
    while let Some((id, chunk)) = chunks.next() {
        block.push(*id, chunk);
        let room = BLOCK_BYTES.saturating_sub(block.bytes().len() + ENTRY_NUMBERS);
        let is_full = chunks.peek().is_none_or(|(_, next)| next.bits.len() > room);
        if let (true, Some(first_id)) = (is_full, block.first_id()) {
            table.insert((u64::from(frozen.generation), first_id), block.bytes())?;
            written += block.bytes().len() as u64;
            block.clear();
        }
    }
    Ok(written)
}
