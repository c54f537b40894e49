//! Shapes of time series: what a frame is by its columns, long to wide, wide to long, and resampling.
//!
//! *Long* is what SQL gives: a time column, value columns, and string or bool columns as dimensions. *Wide* has one
//! row per time and one value column per combination of dimensions, which stand in labels.
//!
//! It deliberately never reorders rows: a long frame must come sorted by time.

mod long_to_wide;
mod resample;
mod wide_to_long;

pub use long_to_wide::{long_to_wide, long_to_wide_within};
pub use resample::{Resample, resample};
pub use wide_to_long::wide_to_long;

use crate::{Field, Frame, FrameError, Timestamp, ValueType, Values};

/// The most cells (rows times fields) that a conversion makes if nothing else is said: 16,777,216.
pub const MAX_CELLS: usize = 1 << 24;

/// The columns of a time series by their part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesSchema {
    /// Long or wide.
    pub shape: SeriesShape,
    /// The index of the time field: the first of type time.
    pub time: usize,
    /// The indices of the dimensions: all strings and bools.
    pub factors: Vec<usize>,
    /// The indices of the values: everything else, further times among them.
    pub values: Vec<usize>,
}

/// The shape of a time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeriesShape {
    /// Dimensions in columns.
    Long,
    /// Dimensions in labels.
    Wide,
}

impl SeriesSchema {
    /// What the columns of a frame make of it; `None` if it has no time or no value.
    #[must_use]
    pub fn of(frame: &Frame) -> Option<Self> {
        let is_time = |field: &Field| field.value_type() == ValueType::Time;
        let time = frame.fields.iter().position(is_time)?;
        let rest = frame.fields.iter().enumerate().filter(|(index, _)| *index != time);
        let is_factor =
            |(_, field): &(usize, &Field)| matches!(field.value_type(), ValueType::String | ValueType::Bool);
        let (factors, values): (Vec<_>, Vec<_>) = rest.partition(is_factor);
        if values.is_empty() {
            return None;
        }
        let shape = if factors.is_empty() { SeriesShape::Wide } else { SeriesShape::Long };
        let indices = |fields: Vec<(usize, &Field)>| fields.into_iter().map(|(index, _)| index).collect();
        Some(Self { shape, time, factors: indices(factors), values: indices(values) })
    }

    /// The schema of a frame that must have this shape and some rows, and its times, none of which may be null.
    fn expect(frame: &Frame, shape: SeriesShape) -> Result<(Self, Vec<Timestamp>), ShapeError> {
        let schema = match Self::of(frame) {
            Some(schema) if schema.shape == shape => schema,
            found => {
                let found = found.map_or("no time series", |schema| schema.shape.name());
                return Err(ShapeError::NotThatShape { found, expected: shape.name() });
            }
        };
        let rows = frame.rows()?;
        let times = match frame.fields.get(schema.time).map(|field| &field.values) {
            Some(Values::Time(column)) => column.iter().enumerate().map(|(row, time)| time.ok_or(row)),
            _ => return Err(ShapeError::NoRows),
        };
        let times = times.collect::<Result<Vec<_>, _>>().map_err(|row| ShapeError::NullTime { row })?;
        if rows == 0 { Err(ShapeError::NoRows) } else { Ok((schema, times)) }
    }
}

impl SeriesShape {
    const fn name(self) -> &'static str {
        match self {
            Self::Long => "a long time series",
            Self::Wide => "a wide time series",
        }
    }
}

/// What stands in cells for which there is no value. Without it: null in nullable columns, else zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill {
    /// The value before it in time; null before the first.
    Previous,
    /// Null.
    Null,
    /// A number, in the column's type; columns that aren't numeric stay without a fill.
    Value(f64),
}

impl Fill {
    /// Whether it needs columns that allow nulls.
    const fn makes_nullable(self) -> bool {
        matches!(self, Self::Previous | Self::Null)
    }
}

/// A frame that can't be brought into another shape.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The frame isn't what the conversion starts from.
    #[error("found {found}, expected {expected}")]
    NotThatShape {
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// There are no rows.
    #[error("found no rows, expected at least one")]
    NoRows,
    /// A time is null.
    #[error("row {row}: found a null time; filter such rows out")]
    NullTime {
        /// Which row.
        row: usize,
    },
    /// Times go back.
    #[error("row {row}: the time is before that of the row above; sort the rows by time, ascending")]
    NotAscending {
        /// Which row.
        row: usize,
    },
    /// Two value fields have one name but different types.
    #[error(
        "field {index} ({name:?}): found type {found}, expected {expected} as in the other field of that name"
    )]
    TypeClash {
        /// Which field.
        index: usize,
        /// Its name.
        name: String,
        /// Its type.
        found: String,
        /// The type of the other.
        expected: String,
    },
    /// Two dimensions have one name.
    #[error("field {index} ({name:?}): found a second dimension of that name")]
    DuplicateFactor {
        /// Which field.
        index: usize,
        /// Its name.
        name: String,
    },
    /// The result would be too large.
    #[error(
        "the result would have {rows} rows and {fields} fields, the limit is {limit} cells; filter or aggregate"
    )]
    TooLarge {
        /// Its rows.
        rows: usize,
        /// Its fields.
        fields: usize,
        /// The limit on their product.
        limit: usize,
    },
    /// The frame itself is broken.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl ShapeError {
    const fn check_size(rows: usize, fields: usize, limit: usize) -> Result<(), Self> {
        if rows.saturating_mul(fields) > limit { Err(Self::TooLarge { rows, fields, limit }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
