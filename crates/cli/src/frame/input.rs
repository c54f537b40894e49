//! Bytes of a file → frames, whatever of the four forms the file has.
//!
//! | it begins with | it is |
//! |---|---|
//! | `ARROW1` | an Arrow IPC file: one frame |
//! | `[` | a JSON list of frames |
//! | `{` with `results` | a query response: the frames of every refId, in the order of refIds |
//! | `{` with `schema` or `data` | a frame as JSON; more such lines are the packets of a stream |
//!
//! It deliberately trusts no file name.

use std::borrow::Cow;
use std::path::Path;

use bytes::Bytes;
use graftwire_frame::{DecodeLimits, Frame, FrameError, arrow, json, response};
use graftwire_model::DataResponse;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::file;

/// What a file holds. Files are the user's own, so the only limits are those of the machine and the formats.
pub(crate) const LIMITS: DecodeLimits = DecodeLimits::NONE;

/// The frames of a file.
#[derive(Debug)]
pub(super) struct Input {
    /// What the file is.
    pub(super) form: Form,
    pub(super) frames: Vec<Frame>,
    /// The failed queries of a response, by refId.
    pub(super) errors: Vec<(String, DataResponse)>,
}

/// The four forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Arrow,
    Json,
    List,
    Packets,
    Response,
}

impl Form {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Arrow => "arrow file",
            Self::Json => "frame json",
            Self::List => "list of frames",
            Self::Packets => "packets of a stream",
            Self::Response => "query response",
        }
    }

    /// Whether the file holds one frame by its form, not by chance.
    pub(super) const fn is_single(self) -> bool {
        matches!(self, Self::Arrow | Self::Json | Self::Packets)
    }
}

/// Reads the frames of a file; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<Input, Failure> {
    let bytes = file::read(path)?;
    decode(bytes).map_err(|error| {
        let name = if path == Path::new("-") { "standard input".into() } else { path.to_string_lossy() };
        Failure::file(format!("{name}: {}", error.found)).because_maybe(error.cause)
    })
}

/// What is wrong with the bytes.
#[derive(Debug)]
pub(super) struct InputError {
    found: String,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl InputError {
    fn new(found: impl Into<String>) -> Self {
        Self { found: found.into(), cause: None }
    }

    fn caused(form: Form, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { found: format!("broken {}", form.as_str()), cause: Some(Box::new(cause)) }
    }
}

impl From<(Form, FrameError)> for InputError {
    fn from((form, cause): (Form, FrameError)) -> Self {
        Self::caused(form, cause)
    }
}

pub(super) fn decode(bytes: Vec<u8>) -> Result<Input, InputError> {
    if bytes.starts_with(b"ARROW1") {
        let frame = arrow::read(&bytes, &LIMITS).map_err(|error| (Form::Arrow, error))?;
        return Ok(Input { form: Form::Arrow, frames: vec![frame], errors: Vec::new() });
    }
    if bytes.starts_with(&[0xff; 4]) {
        return Err(InputError::new(
            "found an Arrow stream, expected an Arrow file (it begins with ARROW1); write it with the file writer",
        ));
    }
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match json.trim_ascii_start().first() {
        Some(b'[') => list(json),
        Some(b'{') => documents(json),
        None => Err(InputError::new("found nothing, expected a frame")),
        Some(_) => Err(InputError::new(
            "found neither an Arrow file nor JSON, expected an Arrow file, a frame as JSON, a list of frames or a \
             query response",
        )),
    }
}

fn list(json: &[u8]) -> Result<Input, InputError> {
    let frames = json::read_list(json, &LIMITS).map_err(|error| (Form::List, error))?;
    Ok(Input { form: Form::List, frames, errors: Vec::new() })
}

/// One JSON object, or several after one another.
fn documents(json: &[u8]) -> Result<Input, InputError> {
    let text = String::from_utf8_lossy(json);
    let stream = serde_json::Deserializer::from_str(&text).into_iter::<&RawValue>();
    let documents: Vec<&RawValue> =
        stream.collect::<Result<_, _>>().map_err(|cause| InputError::caused(Form::Json, cause))?;
    match documents.as_slice() {
        [only] if Shape::of(only).results => {
            // The reader shares the body's memory with the frames, so it gets a body of its own.
            answers(&Bytes::copy_from_slice(only.get().as_bytes()))
        }
        [only] => {
            single(only).map(|frame| Input { form: Form::Json, frames: vec![frame], errors: Vec::new() })
        }
        several => packets(several),
    }
}

fn single(document: &RawValue) -> Result<Frame, InputError> {
    let shape = Shape::of(document);
    if !shape.schema && !shape.data {
        return Err(InputError::new(format!(
            "found a JSON object with {}, expected a frame (schema and data) or a query response (results)",
            shape.others
        )));
    }
    json::read(document.get().as_bytes(), &LIMITS).map_err(|error| (Form::Json, error).into())
}

fn answers(body: &Bytes) -> Result<Input, InputError> {
    let response = response::read(body).map_err(|cause| InputError::caused(Form::Response, cause))?;
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    for (ref_id, mut answer) in response.responses {
        for (index, encoded) in std::mem::take(&mut answer.frames).iter().enumerate() {
            let mut frame = Frame::decode_within(encoded, &LIMITS).map_err(|cause| InputError {
                found: format!("broken frame {index} of refId {ref_id:?}"),
                cause: Some(Box::new(cause)),
            })?;
            if frame.ref_id.is_empty() {
                frame.ref_id.clone_from(&ref_id);
            }
            frames.push(frame);
        }
        if answer.is_error() {
            errors.push((ref_id, answer));
        }
    }
    Ok(Input { form: Form::Response, frames, errors })
}

/// The packets of a stream: a schema begins a frame, rows alone are added to the one before. Frames of one schema
/// are one.
fn packets(documents: &[&RawValue]) -> Result<Input, InputError> {
    let mut frames: Vec<Frame> = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let at = |error: FrameError| InputError {
            found: format!("broken packet {index}"),
            cause: Some(Box::new(error)),
        };
        let bytes = document.get().as_bytes();
        match frames.last_mut() {
            Some(frame) if !Shape::of(document).schema => json::append(frame, bytes, &LIMITS).map_err(at)?,
            last => {
                let next = json::read(bytes, &LIMITS).map_err(at)?;
                match last {
                    Some(frame) if frame.to_schema() == next.to_schema() => frame.append(next).map_err(at)?,
                    _ => frames.push(next),
                }
            }
        }
    }
    Ok(Input { form: Form::Packets, frames, errors: Vec::new() })
}

/// Which keys an object has at its top.
#[derive(Debug, Default)]
struct Shape {
    results: bool,
    schema: bool,
    data: bool,
    /// The other keys, for a message.
    others: String,
}

impl Shape {
    fn of(document: &RawValue) -> Self {
        serde_json::Deserializer::from_str(document.get()).deserialize_map(Keys).unwrap_or_default()
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Shape;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Shape, M::Error> {
        let mut shape = Shape::default();
        let mut others = Vec::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "results" => shape.results = true,
                "schema" => shape.schema = true,
                "data" => shape.data = true,
                other if others.len() < 8 => others.push(format!("{other:?}")),
                _ => {}
            }
            map.next_value::<IgnoredAny>()?;
        }
        shape.others = if others.is_empty() { "no keys".to_owned() } else { others.join(", ") };
        Ok(shape)
    }
}
