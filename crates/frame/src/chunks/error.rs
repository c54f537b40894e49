//! What can be wrong with a stream of chunks.

use crate::FrameError;

/// A chunk that can't be put together with those before it. The text names the query and the frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// The answer to a query that is not in the request.
    #[error("query {ref_id:?}: found an answer to it, but asked were {asked}")]
    UnknownRefId {
        /// The query that the chunk names.
        ref_id: String,
        /// The queries of the request.
        asked: String,
    },
    /// A frame without the name that ties its chunks together.
    #[error("query {ref_id:?}: found a frame without frame id, which ties the pieces of a frame together")]
    NoFrameId {
        /// Which query.
        ref_id: String,
    },
    /// Rows of a query that has failed.
    #[error("query {ref_id:?}, frame {frame_id:?}: found rows after the query's error, expected none")]
    AfterError {
        /// Which query.
        ref_id: String,
        /// Which frame of it.
        frame_id: String,
    },
    /// A schema where a frame goes on.
    #[error("query {ref_id:?}, frame {frame_id:?}: found a second schema, expected rows alone")]
    SecondSchema {
        /// Which query.
        ref_id: String,
        /// Which frame of it.
        frame_id: String,
    },
    /// Columns of other types than those of the first chunk.
    #[error("query {ref_id:?}, frame {frame_id:?}: found columns {found}, the first piece has {expected}")]
    Structure {
        /// Which query.
        ref_id: String,
        /// Which frame of it.
        frame_id: String,
        /// The columns of the chunk.
        found: String,
        /// The columns of the first chunk.
        expected: String,
    },
    /// Another frame under an id that is taken.
    #[error(
        "query {ref_id:?}, frame {frame_id:?}: found {what} {found}, the first piece has {expected}; \
         the id is used for two frames"
    )]
    FrameIdReused {
        /// Which query.
        ref_id: String,
        /// Which frame of it.
        frame_id: String,
        /// What tells the frames apart.
        what: String,
        /// What the chunk has.
        found: String,
        /// What the first chunk has.
        expected: String,
    },
    /// A limit of [`CollectLimits`](super::CollectLimits) on the whole answer.
    #[error("{what} of the answer: found {found}, the limit is {limit}; ask for less or read chunk by chunk")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        limit: usize,
    },
    /// A frame that can't be read.
    #[error("query {ref_id:?}, frame {frame_id:?}: a piece can't be read")]
    Frame {
        /// Which query.
        ref_id: String,
        /// Which frame of it.
        frame_id: String,
        /// What is wrong with it.
        #[source]
        cause: FrameError,
    },
}
