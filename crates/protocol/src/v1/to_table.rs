//! Frames → tables, for those frames that are no time series.
//!
//! There is no kind for times: they leave as milliseconds, and the front end shows a column named `time` as one.
//! Labels of a field go into its column's name, as tables have no other place for them. What isn't finite leaves as
//! null, since JSON can't say it.

use std::borrow::Cow;

use graftwire_frame::{Column, Field, Frame, Values};

use super::generated as wire;
use super::generated::row_value::Kind;
use super::to_series::number;

/// The table of a frame. Counts values that aren't finite.
pub(super) fn of_frame(frame: &Frame, not_finite: &mut usize) -> wire::Table {
    let columns = frame.fields.iter().map(|field| wire::TableColumn { name: field.title().into_owned() });
    let fields: Vec<_> = frame.fields.iter().map(fitting).collect();
    let rows = frame.fields.first().map_or(0, Field::len);
    let mut row =
        |row| wire::TableRow { values: fields.iter().map(|field| cell(field, row, not_finite)).collect() };
    wire::Table { columns: columns.collect(), rows: (0..rows).map(&mut row).collect() }
}

/// A column of integers that the wire's can't hold leaves as doubles, which come nearest.
fn fitting(field: &Field) -> Cow<'_, Field> {
    match &field.values {
        Values::Uint64(column) if column.as_slice().iter().any(|value| i64::try_from(*value).is_err()) => {
            let doubles: Column<f64> = column.iter().map(|value| value.map(|value| value as f64)).collect();
            Cow::Owned(Field { values: doubles.into(), ..field.clone() })
        }
        _ => Cow::Borrowed(field),
    }
}

fn cell(field: &Field, row: usize, not_finite: &mut usize) -> wire::RowValue {
    if field.values.is_null(row) {
        return of_kind(Kind::TypeNull);
    }
    match &field.values {
        Values::Bool(column) => {
            wire::RowValue { bool_value: column.get(row).unwrap_or_default(), ..of_kind(Kind::TypeBool) }
        }
        Values::Time(column) => int(column.get(row).map(|time| time.as_millis_and_nanos().0)),
        Values::Int8(column) => int(column.get(row).map(i64::from)),
        Values::Int16(column) => int(column.get(row).map(i64::from)),
        Values::Int32(column) => int(column.get(row).map(i64::from)),
        Values::Int64(column) => int(column.get(row)),
        Values::Uint8(column) => int(column.get(row).map(i64::from)),
        Values::Uint16(column) => int(column.get(row).map(i64::from)),
        Values::Uint32(column) => int(column.get(row).map(i64::from)),
        Values::Uint64(column) => int(column.get(row).and_then(|value| i64::try_from(value).ok())),
        Values::Float32(_) | Values::Float64(_) => double(number(&field.values, row), not_finite),
        Values::String(_) | Values::Json(_) | Values::Enum(_) => match field.text(row) {
            Some(text) => wire::RowValue { string_value: text.into_owned(), ..of_kind(Kind::TypeString) },
            None => of_kind(Kind::TypeNull),
        },
    }
}

fn of_kind(kind: Kind) -> wire::RowValue {
    wire::RowValue { kind: kind as i32, ..wire::RowValue::default() }
}

fn int(value: Option<i64>) -> wire::RowValue {
    match value {
        Some(value) => wire::RowValue { int64_value: value, ..of_kind(Kind::TypeInt64) },
        None => of_kind(Kind::TypeNull),
    }
}

fn double(value: Option<f64>, not_finite: &mut usize) -> wire::RowValue {
    match value {
        Some(value) if value.is_finite() => {
            wire::RowValue { double_value: value, ..of_kind(Kind::TypeDouble) }
        }
        Some(_) => {
            *not_finite = not_finite.saturating_add(1);
            of_kind(Kind::TypeNull)
        }
        None => of_kind(Kind::TypeNull),
    }
}
