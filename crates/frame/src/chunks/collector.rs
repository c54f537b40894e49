//! Chunks to whole answers, in the host.
//!
//! It deliberately believes nothing that a chunk says of others: what doesn't fit is refused by name, and what was
//! collected stays.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use graftwire_model::{
    DataResponse, EncodedFrame, ErrorSource, FrameFormat, QueryChunk, QueryResponse, error_text,
};

use super::ChunkError;
use crate::{DecodeLimits, Field, FieldLabels, Frame, FrameError, arrow, json};

/// How many answers that nobody asked for are told; more are dropped.
const TOLD_STRANGERS: usize = 16;

/// How large a collected answer may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectLimits {
    /// Bytes and fields of one chunk, and rows of one frame.
    pub frame: DecodeLimits,
    /// Bytes of all chunks together, as they came. Default: 1 GiB.
    pub bytes: usize,
    /// Rows of all frames together. Default: 67,108,864.
    pub rows: usize,
    /// Frames of all queries together. Default: 65,536.
    pub frames: usize,
}

impl Default for CollectLimits {
    fn default() -> Self {
        Self { frame: DecodeLimits::default(), bytes: 1 << 30, rows: 1 << 26, frames: 1 << 16 }
    }
}

impl CollectLimits {
    /// The same limits with others for each frame.
    #[must_use]
    pub const fn with_frame(mut self, frame: DecodeLimits) -> Self {
        self.frame = frame;
        self
    }

    /// The same limits with another for bytes.
    #[must_use]
    pub const fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The same limits with another for rows.
    #[must_use]
    pub const fn with_rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// The same limits with another for frames.
    #[must_use]
    pub const fn with_frames(mut self, frames: usize) -> Self {
        self.frames = frames;
        self
    }
}

/// Puts chunks together: frames in the order in which they appeared, per refId.
#[derive(Debug, Default)]
pub struct ChunkCollector {
    limits: CollectLimits,
    asked: Option<BTreeSet<String>>,
    answers: BTreeMap<String, Answer>,
    strangers: BTreeMap<String, String>,
    bytes: usize,
    rows: usize,
    frames: usize,
}

/// The answer to one query, with its frames decoded.
#[derive(Debug, Default)]
pub struct FrameAnswer {
    /// The frames, in order of appearance.
    pub frames: Vec<Frame>,
    /// The error text; empty = no error. Frames may stand beside it.
    pub error: String,
    /// HTTP-like status; 0 = not said.
    pub status: i32,
    /// Whose fault the error is.
    pub error_source: Option<ErrorSource>,
}

#[derive(Debug, Default)]
struct Answer {
    content: FrameAnswer,
    /// Where in `content.frames` a frame id is.
    places: HashMap<String, usize>,
    /// What this side finds wrong. It ends the query here, whatever the plugin sends.
    refused: Option<String>,
}

impl ChunkCollector {
    /// A collector that takes answers to any query.
    #[must_use]
    pub fn new(limits: CollectLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The same for these queries alone. A query without a chunk has an empty answer in the end.
    #[must_use]
    pub fn expecting<'a>(mut self, ref_ids: impl IntoIterator<Item = &'a str>) -> Self {
        self.asked = Some(ref_ids.into_iter().map(str::to_owned).collect());
        self
    }

    /// Adds a chunk. An error, once seen, stays; other answers go on. Of several statuses without an error the first
    /// that isn't 200 stays.
    ///
    /// # Errors
    /// [`ChunkError`], when the chunk doesn't fit those before it. What was collected stays as it was.
    pub fn push(&mut self, chunk: QueryChunk) -> Result<(), ChunkError> {
        self.check_ref_id(&chunk.ref_id)?;
        let frame = chunk.frame.filter(|frame| !frame.is_empty());
        if let Some(encoded) = frame {
            self.add_rows(&chunk.ref_id, chunk.frame_id, encoded)?;
        }
        let content = &mut self.answers.entry(chunk.ref_id).or_default().content;
        if !content.error.is_empty() {
            return Ok(());
        }
        if !chunk.error.is_empty() {
            content.error = chunk.error;
            content.status = chunk.status;
            content.error_source = chunk.error_source;
        } else if matches!(content.status, 0 | 200) && chunk.status != 0 {
            content.status = chunk.status;
        }
        Ok(())
    }

