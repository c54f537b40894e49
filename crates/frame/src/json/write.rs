//! Frame to JSON.

use graftwire_model::{EncodedFrame, FrameFormat};

use super::Include;
use super::number::{push_f32, push_f64, push_int};
use super::schema::push_schema;
use super::text::{push_json, push_str};
use crate::{Column, Element, Field, Frame, FrameError, Json, Timestamp, ValueType, Values};

/// Room for a packet of a few values with its schema; more is made when the rows are counted.
const FIRST_ROOM: usize = 512;

/// Encodes a frame, or a part of it.
///
/// # Errors
/// Fields of different length, cells of JSON columns that aren't JSON, and metadata that JSON can't hold.
pub fn write(frame: &Frame, include: Include) -> Result<EncodedFrame, FrameError> {
    let mut out = Vec::with_capacity(FIRST_ROOM);
    write_to(&mut out, frame, include)?;
    Ok(EncodedFrame::new(FrameFormat::Json, out))
}

/// [`write()`], at the end of bytes that are there already. After an error the bytes are what they were.
///
/// # Errors
/// As [`write()`].
pub fn write_to(out: &mut Vec<u8>, frame: &Frame, include: Include) -> Result<(), FrameError> {
    let start = out.len();
    let result = push_frame(out, frame, include);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Encodes frames as one JSON array.
///
/// # Errors
/// As [`write()`].
pub fn write_list(frames: &[Frame]) -> Result<Vec<u8>, FrameError> {
    let mut out = vec![b'['];
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_to(&mut out, frame, Include::All)?;
    }
    out.push(b']');
    Ok(out)
}

fn push_frame(out: &mut Vec<u8>, frame: &Frame, include: Include) -> Result<(), FrameError> {
    let rows = frame.rows()?;
    out.push(b'{');
    if include.schema() {
        out.extend_from_slice(b"\"schema\":");
        push_schema(out, frame)?;
    }
    if include.data() {
        out.extend_from_slice(if include.schema() { b",\"data\":" } else { b"\"data\":" });
        push_data(out, frame, rows)?;
    }
    out.push(b'}');
    Ok(())
}

fn push_data(out: &mut Vec<u8>, frame: &Frame, rows: usize) -> Result<(), FrameError> {
    // Most cells take a few bytes; the guess saves the first dozen reallocations.
    out.reserve(rows.saturating_mul(frame.fields.len()).saturating_mul(4));
    out.extend_from_slice(b"{\"values\":[");
    let mut asides = Vec::with_capacity(frame.fields.len());
    for (index, field) in frame.fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.push(b'[');
        asides.push(push_values(out, index, field)?);
        out.push(b']');
    }
    out.push(b']');
    push_asides(out, "entities", &asides, push_entities);
    push_asides(out, "nanos", &asides, push_nanos);
    out.push(b'}');
    Ok(())
}

/// What stands beside the values of one column.
enum Aside {
    Nothing,
    Entities(Entities),
    /// Per row, with at least one that isn't 0.
    Nanos(Vec<u32>),
}

/// The rows of the values that JSON numbers can't be.
#[derive(Default)]
struct Entities {
    nan: Vec<usize>,
    infinite: Vec<usize>,
    negative_infinite: Vec<usize>,
}

fn push_values(out: &mut Vec<u8>, index: usize, field: &Field) -> Result<Aside, FrameError> {
    match &field.values {
        Values::Int8(column) => push_cells(out, column, |out, _, value| push_int(out, value)),
        Values::Int16(column) => push_cells(out, column, |out, _, value| push_int(out, value)),
        Values::Int32(column) => push_cells(out, column, |out, _, value| push_int(out, value)),
        Values::Int64(column) => push_cells(out, column, |out, _, value| push_int(out, value)),
        Values::Uint8(column) => push_cells(out, column, |out, _, value| push_int(out, value)),
        Values::Uint16(column) => push_cells(out, column, |out, _, value| push_int(out, value)),
        Values::Uint32(column) => push_cells(out, column, |out, _, value| push_int(out, value)),
        Values::Uint64(column) => push_cells(out, column, |out, _, value| push_int(out, value)),
        Values::Enum(column) => push_cells(out, column, |out, _, value| push_int(out, value.0)),
        Values::String(column) => push_cells(out, column, |out, _, value| push_str(out, value)),
        Values::Bool(column) => push_cells(out, column, |out, _, value| {
            out.extend_from_slice(if value { b"true" } else { b"false" });
        }),
        Values::Float32(column) => return Ok(push_floats(out, column, f64::from, push_f32)),
        Values::Float64(column) => return Ok(push_floats(out, column, |value| value, push_f64)),
        Values::Time(column) => return Ok(push_times(out, column)),
        Values::Json(column) => push_json_cells(out, index, &field.name, column)?,
    }
    Ok(Aside::Nothing)
}

