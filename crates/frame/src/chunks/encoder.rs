//! Frames to chunks, in the plugin.
//!
//! It deliberately holds no rows: what it remembers of a frame is the types of its columns.

use std::collections::HashMap;

use graftwire_model::{FrameFormat, QueryChunk};

use crate::json::Include;
use crate::{Field, Frame, FrameError, ValueType, arrow, json};

/// Encodes frames as chunks, and knows which schemas it has sent.
#[derive(Debug)]
pub struct ChunkEncoder {
    format: FrameFormat,
    sent: HashMap<(String, String), Vec<ValueType>>,
}

impl ChunkEncoder {
    /// An encoder to the format that the request asks for.
    #[must_use]
    pub fn new(format: FrameFormat) -> Self {
        Self { format, sent: HashMap::new() }
    }

    /// Encodes rows of a frame. The first call for a pair of refId and frame id sends the schema, so all later
    /// frames of that pair must have the same columns. The frame's refId is filled in if it is empty.
    ///
    /// # Errors
    /// As [`Frame::encode`], and [`FrameError::Append`] for other columns than in the first call. A call that failed
    /// has sent nothing.
    pub fn encode(
        &mut self,
        ref_id: &str,
        frame_id: &str,
        mut frame: Frame,
    ) -> Result<QueryChunk, FrameError> {
        let key = (ref_id.to_owned(), frame_id.to_owned());
        if frame.ref_id.is_empty() {
            ref_id.clone_into(&mut frame.ref_id);
        }
        let types: Vec<ValueType> = frame.fields.iter().map(Field::value_type).collect();
        let is_first = match self.sent.get(&key) {
            None => true,
            Some(first) if *first == types => false,
            Some(first) => return Err(FrameError::other_columns(&types, first)),
        };
        let encoded = match (self.format, is_first) {
            (FrameFormat::Arrow | FrameFormat::Unencoded, _) => arrow::write_owned(frame)?,
            (FrameFormat::Json, true) => json::write(&frame, Include::All)?,
            (FrameFormat::Json, false) => json::write(&frame, Include::Data)?,
        };
        if is_first {
            self.sent.insert(key, types);
        }
        Ok(QueryChunk {
            ref_id: ref_id.to_owned(),
            frame_id: frame_id.to_owned(),
            frame: Some(encoded),
            status: 200,
            ..QueryChunk::default()
        })
    }
}
