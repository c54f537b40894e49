//! Rows of columns whose type is only known at run time: adding, copying, moving them.

use super::{Values, for_column};
use crate::Timestamp;

impl Values {
    /// Adds a null row; a plain column becomes nullable.
    pub fn push_null(&mut self) {
        for_column!(self, column => column.push_null());
    }

    /// Adds the rows of another column of the same element type; false if it is of another, then nothing is added.
    pub fn append(&mut self, other: Self) -> bool {
        macro_rules! each {
            ($($variant:ident)*) => {
                match (self, other) {
                    $((Self::$variant(column), Self::$variant(more)) => column.append(more),)*
                    _ => return false,
                }
            };
        }
        each!(Int8 Int16 Int32 Int64 Uint8 Uint16 Uint32 Uint64 Float32 Float64 String Bool Time Json Enum);
        true
    }

    /// Adds a row with the value that a row of another column has, null included; past that column's end a null
    /// is added. False if that column is of another element type, then nothing is added.
    pub fn push_from(&mut self, source: &Self, row: usize) -> bool {
        macro_rules! each {
            ($($variant:ident)*) => {
                match (self, source) {
                    $((Self::$variant(column), Self::$variant(source)) => column.push_option(source.get(row)),)*
                    _ => return false,
                }
            };
        }
        each!(Int8 Int16 Int32 Int64 Uint8 Uint16 Uint32 Uint64 Float32 Float64 String Bool Time Json Enum);
        true
    }

    /// Adds a null if nulls are allowed, else the value that stands for "none" in Go's plain columns: 0, the
    /// empty text, false, [`Timestamp::YEAR_ONE`], JSON's `null`.
    pub(crate) fn push_missing(&mut self) {
        match self {
            values if values.is_nullable() => values.push_null(),
            Self::Time(column) => column.push(Timestamp::YEAR_ONE),
            Self::Json(column) => column.push("null"),
            values => for_column!(values, column => column.push_zero()),
        }
    }

    /// Adds a number converted to the column's type: integers drop the fraction and what doesn't fit their
    /// width, as conversions in Go do. False if the column isn't numeric, then nothing is added.
    pub(crate) fn push_number(&mut self, number: f64) -> bool {
        // Casts from floats saturate; those from the widest integers to others wrap.
        let whole = number as i64;
        match self {
            Self::Int8(column) => column.push(whole as i8),
            Self::Int16(column) => column.push(whole as i16),
            Self::Int32(column) => column.push(whole as i32),
            Self::Int64(column) => column.push(whole),
            Self::Uint8(column) => column.push(whole as u8),
            Self::Uint16(column) => column.push(whole as u16),
            Self::Uint32(column) => column.push(whole as u32),
            Self::Uint64(column) if number < 0.0 => column.push(whole as u64),
            Self::Uint64(column) => column.push(number as u64),
            Self::Float32(column) => column.push(number as f32),
            Self::Float64(column) => column.push(number),
            _ => return false,
        }
        true
    }

    /// The values, with an empty column of the same type left in their place.
    pub(crate) fn take(&mut self) -> Self {
        macro_rules! each {
            ($($variant:ident)*) => {
                match self { $(Self::$variant(column) => Self::$variant(column.take()),)* }
            };
        }
        each!(Int8 Int16 Int32 Int64 Uint8 Uint16 Uint32 Uint64 Float32 Float64 String Bool Time Json Enum)
    }
}
