//! The schema of an Arrow file: column types, and everything of a frame that isn't rows, as metadata.

use std::borrow::Cow;

use arrow_ipc as ipc;
use flatbuffers::{FlatBufferBuilder, WIPOffset};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::file::Mended;
use super::{CONFIG, FRONT_END_TYPE, LABELS, META, NAME, REF_ID};
use crate::json::text;
use crate::{Field, Frame, FrameError, ValueType, Values};

/// A schema on its way into a file, where it stands twice.
pub(super) struct SchemaHeader<'a> {
    pub(super) fields: Vec<FieldHeader<'a>>,
    pub(super) metadata: Vec<(&'static str, Cow<'a, str>)>,
}

/// A field of such a schema.
pub(super) struct FieldHeader<'a> {
    pub(super) name: &'a str,
    pub(super) value_type: ValueType,
    pub(super) nullable: bool,
    pub(super) metadata: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> SchemaHeader<'a> {
    pub(super) fn of(frame: &'a Frame) -> Result<Self, FrameError> {
        let mut metadata = vec![(NAME, Cow::from(&frame.name)), (REF_ID, Cow::from(&frame.ref_id))];
        if let Some(meta) = &frame.meta {
            metadata.push((META, to_json(meta, || "meta of the frame".to_owned())?));
        }
        let fields = frame.fields.iter().enumerate().map(|(index, field)| FieldHeader::of(index, field));
        Ok(Self { fields: fields.collect::<Result<_, _>>()?, metadata })
    }

    pub(super) fn build<'b>(&self, builder: &mut FlatBufferBuilder<'b>) -> WIPOffset<ipc::Schema<'b>> {
        let fields: Vec<_> = self.fields.iter().map(|field| field.build(builder)).collect();
        let args = ipc::SchemaArgs {
            endianness: ipc::Endianness::Little,
            fields: Some(builder.create_vector(&fields)),
            custom_metadata: Some(build_metadata(&self.metadata, builder)),
            features: None,
        };
        ipc::Schema::create(builder, &args)
    }
}

impl<'a> FieldHeader<'a> {
    fn of(index: usize, field: &'a Field) -> Result<Self, FrameError> {
        let value_type = field.value_type();
        let mut metadata = vec![(FRONT_END_TYPE, Cow::from(value_type.front_end_name()))];
        let place = |what: &str| format!("{what} of field {index} ({:?})", field.name);
        if let Some(labels) = &field.labels {
            metadata.push((LABELS, to_json(labels, || place("labels"))?));
        }
        if let Some(config) = &field.config {
            metadata.push((CONFIG, to_json(config, || place("config"))?));
        }
        Ok(Self { name: &field.name, value_type, nullable: field.is_nullable(), metadata })
    }

    fn build<'b>(&self, builder: &mut FlatBufferBuilder<'b>) -> WIPOffset<ipc::Field<'b>> {
        let (type_type, type_) = build_type(self.value_type, builder);
        let args = ipc::FieldArgs {
            name: Some(builder.create_string(self.name)),
            nullable: self.nullable,
            type_type,
            type_: Some(type_),
            dictionary: None,
            children: Some(builder.create_vector::<WIPOffset<ipc::Field<'_>>>(&[])),
            custom_metadata: Some(build_metadata(&self.metadata, builder)),
        };
        ipc::Field::create(builder, &args)
    }
}

fn build_type(
    value_type: ValueType,
    builder: &mut FlatBufferBuilder<'_>,
) -> (ipc::Type, WIPOffset<flatbuffers::UnionWIPOffset>) {
    let mut int = |bits: i32, signed: bool| {
        let args = ipc::IntArgs { bitWidth: bits, is_signed: signed };
        (ipc::Type::Int, ipc::Int::create(builder, &args).as_union_value())
    };
    match value_type {
        ValueType::Int8 => return int(8, true),
        ValueType::Int16 => return int(16, true),
        ValueType::Int32 => return int(32, true),
        ValueType::Int64 => return int(64, true),
        ValueType::Uint8 => return int(8, false),
        ValueType::Uint16 | ValueType::Enum => return int(16, false),
        ValueType::Uint32 => return int(32, false),
        ValueType::Uint64 => return int(64, false),
        _ => {}
    }
    let mut float = |precision: ipc::Precision| {
        let args = ipc::FloatingPointArgs { precision };
        ipc::FloatingPoint::create(builder, &args).as_union_value()
    };
    match value_type {
        ValueType::Float32 => (ipc::Type::FloatingPoint, float(ipc::Precision::SINGLE)),
        ValueType::Float64 => (ipc::Type::FloatingPoint, float(ipc::Precision::DOUBLE)),
        ValueType::Bool => (ipc::Type::Bool, ipc::Bool::create(builder, &ipc::BoolArgs {}).as_union_value()),
        ValueType::Time => {
            let args = ipc::TimestampArgs { unit: ipc::TimeUnit::NANOSECOND, timezone: None };
            (ipc::Type::Timestamp, ipc::Timestamp::create(builder, &args).as_union_value())
        }
        ValueType::Json => {
            (ipc::Type::Binary, ipc::Binary::create(builder, &ipc::BinaryArgs {}).as_union_value())
        }
        // The integers returned above.
        _ => (ipc::Type::Utf8, ipc::Utf8::create(builder, &ipc::Utf8Args {}).as_union_value()),
    }
}

fn build_metadata<'b>(
    metadata: &[(&'static str, Cow<'_, str>)],
    builder: &mut FlatBufferBuilder<'b>,
) -> WIPOffset<flatbuffers::Vector<'b, flatbuffers::ForwardsUOffset<ipc::KeyValue<'b>>>> {
    let mut pairs = Vec::with_capacity(metadata.len());
    for (key, value) in metadata {
        let args = ipc::KeyValueArgs {
            key: Some(builder.create_string(key)),
            value: Some(builder.create_string(value)),
        };
        pairs.push(ipc::KeyValue::create(builder, &args));
    }
    builder.create_vector(&pairs)
}

