//! Message → JSON that people read and programs compare. Frames are shown by their content, whatever format they came in.
//!
//! Names are the proto's own. Bytes are shown by what they hold: `{"$frame":…}`, `{"$json":…}`, `{"$text":"…"}` or
//! `{"$base64":"…"}`. NaN and infinities are texts. It deliberately loses what JSON has no place for; the raw bytes beside
//! it in a recording don't.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use graftwire_frame::{DecodeLimits, Frame, arrow, json};
use prost_reflect::{DynamicMessage, MapKey, Value as Wire};
use serde_json::{Map, Value};

/// How Arrow files begin.
const ARROW: &[u8] = b"ARROW1";

/// A message as JSON.
pub(crate) fn of_message(message: &DynamicMessage) -> Value {
    let mut object = Map::new();
    for (field, value) in message.fields() {
        object.insert(field.name().to_owned(), of_value(value, field.kind().as_enum()));
    }
    let unknown: Vec<Value> = message.unknown_fields().map(|field| field.number().into()).collect();
    if !unknown.is_empty() {
        object.insert("$unknown".to_owned(), unknown.into());
    }
    Value::Object(object)
}

/// A message that there is no text for.
pub(crate) fn of_unknown(bytes: &[u8]) -> Value {
    of_bytes(bytes)
}

fn of_value(value: &Wire, names: Option<&prost_reflect::EnumDescriptor>) -> Value {
    match value {
        Wire::Bool(value) => (*value).into(),
        Wire::I32(value) => (*value).into(),
        Wire::I64(value) => (*value).into(),
        Wire::U32(value) => (*value).into(),
        Wire::U64(value) => (*value).into(),
        Wire::F32(value) => of_float(f64::from(*value)),
        Wire::F64(value) => of_float(*value),
        Wire::String(text) => text.as_str().into(),
        Wire::Bytes(bytes) => of_bytes(bytes),
        Wire::EnumNumber(number) => match names.and_then(|names| names.get_value(*number)) {
            Some(value) => value.name().into(),
            None => (*number).into(),
        },
        Wire::Message(message) => of_message(message),
        Wire::List(values) => values.iter().map(|value| of_value(value, names)).collect(),
        Wire::Map(values) => {
            let mut sorted: Vec<_> = values.iter().map(|(key, value)| (of_key(key), value)).collect();
            sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
            sorted.into_iter().map(|(key, value)| (key, of_value(value, None))).collect()
        }
    }
}

fn of_key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

fn of_float(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number)
}

fn of_bytes(bytes: &[u8]) -> Value {
    let (tag, value) = if bytes.is_empty() {
        ("$text", "".into())
    } else if let Some(frame) = frame_in(bytes) {
        ("$frame", frame)
    } else if let Some(value) = json_in(bytes) {
        ("$json", value)
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        ("$text", text.into())
    } else {
        ("$base64", STANDARD.encode(bytes).into())
    };
    Value::Object(Map::from_iter([(tag.to_owned(), value)]))
}

/// The frame that bytes hold, in the one form that both formats are compared in.
fn frame_in(bytes: &[u8]) -> Option<Value> {
    let limits = DecodeLimits::default();
    let frame: Frame = if bytes.starts_with(ARROW) {
        arrow::read(bytes, &limits).ok()?
    } else if bytes.first() == Some(&b'{') && memchr::memmem::find(bytes, b"\"schema\"").is_some() {
        json::read(bytes, &limits).ok()?
    } else {
        return None;
    };
    let mut text = Vec::new();
    json::write_to(&mut text, &frame, json::Include::All).ok()?;
    serde_json::from_slice(&text).ok()
}

fn json_in(bytes: &[u8]) -> Option<Value> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if matches!(first, b'{' | b'[' | b'"') { serde_json::from_slice(bytes).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use graftwire_frame::{Field, Frame, arrow, json};
    use serde_json::json;

    use super::of_bytes;

    #[test]
    fn bytes_are_shown_by_what_they_hold() {
        assert_eq!(of_bytes(b"{\"a\":1}"), json!({"$json": {"a": 1}}));
        assert_eq!(of_bytes(b"plain"), json!({"$text": "plain"}));
        assert_eq!(of_bytes(b"\xff"), json!({"$base64": "/w=="}));
    }

    #[test]
    fn both_formats_of_a_frame_show_the_same() {
        let frame = Frame::new("f").with_field(Field::new("n", vec![i64::MAX, 1]));
        let file = arrow::write(&frame).unwrap().into_bytes();
        let text = json::write(&frame, json::Include::All).unwrap().into_bytes();
        assert_eq!(of_bytes(&file), of_bytes(&text));
        assert!(of_bytes(&file).to_string().contains("9223372036854775807"));
    }
}
