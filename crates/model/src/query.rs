//! Data queries and their answers.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{EncodedFrame, ErrorSource, FrameFormat, Headers, Millis, PluginContext, TimeRange};

/// Several queries to one data source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryRequest {
    /// Who asks, and which data source.
    pub context: PluginContext,
    /// Headers, see [`Headers`].
    pub headers: Headers,
    /// The queries; an empty list is legal.
    pub queries: Vec<Query>,
    /// The wanted frame format; a plugin may answer with Arrow all the same.
    pub format: FrameFormat,
}

/// One query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// The name under which the answer is returned; may be empty.
    pub ref_id: String,
    /// Selects a handler within the plugin; may be empty.
    pub query_type: String,
    /// How many points the caller can show; 0 or less = not said.
    pub max_data_points: i64,
    /// The suggested distance of points; 0 or less = not said.
    pub interval: Millis,
    /// The time range of this query.
    pub time_range: TimeRange,
    /// The whole query model as JSON text, as the editor saved it; may be empty.
    pub json: Bytes,
}

/// The answers, by `ref_id`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryResponse {
    /// Answers by `ref_id`; the empty name is legal.
    pub responses: BTreeMap<String, DataResponse>,
}

/// The answer to one query: frames, or an error, or both.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataResponse {
    /// The frames, encoded.
    pub frames: Vec<EncodedFrame>,
    /// The error text; empty = no error.
    pub error: String,
    /// HTTP-like status. 0 = not said; a server shows 0 as 500, so adapters fill it before it leaves.
    pub status: i32,
    /// Whose fault the error is.
    pub error_source: Option<ErrorSource>,
}

impl DataResponse {
    /// An answer of frames, status 200.
    #[must_use]
    pub fn ok(frames: Vec<EncodedFrame>) -> Self {
        Self { frames, status: 200, ..Self::default() }
    }

    /// A failed query.
    pub fn failed(status: i32, error_source: ErrorSource, error: impl Into<String>) -> Self {
        Self { frames: Vec::new(), error: error.into(), status, error_source: Some(error_source) }
    }

    /// Whether the query failed.
    #[must_use]
    pub fn is_error(&self) -> bool {
        !self.error.is_empty()
    }

    /// Whether a status can be shown as it is: 100 to 599.
    #[must_use]
    pub const fn is_valid_status(status: i32) -> bool {
        100 <= status && status < 600
    }
}

/// One piece of a chunked answer: rows of one frame, or the error of one query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryChunk {
    /// Which query it answers.
    pub ref_id: String,
    /// Ties the chunks of one frame together; unique within a `ref_id`.
    pub frame_id: String,
    /// The rows. The first chunk of a frame carries its schema.
    pub frame: Option<EncodedFrame>,
    /// The error text; empty = no error. An error chunk ends its query, others go on.
    pub error: String,
    /// HTTP-like status, as in [`DataResponse`].
    pub status: i32,
    /// Whose fault the error is.
    pub error_source: Option<ErrorSource>,
}
