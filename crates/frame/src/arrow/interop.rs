//! Frames from and to arrow-rs `RecordBatch`es, for plugins whose upstream speaks Arrow.
//!
//! The batch has the schema that a frame has in a file, labels and config as metadata included. Column memory moves
//! without a copy wherever nobody else holds it. It deliberately stands behind the feature `arrow-interop`: arrow-rs
//! moves its major version every few months, and with it these signatures.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types as arrow_types;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, PrimitiveArray, RecordBatch, StringArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};

use super::schema::{FieldHeader, SchemaHeader, from_json};
use super::{CONFIG, FRONT_END_TYPE, LABELS, META, NAME, REF_ID};
use crate::column::{Bits, Texts};
use crate::{Column, Element, EnumIndex, Frame, FrameError, Json, Timestamp, ValueType, Values};

/// The frame as a record batch.
///
/// # Errors
/// As [`write()`](super::write()).
pub fn to_record_batch(mut frame: Frame) -> Result<RecordBatch, InteropError> {
    let rows = frame.rows()?;
    let values: Vec<_> = frame.fields.iter_mut().map(|field| field.values.take()).collect();
    let schema = to_schema(&SchemaHeader::of(&frame)?);
    let columns = values.into_iter().map(to_array).collect::<Result<Vec<_>, _>>()?;
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)?)
}

/// The record batch as a frame. Timestamps of any unit become nanoseconds and saturate; string views are strings.
///
/// # Errors
/// Column types that frames don't have (cast them first), and metadata of ours that aren't their JSON.
pub fn from_record_batch(batch: RecordBatch) -> Result<Frame, InteropError> {
    let mut frame = from_schema(&batch.schema())?;
    let (_, columns, _) = batch.into_parts();
    for (field, array) in frame.fields.iter_mut().zip(columns) {
        field.values = from_array(array, &field.values);
    }
    Ok(frame)
}

/// A frame or batch that can't be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InteropError {
    /// The frame is broken, or has no place for something in the batch.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// arrow-rs refuses.
    #[error("record batch: arrow refuses it")]
    Arrow(#[from] ArrowError),
}

fn to_array(values: Values) -> Result<ArrayRef, ArrowError> {
    Ok(match values {
        Values::Int8(column) => numbers::<arrow_types::Int8Type, _>(column)?,
        Values::Int16(column) => numbers::<arrow_types::Int16Type, _>(column)?,
        Values::Int32(column) => numbers::<arrow_types::Int32Type, _>(column)?,
        Values::Int64(column) => numbers::<arrow_types::Int64Type, _>(column)?,
        Values::Uint8(column) => numbers::<arrow_types::UInt8Type, _>(column)?,
        Values::Uint16(column) => numbers::<arrow_types::UInt16Type, _>(column)?,
        Values::Uint32(column) => numbers::<arrow_types::UInt32Type, _>(column)?,
        Values::Uint64(column) => numbers::<arrow_types::UInt64Type, _>(column)?,
        Values::Float32(column) => numbers::<arrow_types::Float32Type, _>(column)?,
        Values::Float64(column) => numbers::<arrow_types::Float64Type, _>(column)?,
        Values::Time(column) => numbers::<arrow_types::TimestampNanosecondType, _>(column)?,
        Values::Enum(column) => numbers::<arrow_types::UInt16Type, _>(column)?,
        Values::Bool(column) => {
            let (bits, validity) = column.into_parts();
            Arc::new(BooleanArray::new(to_buffer(bits), validity.map(to_nulls)))
        }
        Values::String(column) => {
            let (texts, validity) = column.into_parts();
            let (offsets, text) = texts.into_parts();
            let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
            let text = Buffer::from_vec(text.into_bytes());
            Arc::new(StringArray::try_new(offsets, text, validity.map(to_nulls))?)
        }
        Values::Json(column) => {
            let (texts, validity) = column.into_parts();
            let (offsets, text) = texts.into_parts();
            let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
            let text = Buffer::from_vec(text.into_bytes());
            Arc::new(BinaryArray::try_new(offsets, text, validity.map(to_nulls))?)
        }
    })
}