    /// Adds a chunk; one that doesn't fit becomes the error of its query, which ends there, and the others go on. A
    /// limit on the whole answer ends all of them.
    pub fn absorb(&mut self, chunk: QueryChunk) {
        if self.answers.get(&chunk.ref_id).is_some_and(|answer| answer.refused.is_some()) {
            return;
        }
        let ref_id = chunk.ref_id.clone();
        let Err(error) = self.push(chunk) else { return };
        let text = error_text(&error);
        match error {
            ChunkError::UnknownRefId { .. } => {
                if self.strangers.len() < TOLD_STRANGERS {
                    self.strangers.insert(ref_id, text);
                }
            }
            ChunkError::Limit { .. } => {
                // An answer that nobody asked for begins no entry: there may be any number of them.
                let begun = self.answers.contains_key(&ref_id).then_some(ref_id);
                let ended: Vec<String> = self.asked.iter().flatten().cloned().chain(begun).collect();
                ended.into_iter().for_each(|ref_id| self.refuse(ref_id, text.clone()));
            }
            _ => self.refuse(ref_id, text),
        }
    }

    /// Whether every query that was asked has ended on this side, so that nothing more can come of the stream.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let refused =
            |ref_id: &String| self.answers.get(ref_id).is_some_and(|answer| answer.refused.is_some());
        self.asked.as_ref().is_some_and(|asked| !asked.is_empty() && asked.iter().all(refused))
    }

    /// The frames of an answer so far.
    pub fn frames(&self, ref_id: &str) -> impl Iterator<Item = &Frame> {
        self.answers.get(ref_id).into_iter().flat_map(|answer| answer.content.frames.iter())
    }

    /// The answers with their frames decoded.
    #[must_use]
    pub fn into_answers(self) -> BTreeMap<String, FrameAnswer> {
        let empty = || FrameAnswer { status: 200, ..FrameAnswer::default() };
        let mut answers: BTreeMap<String, FrameAnswer> =
            self.asked.into_iter().flatten().map(|ref_id| (ref_id, empty())).collect();
        answers.extend(self.answers.into_iter().map(|(ref_id, answer)| (ref_id, answer.into_content())));
        answers.extend(self.strangers.into_iter().map(|(ref_id, text)| {
            let answer = Answer { refused: Some(text), ..Answer::default() };
            (ref_id, answer.into_content())
        }));
        answers
    }

    /// The answers, encoded as those to a query that isn't streamed.
    ///
    /// # Errors
    /// As [`Frame::encode`].
    pub fn finish(self, format: FrameFormat) -> Result<QueryResponse, FrameError> {
        let encoded = |(ref_id, answer): (String, FrameAnswer)| {
            let frames = answer.frames.into_iter().map(|frame| frame.into_encoded(format));
            let response = DataResponse {
                frames: frames.collect::<Result<_, _>>()?,
                error: answer.error,
                status: answer.status,
                error_source: answer.error_source,
            };
            Ok((ref_id, response))
        };
        let responses = self.into_answers().into_iter().map(encoded).collect::<Result<_, _>>()?;
        Ok(QueryResponse { responses })
    }

    fn check_ref_id(&self, ref_id: &str) -> Result<(), ChunkError> {
        let Some(asked) = &self.asked else {
            let answers = self.answers.len() + usize::from(!self.answers.contains_key(ref_id));
            return within("queries", answers, self.limits.frames);
        };
        if asked.contains(ref_id) {
            return Ok(());
        }
        let asked: Vec<String> = asked.iter().map(|asked| format!("{asked:?}")).collect();
        Err(ChunkError::UnknownRefId { ref_id: ref_id.to_owned(), asked: asked.join(", ") })
    }

    fn add_rows(&mut self, ref_id: &str, frame_id: String, encoded: EncodedFrame) -> Result<(), ChunkError> {
        let bytes = self.bytes.saturating_add(encoded.len());
        within("bytes", bytes, self.limits.bytes)?;
        if frame_id.is_empty() {
            return Err(ChunkError::NoFrameId { ref_id: ref_id.to_owned() });
        }
        let answer = self.answers.get(ref_id);
        if answer.is_some_and(|answer| !answer.content.error.is_empty()) {
            return Err(ChunkError::AfterError { ref_id: ref_id.to_owned(), frame_id });
        }
        let place = Place { ref_id, frame_id: &frame_id };
        let first = answer.and_then(|answer| answer.content.frames.get(*answer.places.get(&frame_id)?));
        let (rows, is_new) = match first {
            None => {
                within("frames", self.frames + 1, self.limits.frames)?;
                (place.read(&encoded, &self.limits.frame)?, true)
            }
            Some(first) => (place.read_on(first, encoded, &self.limits.frame)?, false),
        };
        let total = self.rows.saturating_add(rows.rows().map_err(|cause| place.unreadable(cause))?);
        within("rows", total, self.limits.rows)?;

        let answer = self.answers.entry(ref_id.to_owned()).or_default();
        match answer.places.get(&frame_id).and_then(|at| answer.content.frames.get_mut(*at)) {
            Some(frame) => frame.append(rows).map_err(|cause| place.unreadable(cause))?,
            None => {
                answer.places.insert(frame_id, answer.content.frames.len());
                answer.content.frames.push(rows);
            }
        }
        (self.bytes, self.rows) = (bytes, total);
        self.frames += usize::from(is_new);
        Ok(())
    }

    fn refuse(&mut self, ref_id: String, text: String) {
        self.answers.entry(ref_id).or_default().refused.get_or_insert(text);
    }
}

