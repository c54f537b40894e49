//! Why a message could not be carried between wire and model.

/// A message whose content has no counterpart on the other side. The text names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdaptError {
    /// A format number outside the table.
    #[error("{field}: unknown frame format {found}; known are 0 (Arrow) and 1 (JSON)")]
    UnknownFormat {
        /// Where.
        field: String,
        /// The number found.
        found: i32,
    },
    /// Frames of both formats in one answer, which the wire can't say.
    #[error("responses[{ref_id:?}].frames: Arrow and JSON frames in one answer; encode all in one format")]
    MixedFormats {
        /// Which answer.
        ref_id: String,
    },
    /// A frame without bytes.
    #[error("responses[{ref_id:?}].frames[{index}]: no bytes; a frame without rows still needs its schema")]
    EmptyFrame {
        /// Which answer.
        ref_id: String,
        /// Which frame of it.
        index: usize,
    },
    /// An answer above the plugin's own limit, or above the 4 GiB that gRPC can say.
    #[error(
        "the answer has {found} bytes, the plugin sends at most {limit}; ask for a shorter time range or fewer series"
    )]
    TooLarge {
        /// Its length.
        found: usize,
        /// The limit.
        limit: usize,
    },
}
