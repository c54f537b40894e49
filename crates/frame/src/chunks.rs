//! Frames in chunks: the pieces of a streamed answer, and how they become whole answers again.
//!
//! The first chunk of a frame carries its schema. Later ones carry rows: as JSON `data` alone, as Arrow a complete
//! file whose rows are added. It deliberately ties chunks together by the pair of refId and frame id, whatever
//! characters are in them.

mod collector;
mod encoder;
mod error;

pub use collector::{ChunkCollector, CollectLimits, FrameAnswer};
pub use encoder::ChunkEncoder;
pub use error::ChunkError;

#[cfg(test)]
mod tests;