fn numbers<A, T>(column: Column<T>) -> Result<ArrayRef, ArrowError>
where
    A: ArrowPrimitiveType,
    T: Element<Store = Vec<A::Native>>,
{
    let (store, validity) = column.into_parts();
    Ok(Arc::new(PrimitiveArray::<A>::try_new(ScalarBuffer::from(store), validity.map(to_nulls))?))
}

fn to_buffer(bits: Bits) -> BooleanBuffer {
    let len = bits.len();
    BooleanBuffer::new(Buffer::from_vec(bits.into_bytes()), 0, len)
}

fn to_nulls(validity: Bits) -> NullBuffer {
    NullBuffer::new(to_buffer(validity))
}

/// The values of an array whose type the schema has been found to have.
fn from_array(array: ArrayRef, empty: &Values) -> Values {
    let rows = array.len();
    let nulls = array.nulls().map(|nulls| Bits::from_packed(&nulls.inner().sliced(), rows));
    let validity = empty.is_nullable().then(|| nulls.unwrap_or_else(|| Bits::repeat(true, rows)));
    match empty {
        Values::Int8(_) => filled::<i8>(from_numbers::<arrow_types::Int8Type>(array), validity),
        Values::Int16(_) => filled::<i16>(from_numbers::<arrow_types::Int16Type>(array), validity),
        Values::Int32(_) => filled::<i32>(from_numbers::<arrow_types::Int32Type>(array), validity),
        Values::Int64(_) => filled::<i64>(from_numbers::<arrow_types::Int64Type>(array), validity),
        Values::Uint8(_) => filled::<u8>(from_numbers::<arrow_types::UInt8Type>(array), validity),
        Values::Uint16(_) => filled::<u16>(from_numbers::<arrow_types::UInt16Type>(array), validity),
        Values::Uint32(_) => filled::<u32>(from_numbers::<arrow_types::UInt32Type>(array), validity),
        Values::Uint64(_) => filled::<u64>(from_numbers::<arrow_types::UInt64Type>(array), validity),
        Values::Float32(_) => filled::<f32>(from_numbers::<arrow_types::Float32Type>(array), validity),
        Values::Float64(_) => filled::<f64>(from_numbers::<arrow_types::Float64Type>(array), validity),
        Values::Enum(_) => filled::<EnumIndex>(from_numbers::<arrow_types::UInt16Type>(array), validity),
        Values::Time(_) => filled::<Timestamp>(from_times(array), validity),
        Values::Bool(_) => {
            let bits = array.as_boolean_opt().map(|array| Bits::from_packed(&array.values().sliced(), rows));
            filled::<bool>(bits.unwrap_or_default(), validity)
        }
        Values::String(_) => filled::<String>(from_texts(&array), validity),
        Values::Json(_) => filled::<Json>(from_texts(&array), validity),
    }
}

fn filled<T: Element>(store: T::Store, validity: Option<Bits>) -> Values
where
    Values: From<Column<T>>,
{
    Column::<T>::from_parts(store, validity).into()
}

/// The numbers of an array; moved if nobody else holds them.
fn from_numbers<A: ArrowPrimitiveType>(array: ArrayRef) -> Vec<A::Native> {
    let Some(typed) = array.as_primitive_opt::<A>().cloned() else { return Vec::new() };
    drop(array);
    typed.into_parts().1.into()
}

fn from_times(array: ArrayRef) -> Vec<i64> {
    let scaled = |times: Vec<i64>, factor: i64| -> Vec<i64> {
        times.into_iter().map(|time| time.saturating_mul(factor)).collect()
    };
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            scaled(from_numbers::<arrow_types::TimestampSecondType>(array), 1_000_000_000)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled(from_numbers::<arrow_types::TimestampMillisecondType>(array), 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            scaled(from_numbers::<arrow_types::TimestampMicrosecondType>(array), 1_000)
        }
        _ => from_numbers::<arrow_types::TimestampNanosecondType>(array),
    }
}

