//! Frames in chunks: the pieces of a streamed answer, and how they become whole answers again.
//!
//! The first chunk of a frame carries its schema. Later ones carry rows: as JSON `data` alone, as Arrow a complete
//! file whose rows are added. It deliberately ties chunks together by the pair of refId and frame id, whatever
//! characters are in them.

use std::collections::{BTreeMap, HashSet};

use graftwire_model::{DataResponse, ErrorSource, FrameFormat, QueryChunk, QueryResponse};

use crate::json::Include;
use crate::{DecodeLimits, Frame, FrameError, arrow, json};

/// Encodes frames as chunks, and knows which schemas it has sent.
#[derive(Debug)]
pub struct ChunkEncoder {
    format: FrameFormat,
    sent: HashSet<(String, String)>,
}

impl ChunkEncoder {
    /// An encoder to the format that the request asks for.
    #[must_use]
    pub fn new(format: FrameFormat) -> Self {
        Self { format, sent: HashSet::new() }
    }

    /// Encodes rows of a frame. The first call for a pair of refId and frame id sends the schema, so all later
    /// frames of that pair must have the same columns. The frame's refId is filled in if it is empty.
    ///
    /// # Errors
    /// As [`Frame::encode`].
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
        let encoded = match self.format {
            FrameFormat::Arrow => arrow::write_owned(frame)?,
            FrameFormat::Json if self.sent.contains(&key) => json::write(&frame, Include::Data)?,
            FrameFormat::Json => json::write(&frame, Include::All)?,
        };
        self.sent.insert(key);
        Ok(QueryChunk {
            ref_id: ref_id.to_owned(),
            frame_id: frame_id.to_owned(),
            frame: Some(encoded),
            status: 200,
            ..QueryChunk::default()
        })
    }
}

/// Puts chunks together: frames in the order in which they appeared, per refId.
#[derive(Debug, Default)]
pub struct ChunkCollector {
    limits: DecodeLimits,
    answers: BTreeMap<String, Answer>,
}

#[derive(Debug, Default)]
struct Answer {
    frames: Vec<(String, Frame)>,
    error: String,
    status: i32,
    error_source: Option<ErrorSource>,
}

impl ChunkCollector {
    /// A collector whose frames may grow to these limits.
    #[must_use]
    pub fn new(limits: DecodeLimits) -> Self {
        Self { limits, answers: BTreeMap::new() }
    }

    /// Adds a chunk. An error, once seen, stays; other answers go on.
    ///
    /// # Errors
    /// A frame that can't be decoded or doesn't fit the rows before it. What was collected stays as it was.
    pub fn push(&mut self, chunk: QueryChunk) -> Result<(), FrameError> {
        let answer = self.answers.entry(chunk.ref_id).or_default();
        if !chunk.error.is_empty() {
            answer.error = chunk.error;
            answer.status = chunk.status;
            answer.error_source = chunk.error_source;
        } else if answer.error.is_empty() && chunk.status != 0 {
            answer.status = chunk.status;
        }
        let Some(encoded) = chunk.frame.filter(|frame| !frame.is_empty()) else { return Ok(()) };
        match answer.frames.iter_mut().find(|(frame_id, _)| *frame_id == chunk.frame_id) {
            None => {
                let frame = Frame::decode_within(&encoded, &self.limits)?;
                answer.frames.push((chunk.frame_id, frame));
                Ok(())
            }
            Some((_, frame)) => {
                let format = encoded.format;
                let bytes = encoded.into_bytes();
                match format {
                    FrameFormat::Arrow => arrow::append(frame, &bytes, &self.limits),
                    FrameFormat::Json => json::append(frame, &bytes, &self.limits),
                }
            }
        }
    }

    /// The frames of an answer so far.
    pub fn frames(&self, ref_id: &str) -> impl Iterator<Item = &Frame> {
        self.answers.get(ref_id).into_iter().flat_map(|answer| answer.frames.iter().map(|(_, frame)| frame))
    }

    /// The answers, encoded as those to a query that isn't streamed.
    ///
    /// # Errors
    /// As [`Frame::encode`].
    pub fn finish(self, format: FrameFormat) -> Result<QueryResponse, FrameError> {
        let mut responses = BTreeMap::new();
        for (ref_id, answer) in self.answers {
            let frames = answer.frames.into_iter().map(|(_, frame)| frame.into_encoded(format));
            let response = DataResponse {
                frames: frames.collect::<Result<_, _>>()?,
                error: answer.error,
                status: answer.status,
                error_source: answer.error_source,
            };
            responses.insert(ref_id, response);
        }
        Ok(QueryResponse { responses })
    }
}

#[cfg(test)]
mod tests;
