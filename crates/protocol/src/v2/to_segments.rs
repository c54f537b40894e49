//! Model → bytes of the message, for the answer that holds columns: frames stay the segments they are.
//!
//! Everything but the frames is encoded by prost; only what stands around them is written here. It deliberately decides
//! nothing: what an answer says on the wire comes from [`to_wire`].

use graftwire_model as model;
use prost::{Message as _, length_delimiter_len};

use super::{generated as wire, to_wire};
use crate::AdaptError;
use crate::segments::Segments;

/// Numbers of the fields that are written here: `QueryDataResponse.responses`, a map's entries, `DataResponse.frames`.
const RESPONSES: u8 = 1;
const KEY: u8 = 1;
const VALUE: u8 = 2;
const FRAMES: u8 = 1;

/// The answers to a data request.
///
/// # Errors
/// What [`to_wire::query_response`] says, and [`AdaptError::TooLarge`] above `limit` bytes.
pub fn query_response(response: model::QueryResponse, limit: usize) -> Result<Segments, AdaptError> {
    let answers = response.responses.into_iter().map(|(ref_id, response)| Answer::of(ref_id, response));
    let answers = answers.collect::<Result<Vec<_>, _>>()?;
    let length = answers.iter().map(|answer| field_len(answer.entry_len)).sum();
    let mut message = Segments::of_message(length, limit)?;
    for answer in &answers {
        answer.write(&mut message);
    }
    Ok(message)
}

/// One entry of the map.
struct Answer {
    ref_id: String,
    frames: Vec<model::EncodedFrame>,
    around: Vec<u8>,
    value_len: usize,
    entry_len: usize,
}

impl Answer {
    fn of(ref_id: String, response: model::DataResponse) -> Result<Self, AdaptError> {
        let (frames, around) = to_wire::split_response(&ref_id, response)?;
        let around = wire::DataResponse::encode_to_vec(&around);
        let frames_len: usize = frames.iter().map(|frame| field_len(frame.len())).sum();
        let value_len = frames_len + around.len();
        let entry_len = field_len(ref_id.len()) + field_len(value_len);
        Ok(Self { ref_id, frames, around, value_len, entry_len })
    }

    fn write(&self, message: &mut Segments) {
        begin(message, RESPONSES, self.entry_len);
        begin(message, KEY, self.ref_id.len());
        message.extend(self.ref_id.as_bytes());
        begin(message, VALUE, self.value_len);
        for frame in &self.frames {
            begin(message, FRAMES, frame.len());
            frame.segments().iter().for_each(|segment| message.push(segment));
        }
        message.extend(&self.around);
    }
}

/// A length-delimited field with its content: one byte of key, as the numbers here are below 16.
fn field_len(content: usize) -> usize {
    1 + length_delimiter_len(content) + content
}

fn begin(message: &mut Segments, field: u8, length: usize) {
    const LENGTH_DELIMITED: u8 = 2;
    message.extend(&[field << 3 | LENGTH_DELIMITED]);
    message.extend_delimiter(length);
}
