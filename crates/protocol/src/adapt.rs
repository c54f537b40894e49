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
    /// A route's answer with a status that is no HTTP status.
    #[error("code: {found} is no HTTP status; expected 100 to 999, or 0 for 200")]
    RouteStatus {
        /// The status found.
        found: i32,
    },
    /// Another number of converted objects than was asked for.
    #[error(
        "converted: {found} objects; expected {expected}, one for each object of the request, in its order"
    )]
    ConversionCount {
        /// How many there are.
        found: usize,
        /// How many were asked for.
        expected: usize,
    },
    /// The answer to another conversion.
    #[error("uid: {found:?}; expected the request's, {expected:?}")]
    ConversionUid {
        /// The one found.
        found: String,
        /// The one of the request.
        expected: String,
    },
}
