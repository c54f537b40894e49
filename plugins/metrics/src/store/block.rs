//! A block: chunks of several series one after the other, in the order of their ids.
//!
//! Blocks are what the database stores and what a journal record carries. A block deliberately has no checksum:
//! database pages and journal records each have theirs.
//!
//! Layout, all numbers as in [`varint`]: base time, then per chunk: id minus the id before, count,
//! first minus base, last minus first, length, bits.

use super::codec::{Chunk, Damaged};
use super::varint;

/// Builds a block.
#[derive(Debug)]
pub(super) struct BlockWriter {
    bytes: Vec<u8>,
    base: i64,
    last_id: u32,
    first_id: Option<u32>,
}

impl BlockWriter {
    /// `base` is near the chunks' times; it only makes them shorter.
    pub(super) fn new(base: i64) -> Self {
        let mut bytes = Vec::new();
        varint::put_signed(&mut bytes, base);
        Self { bytes, base, last_id: 0, first_id: None }
    }

    /// Appends a series' chunk; ids ascend.
    pub(super) fn push(&mut self, id: u32, chunk: &Chunk<impl AsRef<[u8]>>) {
        let bits = chunk.bits.as_ref();
        let out = &mut self.bytes;
        varint::put(out, u64::from(id.wrapping_sub(self.last_id)));
        varint::put(out, u64::from(chunk.count));
        varint::put_signed(out, chunk.first.wrapping_sub(self.base));
        varint::put(out, chunk.last.wrapping_sub(chunk.first) as u64);
        varint::put(out, bits.len() as u64);
        out.extend_from_slice(bits);
        self.last_id = id;
        self.first_id.get_or_insert(id);
    }

    /// The id of the first chunk; `None` while empty.
    pub(super) fn first_id(&self) -> Option<u32> {
        self.first_id
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Begins anew in the same memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        varint::put_signed(&mut self.bytes, self.base);
        self.last_id = 0;
        self.first_id = None;
    }
}

/// A chunk in a block, and the id of its series.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) id: u32,
    pub(super) chunk: Chunk<&'a [u8]>,
}

/// Reads a block's chunks in order.
#[derive(Debug)]
pub(super) struct BlockReader<'a> {
    rest: &'a [u8],
    base: i64,
    last_id: u32,
}

impl<'a> BlockReader<'a> {
    pub(super) fn new(mut bytes: &'a [u8]) -> Result<Self, Damaged> {
        let base = varint::take_signed(&mut bytes).ok_or(Damaged)?;
        Ok(Self { rest: bytes, base, last_id: 0 })
    }

    /// The next chunk; `None` after the last one.
    pub(super) fn advance(&mut self) -> Result<Option<Entry<'a>>, Damaged> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.take_entry().map(Some).ok_or(Damaged)
    }

    fn take_entry(&mut self) -> Option<Entry<'a>> {
        let rest = &mut self.rest;
        let id = self.last_id.checked_add(u32::try_from(varint::take(rest)?).ok()?)?;
        let count = u32::try_from(varint::take(rest)?).ok()?;
        let first = self.base.wrapping_add(varint::take_signed(rest)?);
        let last = first.wrapping_add(varint::take(rest)? as i64);
        let length = varint::take(rest)?;
        let bits = varint::take_bytes(rest, length)?;
        self.last_id = id;
        Some(Entry { id, chunk: Chunk { count, first, last, bits } })
    }
}
