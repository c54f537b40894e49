//! JSON to frame.

use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::columns::fill;
use super::schema::read_schema;
use super::text::as_text;
use crate::{DecodeLimits, Frame, FrameError, Values};

/// Decodes a frame. A document without `data` gives columns without rows.
///
/// `schema` must come before `data`, and nothing else may stand beside them; within `data`, keys may come in any
/// order and unknown ones are skipped. Integers may stand in quotes. A `null` in a column that isn't nullable is
/// the type's zero. Bytes that aren't UTF-8 become U+FFFD.
///
/// # Errors
/// What is malformed, or doesn't fit its column; more lists of values than fields, lists of different length;
/// limits reached.
pub fn read(bytes: &[u8], limits: &DecodeLimits) -> Result<Frame, FrameError> {
    DecodeLimits::check("bytes of a frame", bytes.len(), limits.bytes)?;
    read_text(&as_text(bytes), limits)
}

/// Decodes a JSON array of frames. The limit of bytes goes for the whole.
///
/// # Errors
/// As [`read`].
pub fn read_list(bytes: &[u8], limits: &DecodeLimits) -> Result<Vec<Frame>, FrameError> {
    DecodeLimits::check("bytes of a list of frames", bytes.len(), limits.bytes)?;
    let text = as_text(bytes);
    let frames: Vec<&RawValue> = parse(&text, "list of frames")?;
    frames.into_iter().map(|frame| read_text(frame.get(), limits)).collect()
}

/// Decodes a document that has `data` alone and adds its rows to a frame.
///
/// # Errors
/// As [`read`], and when there is a schema. The frame stays as it was then.
pub fn append(frame: &mut Frame, bytes: &[u8], limits: &DecodeLimits) -> Result<(), FrameError> {
    let rows = read_rows(frame, bytes, limits)?;
    DecodeLimits::check("rows of a frame", frame.rows()?.saturating_add(rows.rows()?), limits.rows)?;
    frame.append(rows)
}

/// Decodes a document that has `data` alone to a frame with the schema of another.
///
/// # Errors
/// As [`read`], and [`FrameError::Schema`] when there is a schema.
pub fn read_rows(schema: &Frame, bytes: &[u8], limits: &DecodeLimits) -> Result<Frame, FrameError> {
    DecodeLimits::check("bytes of a frame", bytes.len(), limits.bytes)?;
    let text = as_text(bytes);
    let document: Document<'_> = parse(&text, "document")?;
    if document.schema.is_some() {
        return Err(FrameError::Schema);
    }
    let mut rows = schema.to_schema();
    if let Some(data) = document.data {
        read_data(&mut rows, data.get(), limits)?;
    }
    Ok(rows)
}

fn read_text(text: &str, limits: &DecodeLimits) -> Result<Frame, FrameError> {
    let document: Document<'_> = parse(text, "document")?;
    let mut frame = match document.schema {
        Some(schema) => read_schema(schema.get(), limits)?,
        None => Frame::default(),
    };
    if let Some(data) = document.data {
        read_data(&mut frame, data.get(), limits)?;
    }
    Ok(frame)
}

/// Fills the columns of a frame without rows.
fn read_data(frame: &mut Frame, data: &str, limits: &DecodeLimits) -> Result<(), FrameError> {
    let data: Data<'_> = parse(data, "data")?;
    let fields = frame.fields.len();
    let check = |key: &str, entries: usize| match entries {
        entries if entries > fields => Err(FrameError::Shape {
            found: format!(
                "data.{key}: found {entries} entries, expected at most the {fields} fields of the schema"
            ),
        }),
        _ => Ok(()),
    };
    let (values, nanos) = (data.values.unwrap_or_default(), data.nanos.unwrap_or_default());
    let entities = data.entities.unwrap_or_default();
    check("values", values.len())?;
    check("nanos", nanos.len())?;
    check("entities", entities.len())?;

    for (index, (field, list)) in frame.fields.iter_mut().zip(values).enumerate() {
        let nanos = nanos.get(index).copied().flatten().map(RawValue::get);
        fill(index, field, list.get(), nanos, limits)?;
    }
    for (index, (field, entities)) in frame.fields.iter_mut().zip(entities).enumerate() {
        if let Some(entities) = entities {
            entities
                .put_into(&mut field.values)
                .map_err(|found| FrameError::Shape { found: format!("data.entities[{index}]: {found}") })?;
        }
    }
    frame.rows().map(drop)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str, place: &str) -> Result<T, FrameError> {
    serde_json::from_str(text).map_err(|cause| FrameError::Json { place: place.to_owned(), cause })
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    values: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    nanos: Option<Vec<Option<&'a RawValue>>>,
    #[serde(default)]
    entities: Option<Vec<Option<Entities>>>,
}

/// The rows of one column whose values JSON numbers can't be.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Entities {
    #[serde(rename = "NaN", deserialize_with = "crate::lenient::or_default")]
    nan: Vec<usize>,
    #[serde(rename = "Inf", deserialize_with = "crate::lenient::or_default")]
    infinite: Vec<usize>,
    #[serde(rename = "NegInf", deserialize_with = "crate::lenient::or_default")]
    negative_infinite: Vec<usize>,
}

impl Entities {
    fn put_into(&self, values: &mut Values) -> Result<(), String> {
        let kinds = [
            (f64::NAN, &self.nan),
            (f64::INFINITY, &self.infinite),
            (f64::NEG_INFINITY, &self.negative_infinite),
        ];
        for (value, rows) in kinds {
            for &row in rows {
                let done = match values {
                    Values::Float64(column) => column.replace(row, value),
                    Values::Float32(column) => column.replace(row, value as f32),
                    other => {
                        return Err(format!("found rows, expected none for type {}", other.value_type()));
                    }
                };
                done.ok_or_else(|| {
                    format!("found row {row}, expected one of the column's {}", values.len())
                })?;
            }
        }
        Ok(())
    }
}

/// The two parts of a frame, unread.
struct Document<'a> {
    schema: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Document<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;

        impl<'de> Visitor<'de> for Parts {
            type Value = Document<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a frame: an object of schema and data")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Document<'de>, M::Error> {
                let mut document = Document { schema: None, data: None };
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "schema" if document.data.is_some() => {
                            return Err(de::Error::custom("found data before schema, expected schema first"));
                        }
                        "schema" => document.schema = map.next_value()?,
                        "data" => document.data = map.next_value()?,
                        other => return Err(de::Error::unknown_field(other, &["schema", "data"])),
                    }
                }
                Ok(document)
            }
        }

        deserializer.deserialize_map(Parts)
    }
}
