//! Column memory on its way into an encoded frame: lent for a copy, or given away.
//!
//! It deliberately knows nothing of validity, which is a piece of memory like the others.

use std::mem;

use arrow_buffer::{Buffer, ToByteSlice};

use super::bits::Bits;
use super::text::Texts;
use super::{Column, Element};

/// One piece of memory of a column.
#[derive(Debug)]
pub enum Memory<'a> {
    /// To be copied.
    Lent(&'a [u8]),
    /// To be passed on.
    Given(Buffer),
}

impl Memory<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Lent(bytes) => bytes.len(),
            Self::Given(buffer) => buffer.len(),
        }
    }
}

/// Storage whose memory has the layout of Arrow's buffers.
pub trait ToMemory {
    /// The buffers, in Arrow's order, without validity.
    fn lend<'a>(&'a self, pieces: &mut Vec<Memory<'a>>);
    /// The same, moved.
    fn give(self, pieces: &mut Vec<Memory<'static>>);
}

impl<N: arrow_buffer::ArrowNativeType> ToMemory for Vec<N> {
    fn lend<'a>(&'a self, pieces: &mut Vec<Memory<'a>>) {
        pieces.push(Memory::Lent(self.as_slice().to_byte_slice()));
    }

    fn give(self, pieces: &mut Vec<Memory<'static>>) {
        pieces.push(Memory::Given(Buffer::from_vec(self)));
    }
}

impl ToMemory for Bits {
    fn lend<'a>(&'a self, pieces: &mut Vec<Memory<'a>>) {
        pieces.push(Memory::Lent(self.as_bytes()));
    }

    fn give(self, pieces: &mut Vec<Memory<'static>>) {
        self.into_bytes().give(pieces);
    }
}

impl ToMemory for Texts {
    fn lend<'a>(&'a self, pieces: &mut Vec<Memory<'a>>) {
        pieces.push(Memory::Lent(self.offsets().to_byte_slice()));
        pieces.push(Memory::Lent(self.bytes().as_bytes()));
    }

    fn give(self, pieces: &mut Vec<Memory<'static>>) {
        let (offsets, text) = self.into_parts();
        offsets.give(pieces);
        text.into_bytes().give(pieces);
    }
}

impl<T: Element> Column<T> {
    /// Validity (empty if there are no nulls), then the buffers.
    pub(crate) fn lend<'a>(&'a self, pieces: &mut Vec<Memory<'a>>) {
        match self.validity.as_ref().filter(|_| self.null_count() > 0) {
            Some(validity) => validity.lend(pieces),
            None => pieces.push(Memory::Lent(&[])),
        }
        self.store.lend(pieces);
    }

    /// The same, moved.
    pub(crate) fn give(self, pieces: &mut Vec<Memory<'static>>) {
        let nulls = self.null_count();
        match self.validity.filter(|_| nulls > 0) {
            Some(validity) => validity.give(pieces),
            None => pieces.push(Memory::Lent(&[])),
        }
        self.store.give(pieces);
    }

    /// The column, with an empty one of the same type left in its place.
    pub(crate) fn take(&mut self) -> Self {
        let rest = if self.is_nullable() { Self::nullable() } else { Self::new() };
        mem::replace(self, rest)
    }
}
