//! Answers to queries as the JSON that `/api/ds/query` returns.
//!
//! ```text
//! {"results":{"A":{"error":…,"errorSource":…,"status":…,"frames":[…]}}}
//! ```
//!
//! Frames that are JSON already go in as they are, Arrow ones are decoded and written as JSON. It deliberately says
//! nothing about the HTTP status of the whole: hosts differ there by version.

use std::collections::BTreeMap;

use bytes::Bytes;
use graftwire_model::{DataResponse, EncodedFrame, ErrorSource, FrameFormat, QueryResponse};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{
    self, Include,
    number::push_int,
    text::{as_text, push_str},
};
use crate::{DecodeLimits, Frame, FrameError};

/// Writes the answers, sorted by refId.
///
/// A status that isn't one (100 to 599) is written as 500 beside an error; without an error 0 is written as 200 and
/// anything else is left out. `errorSource` stands beside every error, maybe empty. `frames` is left out when
/// there are none.
///
/// # Errors
/// A frame that can't be decoded within the limits, by refId and index.
pub fn write(response: &QueryResponse, limits: &DecodeLimits) -> Result<Vec<u8>, ResponseError> {
    let mut out = b"{\"results\":{".to_vec();
    for (index, (ref_id, answer)) in response.responses.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_str(&mut out, ref_id);
        out.push(b':');
        push_answer(&mut out, ref_id, answer, limits)?;
    }
    out.extend_from_slice(b"}}");
    Ok(out)
}

/// Reads answers. Frames stay encoded, as JSON; of valid UTF-8 they are slices of the body.
///
/// # Errors
/// Malformed JSON, and keys that answers don't have. A frame is only looked into when it is decoded.
pub fn read(body: &Bytes) -> Result<QueryResponse, ResponseError> {
    let text = as_text(body);
    let document: Document<'_> = serde_json::from_str(&text).map_err(ResponseError::Json)?;
    let frame = |raw: &RawValue| {
        let json = raw.get().as_bytes();
        let shared = matches!(text, std::borrow::Cow::Borrowed(_));
        let bytes = if shared { body.slice_ref(json) } else { Bytes::copy_from_slice(json) };
        EncodedFrame::new(FrameFormat::Json, bytes)
    };
    let answers = document.results.into_iter().map(|(ref_id, answer)| {
        let answer = DataResponse {
            frames: answer.frames.unwrap_or_default().into_iter().map(frame).collect(),
            error: answer.error.unwrap_or_default(),
            status: answer.status.unwrap_or_default(),
            error_source: answer.error_source.as_deref().and_then(ErrorSource::parse),
        };
        (ref_id, answer)
    });
    Ok(QueryResponse { responses: answers.collect() })
}

/// An answer that can't be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The body isn't the JSON of answers.
    #[error("query response: not the expected json")]
    Json(#[source] serde_json::Error),
    /// A frame can't be decoded.
    #[error("results[{ref_id:?}].frames[{index}]: broken frame")]
    Frame {
        /// Which answer.
        ref_id: String,
        /// Which frame of it.
        index: usize,
        /// What is wrong with it.
        #[source]
        cause: FrameError,
    },
}

fn push_answer(
    out: &mut Vec<u8>,
    ref_id: &str,
    answer: &DataResponse,
    limits: &DecodeLimits,
) -> Result<(), ResponseError> {
    out.push(b'{');
    let start = out.len();
    if answer.is_error() {
        push_key(out, start, "error");
        push_str(out, &answer.error);
        push_key(out, start, "errorSource");
        push_str(out, answer.error_source.map_or("", ErrorSource::as_str));
    }
    if let Some(status) = shown_status(answer) {
        push_key(out, start, "status");
        push_int(out, status);
    }
    if !answer.frames.is_empty() {
        push_key(out, start, "frames");
        out.push(b'[');
        for (index, frame) in answer.frames.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_frame(out, frame, limits).map_err(|cause| {
                let ref_id = ref_id.to_owned();
                ResponseError::Frame { ref_id, index, cause }
            })?;
        }
        out.push(b']');
    }
    out.push(b'}');
    Ok(())
}

fn push_key(out: &mut Vec<u8>, start: usize, key: &str) {
    if out.len() > start {
        out.push(b',');
    }
    push_str(out, key);
    out.push(b':');
}

const fn shown_status(answer: &DataResponse) -> Option<i32> {
    match answer.status {
        status if DataResponse::is_valid_status(status) => Some(status),
        _ if !answer.error.is_empty() => Some(500),
        0 => Some(200),
        _ => None,
    }
}

fn push_frame(out: &mut Vec<u8>, frame: &EncodedFrame, limits: &DecodeLimits) -> Result<(), FrameError> {
    if frame.format != FrameFormat::Json {
        return json::write_to(out, &Frame::decode_within(frame, limits)?, Include::All);
    }
    DecodeLimits::check("bytes of a frame", frame.len(), limits.bytes)?;
    let bytes = frame.clone().into_bytes();
    let text = as_text(&bytes);
    serde_json::from_str::<&RawValue>(&text)
        .map_err(|cause| FrameError::Json { place: "document".to_owned(), cause })?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    #[serde(borrow, default)]
    results: BTreeMap<String, Answer<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    error_source: Option<String>,
    #[serde(default)]
    status: Option<i32>,
    #[serde(borrow, default)]
    frames: Option<Vec<&'a RawValue>>,
}

#[cfg(test)]
mod tests;
