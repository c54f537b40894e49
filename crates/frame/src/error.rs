//! What can go wrong with frames.

use graftwire_model::FrameFormat;

use crate::ValueType;
use crate::frame::describe;

/// A frame that can't be made, encoded, decoded or reshaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The fields of a frame differ in length.
    #[error("field {index} ({name:?}): found {found} rows, expected {expected} as in field 0")]
    Length {
        /// Which field.
        index: usize,
        /// Its name.
        name: String,
        /// Its rows.
        found: usize,
        /// The rows of the first field.
        expected: usize,
    },
    /// A text or JSON column is larger than Arrow's 32-bit offsets can address.
    #[error("field {index} ({name:?}): the texts of one column exceed 2 GiB; split the frame")]
    ColumnTooLarge {
        /// Which field.
        index: usize,
        /// Its name.
        name: String,
    },
    /// A part of a labels text is not one key and one value.
    #[error("labels: found {pair:?}, expected key=value")]
    Labels {
        /// The part.
        pair: String,
    },
    /// A limit of [`DecodeLimits`](crate::DecodeLimits) was reached.
    #[error("{what}: found {found}, the limit is {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        limit: usize,
    },
    /// A frame that was not encoded was wanted.
    #[error(
        "found an encoded frame, expected one that is not encoded; let the plugin answer with frames as they are"
    )]
    Encoded,
    /// The bytes are not an Arrow file, or a damaged one.
    #[error("arrow file: {found}")]
    Arrow {
        /// What was found and what was expected, and where.
        found: String,
    },
    /// An Arrow column of a type that frames don't have.
    #[error("field {index} ({name:?}): arrow type {found} has no counterpart in a data frame")]
    ArrowType {
        /// Which field.
        index: usize,
        /// Its name.
        name: String,
        /// The Arrow type.
        found: String,
    },
    /// The JSON of a frame is malformed.
    #[error("frame json: {place}")]
    Json {
        /// Which part of the frame.
        place: String,
        /// What the parser says.
        #[source]
        cause: serde_json::Error,
    },
    /// The JSON of a frame is well-formed but isn't a frame.
    #[error("frame json: {found}")]
    Shape {
        /// What was found and what was expected, and where.
        found: String,
    },
    /// Rows alone were expected, and the JSON has a schema.
    #[error("frame json: found a schema, expected data alone")]
    Schema,
    /// A value of a column can't be read or written as its type.
    #[error("field {index} ({name:?}), row {row}: found {found}, expected {expected}")]
    Value {
        /// Which field.
        index: usize,
        /// Its name.
        name: String,
        /// Which row.
        row: usize,
        /// What was found; long texts are cut.
        found: String,
        /// The type of the field.
        expected: ValueType,
    },
    /// Meta, labels or config can't be read or written as JSON.
    #[error("{place}: not the expected json")]
    Metadata {
        /// Which of them, of which field.
        place: String,
        /// What the parser says.
        #[source]
        cause: serde_json::Error,
    },
    /// Rows can't be appended because the columns don't match.
    #[error("append: found {found}, expected {expected}")]
    Append {
        /// The columns of the new rows.
        found: String,
        /// The columns of the frame.
        expected: String,
    },
    /// The bytes are of the other format.
    #[error("found a frame of format {found:?}, expected {expected:?}")]
    Format {
        /// The format of the bytes.
        found: FrameFormat,
        /// The format asked for.
        expected: FrameFormat,
    },
}

impl FrameError {
    /// Rows of other columns than those that they should follow.
    pub(crate) fn other_columns(found: &[ValueType], expected: &[ValueType]) -> Self {
        Self::Append { found: describe(found), expected: describe(expected) }
    }

    /// A cell that can't be its column's type; its text is cut to what a message can hold.
    pub(crate) fn value(index: usize, name: &str, row: usize, found: &str, expected: ValueType) -> Self {
        Self::Value { index, name: name.to_owned(), row, found: cut(found), expected }
    }
}

/// The start of a text, for a message.
pub(crate) fn cut(text: &str) -> String {
    const LIMIT: usize = 60;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
