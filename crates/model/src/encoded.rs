//! A data frame after encoding: what crosses the waist instead of columns.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

/// How a frame's bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FrameFormat {
    /// A complete Arrow IPC file.
    #[default]
    Arrow,
    /// Frame JSON.
    Json,
    /// No bytes at all: the frame itself, as the plugin made it. For protocols whose answers hold no encoded frames, so
    /// that nothing is encoded just to be decoded. Where bytes are needed after all it counts as Arrow.
    Unencoded,
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
    frame: Option<Kept>,
}

/// A frame that was not encoded. What it is, model doesn't know.
#[derive(Clone)]
struct Kept(Arc<dyn Any + Send + Sync>);

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Kept {}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not encoded)")
    }
}

impl EncodedFrame {
    /// A frame of one segment.
    pub fn new(format: FrameFormat, bytes: impl Into<Bytes>) -> Self {
        Self { format, segments: vec![bytes.into()], frame: None }
    }

    /// A frame of several segments; empty ones are dropped.
    pub fn from_segments(format: FrameFormat, segments: impl IntoIterator<Item = Bytes>) -> Self {
        let segments = segments.into_iter().filter(|segment| !segment.is_empty()).collect();
        Self { format, segments, frame: None }
    }

    /// A frame as it is, see [`FrameFormat::Unencoded`].
    pub fn unencoded<F: Any + Send + Sync>(frame: F) -> Self {
        let frame = Some(Kept(Arc::new(frame)));
        Self { format: FrameFormat::Unencoded, segments: Vec::new(), frame }
    }

    /// The frame as it is, if it was not encoded and is one of these.
    #[must_use]
    pub fn as_unencoded<F: Any>(&self) -> Option<&F> {
        self.frame.as_ref().and_then(|kept| kept.0.downcast_ref())
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