fn from_texts(array: &ArrayRef) -> Texts {
    let mut texts = Texts::with_capacity(array.len());
    if let Some(array) = array.as_string_opt::<i32>() {
        array.iter().for_each(|text| texts.push(text.unwrap_or_default()));
    } else if let Some(array) = array.as_string_view_opt() {
        array.iter().for_each(|text| texts.push(text.unwrap_or_default()));
    } else if let Some(array) = array.as_binary_opt::<i32>() {
        array.iter().for_each(|text| texts.push_bytes(text.unwrap_or_default()));
    }
    texts
}

fn to_schema(header: &SchemaHeader<'_>) -> Schema {
    let metadata = |pairs: &[(&'static str, Cow<'_, str>)]| -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into_owned())).collect()
    };
    let field = |field: &FieldHeader<'_>| {
        arrow_schema::Field::new(field.name, to_type(field.value_type), field.nullable)
            .with_metadata(metadata(&field.metadata))
    };
    let fields: Vec<_> = header.fields.iter().map(field).collect();
    Schema::new(fields).with_metadata(metadata(&header.metadata))
}

const fn to_type(value_type: ValueType) -> DataType {
    match value_type {
        ValueType::Int8 => DataType::Int8,
        ValueType::Int16 => DataType::Int16,
        ValueType::Int32 => DataType::Int32,
        ValueType::Int64 => DataType::Int64,
        ValueType::Uint8 => DataType::UInt8,
        ValueType::Uint16 | ValueType::Enum => DataType::UInt16,
        ValueType::Uint32 => DataType::UInt32,
        ValueType::Uint64 => DataType::UInt64,
        ValueType::Float32 => DataType::Float32,
        ValueType::Float64 => DataType::Float64,
        ValueType::String => DataType::Utf8,
        ValueType::Bool => DataType::Boolean,
        ValueType::Time => DataType::Timestamp(TimeUnit::Nanosecond, None),
        ValueType::Json => DataType::Binary,
    }
}

/// A frame without rows from the schema of a batch.
fn from_schema(schema: &Schema) -> Result<Frame, FrameError> {
    let text = |key: &str| schema.metadata().get(key).map(ToString::to_string).unwrap_or_default();
    let mut frame = Frame::new(text(NAME)).with_ref_id(text(REF_ID));
    frame.meta = from_json(&text(META), || "meta of the frame".to_owned())?;
    for (index, field) in schema.fields().iter().enumerate() {
        let text = |key: &str| field.metadata().get(key).map(ToString::to_string).unwrap_or_default();
        let place = |what: &str| format!("{what} of field {index} ({:?})", field.name());
        let value_type = from_type(field.data_type(), text(FRONT_END_TYPE) == "enum").ok_or_else(|| {
            let (name, found) = (field.name().clone(), field.data_type().to_string());
            FrameError::ArrowType { index, name, found }
        })?;
        let mut read = crate::Field::new(field.name(), Values::empty(value_type, field.is_nullable()));
        read.labels = from_json(&text(LABELS), || place("labels"))?;
        read.config = from_json(&text(CONFIG), || place("config"))?;
        frame.fields.push(read);
    }
    Ok(frame)
}

const fn from_type(data_type: &DataType, is_enum: bool) -> Option<ValueType> {
    Some(match data_type {
        DataType::Int8 => ValueType::Int8,
        DataType::Int16 => ValueType::Int16,
        DataType::Int32 => ValueType::Int32,
        DataType::Int64 => ValueType::Int64,
        DataType::UInt8 => ValueType::Uint8,
        DataType::UInt16 if is_enum => ValueType::Enum,
        DataType::UInt16 => ValueType::Uint16,
        DataType::UInt32 => ValueType::Uint32,
        DataType::UInt64 => ValueType::Uint64,
        DataType::Float32 => ValueType::Float32,
        DataType::Float64 => ValueType::Float64,
        DataType::Utf8 | DataType::Utf8View => ValueType::String,
        DataType::Boolean => ValueType::Bool,
        DataType::Timestamp(_, _) => ValueType::Time,
        DataType::Binary => ValueType::Json,
        _ => return None,
    })
}