fn push_cells<T: Element>(
    out: &mut Vec<u8>,
    column: &Column<T>,
    mut push: impl FnMut(&mut Vec<u8>, usize, T::Ref<'_>),
) {
    for (row, value) in column.iter().enumerate() {
        if row > 0 {
            out.push(b',');
        }
        match value {
            Some(value) => push(out, row, value),
            None => out.extend_from_slice(b"null"),
        }
    }
}

fn push_floats<T>(
    out: &mut Vec<u8>,
    column: &Column<T>,
    widen: impl Fn(T) -> f64,
    push: impl Fn(&mut Vec<u8>, T),
) -> Aside
where
    T: for<'a> Element<Ref<'a> = T> + Copy,
{
    let mut entities: Option<Entities> = None;
    push_cells(out, column, |out, row, value| {
        let wide = widen(value);
        if wide.is_finite() {
            return push(out, value);
        }
        out.extend_from_slice(b"null");
        let entities = entities.get_or_insert_default();
        if wide.is_nan() {
            entities.nan.push(row);
        } else if wide > 0.0 {
            entities.infinite.push(row);
        } else {
            entities.negative_infinite.push(row);
        }
    });
    entities.map_or(Aside::Nothing, Aside::Entities)
}

fn push_times(out: &mut Vec<u8>, column: &Column<Timestamp>) -> Aside {
    let mut nanos: Option<Vec<u32>> = None;
    push_cells(out, column, |out, row, time| {
        let (millis, rest) = time.as_millis_and_nanos();
        push_int(out, millis);
        if rest != 0
            && let Some(entry) = nanos.get_or_insert_with(|| vec![0; column.len()]).get_mut(row)
        {
            *entry = rest;
        }
    });
    nanos.map_or(Aside::Nothing, Aside::Nanos)
}

fn push_json_cells(
    out: &mut Vec<u8>,
    index: usize,
    name: &str,
    column: &Column<Json>,
) -> Result<(), FrameError> {
    let mut wrong = None;
    push_cells(out, column, |out, row, value| {
        if value.trim_ascii().is_empty() {
            out.extend_from_slice(b"null");
        } else if serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok() {
            push_json(out, value);
        } else {
            wrong.get_or_insert_with(|| FrameError::value(index, name, row, value, ValueType::Json));
        }
    });
    wrong.map_or(Ok(()), Err)
}

/// Writes the key with an entry per column, if any column has something there.
fn push_asides(out: &mut Vec<u8>, key: &str, asides: &[Aside], push: impl Fn(&mut Vec<u8>, &Aside) -> bool) {
    let start = out.len();
    out.push(b',');
    push_str(out, key);
    out.extend_from_slice(b":[");
    let mut any = false;
    for (index, aside) in asides.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        if push(out, aside) {
            any = true;
        } else {
            out.extend_from_slice(b"null");
        }
    }
    out.push(b']');
    if !any {
        out.truncate(start);
    }
}

fn push_entities(out: &mut Vec<u8>, aside: &Aside) -> bool {
    let Aside::Entities(entities) = aside else { return false };
    let kinds = [
        ("\"NaN\":", &entities.nan),
        ("\"Inf\":", &entities.infinite),
        ("\"NegInf\":", &entities.negative_infinite),
    ];
    out.push(b'{');
    let mut first = true;
    for (key, rows) in kinds.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(key.as_bytes());
        push_list(out, rows.iter().copied());
    }
    out.push(b'}');
    true
}

fn push_nanos(out: &mut Vec<u8>, aside: &Aside) -> bool {
    let Aside::Nanos(nanos) = aside else { return false };
    push_list(out, nanos.iter().copied());
    true
}

fn push_list<N: itoa::Integer>(out: &mut Vec<u8>, numbers: impl Iterator<Item = N>) {
    out.push(b'[');
    for (index, number) in numbers.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_int(out, number);
    }
    out.push(b']');
}