fn to_json<'a>(value: &impl Serialize, place: impl FnOnce() -> String) -> Result<Cow<'a, str>, FrameError> {
    text::to_string(value).map(Cow::Owned).map_err(|cause| FrameError::Metadata { place: place(), cause })
}

/// Reads a schema into a frame without rows, and how each column is laid out in the file.
pub(super) fn read_schema(
    schema: ipc::Schema<'_>,
    mended: Mended,
) -> Result<(Frame, Vec<Layout>), FrameError> {
    if schema.endianness() != ipc::Endianness::Little {
        return Err(FrameError::Arrow { found: "found big-endian data, expected little-endian".to_owned() });
    }
    let metadata = Metadata { pairs: schema.custom_metadata(), mended };
    let text = |key| metadata.find(key).unwrap_or_default().into_owned();
    let mut frame = Frame::new(text(NAME)).with_ref_id(text(REF_ID));
    frame.meta = metadata.json(META, || "meta of the frame".to_owned())?;

    let mut layouts = Vec::new();
    for (index, field) in schema.fields().into_iter().flatten().enumerate() {
        let (field, layout) = read_field(index, field, mended)?;
        frame.fields.push(field);
        layouts.push(layout);
    }
    Ok((frame, layouts))
}

/// How the buffers of a column are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Validity and one buffer of values.
    Values,
    /// Validity, offsets and bytes.
    Texts,
    /// Validity, views, and any number of buffers they look into.
    TextViews,
}

fn read_field(index: usize, field: ipc::Field<'_>, mended: Mended) -> Result<(Field, Layout), FrameError> {
    let name = mended.text(field.name().unwrap_or_default());
    let metadata = Metadata { pairs: field.custom_metadata(), mended };
    let place = |what: &str| format!("{what} of field {index} ({name:?})");
    let Some((value_type, layout)) = read_type(field, &metadata) else {
        let found = describe_type(field);
        return Err(FrameError::ArrowType { index, name: name.into_owned(), found });
    };
    let mut read = Field::new(&*name, Values::empty(value_type, field.nullable()));
    read.labels = metadata.json(LABELS, || place("labels"))?;
    read.config = metadata.json(CONFIG, || place("config"))?;
    Ok((read, layout))
}

fn read_type(field: ipc::Field<'_>, metadata: &Metadata<'_>) -> Option<(ValueType, Layout)> {
    if field.dictionary().is_some() {
        return None;
    }
    Some(match field.type_type() {
        ipc::Type::Int => {
            let int = field.type_as_int()?;
            let value_type = match (int.bitWidth(), int.is_signed()) {
                (8, true) => ValueType::Int8,
                (16, true) => ValueType::Int16,
                (32, true) => ValueType::Int32,
                (64, true) => ValueType::Int64,
                (8, false) => ValueType::Uint8,
                (16, false) if metadata.find(FRONT_END_TYPE).as_deref() == Some("enum") => ValueType::Enum,
                (16, false) => ValueType::Uint16,
                (32, false) => ValueType::Uint32,
                (64, false) => ValueType::Uint64,
                _ => return None,
            };
            (value_type, Layout::Values)
        }
        ipc::Type::FloatingPoint => match field.type_as_floating_point()?.precision() {
            ipc::Precision::SINGLE => (ValueType::Float32, Layout::Values),
            ipc::Precision::DOUBLE => (ValueType::Float64, Layout::Values),
            _ => return None,
        },
        ipc::Type::Utf8 => (ValueType::String, Layout::Texts),
        ipc::Type::Utf8View => (ValueType::String, Layout::TextViews),
        ipc::Type::Bool => (ValueType::Bool, Layout::Values),
        ipc::Type::Timestamp => (ValueType::Time, Layout::Values),
        ipc::Type::Binary => (ValueType::Json, Layout::Texts),
        _ => return None,
    })
}

fn describe_type(field: ipc::Field<'_>) -> String {
    if field.dictionary().is_some() {
        return "Dictionary".to_owned();
    }
    let name = field.type_type().variant_name().unwrap_or("unknown");
    match (field.type_as_int(), field.type_as_floating_point()) {
        (Some(int), _) => format!("{name}({})", int.bitWidth()),
        (_, Some(float)) => {
            format!("{name}({})", float.precision().variant_name().unwrap_or("unknown").to_lowercase())
        }
        _ => name.to_owned(),
    }
}

/// Metadata of a schema or field; if a key repeats, the first counts.
struct Metadata<'a> {
    pairs: Option<flatbuffers::Vector<'a, flatbuffers::ForwardsUOffset<ipc::KeyValue<'a>>>>,
    mended: Mended,
}

impl<'a> Metadata<'a> {
    fn find(&self, key: &str) -> Option<Cow<'a, str>> {
        let pair = self.pairs?.iter().find(|pair| pair.key() == Some(key))?;
        pair.value().map(|value| self.mended.text(value))
    }

    fn json<T: DeserializeOwned>(
        &self,
        key: &str,
        place: impl FnOnce() -> String,
    ) -> Result<Option<T>, FrameError> {
        from_json(&self.find(key).unwrap_or_default(), place)
    }
}

/// JSON of metadata; absent, empty and `null` are `None`.
pub(super) fn from_json<T: DeserializeOwned>(
    text: &str,
    place: impl FnOnce() -> String,
) -> Result<Option<T>, FrameError> {
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(text).map_err(|cause| FrameError::Metadata { place: place(), cause })
}