impl Answer {
    /// What the plugin said is wrong comes first; what this side found follows.
    fn into_content(self) -> FrameAnswer {
        let mut content = self.content;
        match self.refused {
            None => {}
            Some(text) if content.error.is_empty() => {
                content.error = text;
                content.status = 500;
                content.error_source = Some(ErrorSource::Plugin);
            }
            Some(text) => content.error = format!("{} ({text})", content.error),
        }
        content
    }
}

/// Of which frame a chunk says it is.
#[derive(Clone, Copy)]
struct Place<'a> {
    ref_id: &'a str,
    frame_id: &'a str,
}

impl Place<'_> {
    fn read(self, encoded: &EncodedFrame, limits: &DecodeLimits) -> Result<Frame, ChunkError> {
        Frame::decode_within(encoded, limits).map_err(|cause| self.unreadable(cause))
    }

    /// Reads the rows by which a frame goes on.
    fn read_on(
        self,
        first: &Frame,
        encoded: EncodedFrame,
        limits: &DecodeLimits,
    ) -> Result<Frame, ChunkError> {
        let format = encoded.format;
        let bytes = encoded.into_bytes();
        let rows = match format {
            FrameFormat::Arrow | FrameFormat::Unencoded => arrow::read(&bytes, limits),
            FrameFormat::Json => json::read_rows(first, &bytes, limits),
        };
        let rows = rows.map_err(|cause| self.unreadable(cause))?;
        self.check_columns(first, &rows)?;
        let counted = || Ok(first.rows()?.saturating_add(rows.rows()?));
        counted()
            .and_then(|total| DecodeLimits::check("rows of a frame", total, limits.rows))
            .map_err(|cause| self.unreadable(cause))?;
        Ok(rows)
    }

    /// Arrow repeats the schema in every chunk, so that a second frame under the same id can be told. Names and labels
    /// that are left out say nothing.
    fn check_columns(self, first: &Frame, more: &Frame) -> Result<(), ChunkError> {
        let types = |frame: &Frame| frame.fields.iter().map(Field::value_type).collect::<Vec<_>>();
        if types(first) != types(more) {
            return Err(ChunkError::Structure {
                ref_id: self.ref_id.to_owned(),
                frame_id: self.frame_id.to_owned(),
                found: more.describe_types(),
                expected: first.describe_types(),
            });
        }
        if !more.name.is_empty() && more.name != first.name {
            return Err(self.reused("frame name".to_owned(), &more.name, &first.name));
        }
        for (index, (first, more)) in first.fields.iter().zip(&more.fields).enumerate() {
            if !more.name.is_empty() && more.name != first.name {
                return Err(self.reused(format!("name of field {index}"), &more.name, &first.name));
            }
            if more.labels.is_some() && more.labels != first.labels {
                let labels = |field: &Field| field.labels.as_ref().map(FieldLabels::to_string);
                let (found, expected) = (labels(more).unwrap_or_default(), labels(first).unwrap_or_default());
                return Err(self.reused(format!("labels of field {index}"), &found, &expected));
            }
        }
        Ok(())
    }

    fn reused(self, what: String, found: &str, expected: &str) -> ChunkError {
        ChunkError::FrameIdReused {
            ref_id: self.ref_id.to_owned(),
            frame_id: self.frame_id.to_owned(),
            what,
            found: format!("{found:?}"),
            expected: format!("{expected:?}"),
        }
    }

    fn unreadable(self, cause: FrameError) -> ChunkError {
        let (ref_id, frame_id) = (self.ref_id.to_owned(), self.frame_id.to_owned());
        match cause {
            FrameError::Schema => ChunkError::SecondSchema { ref_id, frame_id },
            cause => ChunkError::Frame { ref_id, frame_id, cause },
        }
    }
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), ChunkError> {
    if found > limit { Err(ChunkError::Limit { what, found, limit }) } else { Ok(()) }
}
