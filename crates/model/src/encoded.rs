//! A data frame after encoding: what crosses the waist instead of columns.

use bytes::{Bytes, BytesMut};

/// How a frame's bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FrameFormat {
    /// A complete Arrow IPC file.
    #[default]
    Arrow,
    /// Frame JSON.
    Json,
}

/// One encoded frame: its format and its bytes, in segments.
///
/// Segments keep headers apart from column buffers, so that columns can reach a socket without being copied.
/// Joined in order they are the encoded frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EncodedFrame {
    /// How to read the bytes.
    pub format: FrameFormat,
    segments: Vec<Bytes>,
}

impl EncodedFrame {
    /// A frame of one segment.
    pub fn new(format: FrameFormat, bytes: impl Into<Bytes>) -> Self {
        Self { format, segments: vec![bytes.into()] }
    }

    /// A frame of several segments; empty ones are dropped.
    pub fn from_segments(format: FrameFormat, segments: impl IntoIterator<Item = Bytes>) -> Self {
        Self { format, segments: segments.into_iter().filter(|segment| !segment.is_empty()).collect() }
    }

    /// The segments in order.
    #[must_use]
    pub fn segments(&self) -> &[Bytes] {
        &self.segments
    }

    /// Length in bytes of the whole.
    #[must_use]
    pub fn len(&self) -> usize {
        self.segments.iter().map(Bytes::len).sum()
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole as one piece; copies only when there are several segments.
    #[must_use]
    pub fn into_bytes(mut self) -> Bytes {
        match (self.segments.pop(), self.segments.is_empty()) {
            (None, _) => Bytes::new(),
            (Some(only), true) => only,
            (Some(last), false) => {
                let mut whole = BytesMut::with_capacity(self.len() + last.len());
                for segment in self.segments.iter().chain([&last]) {
                    whole.extend_from_slice(segment);
                }
                whole.freeze()
            }
        }
    }
}
