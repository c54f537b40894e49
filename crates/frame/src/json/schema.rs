//! The `schema` part of frame JSON.

use serde::Deserialize;

use super::text;
use crate::{
    DecodeLimits, Field, FieldConfig, FieldLabels, Frame, FrameError, FrameMeta, ValueType, Values, lenient,
};

/// Writes the schema of a frame.
pub(super) fn push_schema(out: &mut Vec<u8>, frame: &Frame) -> Result<(), FrameError> {
    out.push(b'{');
    if !frame.name.is_empty() {
        out.extend_from_slice(b"\"name\":");
        text::push_str(out, &frame.name);
        out.push(b',');
    }
    if !frame.ref_id.is_empty() {
        out.extend_from_slice(b"\"refId\":");
        text::push_str(out, &frame.ref_id);
        out.push(b',');
    }
    if let Some(meta) = &frame.meta {
        out.extend_from_slice(b"\"meta\":");
        text::push_value(out, meta).map_err(|cause| metadata("meta of the frame", cause))?;
        out.push(b',');
    }
    out.extend_from_slice(b"\"fields\":[");
    for (index, field) in frame.fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_field(out, index, field)?;
    }
    out.extend_from_slice(b"]}");
    Ok(())
}

fn push_field(out: &mut Vec<u8>, index: usize, field: &Field) -> Result<(), FrameError> {
    out.push(b'{');
    if !field.name.is_empty() {
        out.extend_from_slice(b"\"name\":");
        text::push_str(out, &field.name);
        out.push(b',');
    }
    let value_type = field.value_type();
    out.extend_from_slice(b"\"type\":\"");
    out.extend_from_slice(value_type.front_end_name().as_bytes());
    out.extend_from_slice(b"\",\"typeInfo\":{\"frame\":\"");
    out.extend_from_slice(value_type.name().as_bytes());
    out.extend_from_slice(if field.is_nullable() { b"\",\"nullable\":true}" } else { b"\"}" });
    let place = |what: &str| format!("{what} of field {index} ({:?})", field.name);
    if let Some(labels) = &field.labels {
        out.extend_from_slice(b",\"labels\":");
        text::push_value(out, labels).map_err(|cause| metadata(place("labels"), cause))?;
    }
    if let Some(config) = &field.config {
        out.extend_from_slice(b",\"config\":");
        text::push_value(out, config).map_err(|cause| metadata(place("config"), cause))?;
    }
    out.push(b'}');
    Ok(())
}

fn metadata(place: impl Into<String>, cause: serde_json::Error) -> FrameError {
    FrameError::Metadata { place: place.into(), cause }
}

/// Reads a schema into a frame without rows.
pub(super) fn read_schema(schema: &str, limits: &DecodeLimits) -> Result<Frame, FrameError> {
    let document: Schema = serde_json::from_str(schema)
        .map_err(|cause| FrameError::Json { place: "schema".to_owned(), cause })?;
    DecodeLimits::check("fields of a frame", document.fields.len(), limits.fields)?;
    let fields = document.fields.into_iter().enumerate().map(|(index, field)| field.into_field(index));
    Ok(Frame {
        name: document.name,
        ref_id: document.ref_id,
        meta: document.meta,
        fields: fields.collect::<Result<_, _>>()?,
    })
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Schema {
    #[serde(deserialize_with = "lenient::or_default")]
    name: String,
    #[serde(deserialize_with = "lenient::or_default")]
    ref_id: String,
    meta: Option<FrameMeta>,
    #[serde(deserialize_with = "lenient::or_default")]
    fields: Vec<SchemaField>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SchemaField {
    #[serde(deserialize_with = "lenient::or_default")]
    name: String,
    #[serde(rename = "type", deserialize_with = "lenient::or_default")]
    front_end_type: String,
    #[serde(deserialize_with = "lenient::or_default")]
    type_info: TypeInfo,
    labels: Option<FieldLabels>,
    config: Option<FieldConfig>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TypeInfo {
    #[serde(deserialize_with = "lenient::or_default")]
    frame: String,
    #[serde(deserialize_with = "lenient::or_default")]
    nullable: bool,
}

impl SchemaField {
    fn into_field(self, index: usize) -> Result<Field, FrameError> {
        let (value_type, nullable) = self.field_type().ok_or_else(|| FrameError::Shape {
            found: format!(
                "field {index} ({:?}): found type {:?} and typeInfo.frame {:?}, expected one of the types of frames",
                self.name, self.front_end_type, self.type_info.frame,
            ),
        })?;
        Ok(Field {
            name: self.name,
            labels: self.labels,
            config: self.config,
            values: Values::empty(value_type, nullable),
        })
    }

    /// The type and whether it is nullable. Senders that only know the front end's types leave `typeInfo` out;
    /// since those don't say whether there are nulls, the column may have them.
    fn field_type(&self) -> Option<(ValueType, bool)> {
        let name = self.type_info.frame.as_str();
        if !name.is_empty() {
            let starred =
                name.strip_prefix('*').map(|name| ValueType::ALL.into_iter().find(|t| t.name() == name));
            return match starred {
                Some(value_type) => Some((value_type?, true)),
                None => Some((ValueType::parse(name)?, self.type_info.nullable)),
            };
        }
        let value_type = match self.front_end_type.as_str() {
            "" => return None,
            "number" => ValueType::Float64,
            "string" => ValueType::String,
            "boolean" => ValueType::Bool,
            "time" => ValueType::Time,
            "enum" => ValueType::Enum,
            // `other`, and the types of values that only front ends have: trace, geo, frame, nestedFrames.
            _ => ValueType::Json,
        };
        Some((value_type, true))
    }
}
