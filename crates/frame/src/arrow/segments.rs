//! Assembles a file from headers that are copied and column memory that need not be.

use arrow_buffer::Buffer;
use bytes::Bytes;
use graftwire_model::{EncodedFrame, FrameFormat};

use super::ALIGNMENT;
use crate::column::Memory;

/// Column buffers of this many bytes and more get a segment of their own instead of being copied.
///
/// Below it the bookkeeping of a segment costs more than the copy.
pub const LARGE: usize = 16 * 1024;

/// A file being assembled.
#[derive(Debug, Default)]
pub(super) struct Segments {
    done: Vec<Bytes>,
    done_len: usize,
    current: Vec<u8>,
}

impl Segments {
    pub(super) fn len(&self) -> usize {
        self.done_len + self.current.len()
    }

    /// Whether a piece becomes a segment of its own.
    pub(super) fn keeps_apart(memory: &Memory<'_>) -> bool {
        matches!(memory, Memory::Given(_)) && memory.len() >= LARGE
    }

    /// Makes room for so many bytes in one piece.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.current.reserve_exact(bytes);
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.current.extend_from_slice(bytes);
    }

    pub(super) fn push(&mut self, memory: Memory<'_>) {
        let apart = Self::keeps_apart(&memory);
        match memory {
            Memory::Given(buffer) if apart => self.push_segment(buffer),
            Memory::Given(buffer) => self.extend(&buffer),
            Memory::Lent(bytes) => self.extend(bytes),
        }
    }

    /// Zeros up to the next multiple of [`ALIGNMENT`].
    pub(super) fn pad(&mut self) {
        let padded = self.len().next_multiple_of(ALIGNMENT);
        self.current.resize(self.current.len() + padded - self.len(), 0);
    }

    pub(super) fn finish(mut self) -> EncodedFrame {
        self.flush();
        EncodedFrame::from_segments(FrameFormat::Arrow, self.done)
    }

    fn push_segment(&mut self, buffer: Buffer) {
        self.flush();
        self.done_len += buffer.len();
        self.done.push(Bytes::from_owner(buffer));
    }

    fn flush(&mut self) {
        if !self.current.is_empty() {
            self.done_len += self.current.len();
            self.done.push(std::mem::take(&mut self.current).into());
        }
    }
}
