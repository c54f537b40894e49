//! A column of any element type, and the table of types with their names on the wires.

mod rows;

use std::fmt;

use crate::column::{Column, Element, EnumIndex};
use crate::{Json, Timestamp};

/// The element type of a column. With "nullable or not" it makes the field type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// 8-bit integer.
    Int8,
    /// 16-bit integer.
    Int16,
    /// 32-bit integer.
    Int32,
    /// 64-bit integer.
    Int64,
    /// Unsigned 8-bit integer.
    Uint8,
    /// Unsigned 16-bit integer.
    Uint16,
    /// Unsigned 32-bit integer.
    Uint32,
    /// Unsigned 64-bit integer.
    Uint64,
    /// Single precision.
    Float32,
    /// Double precision.
    Float64,
    /// Text.
    String,
    /// True or false.
    Bool,
    /// A point in time.
    Time,
    /// Any JSON value, as text.
    Json,
    /// An index into the texts of the field's [`EnumConfig`](crate::EnumConfig).
    Enum,
}

impl ValueType {
    /// Every element type, in the order of Grafana's table.
    pub const ALL: [Self; 15] = [
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Float32,
        Self::Float64,
        Self::String,
        Self::Bool,
        Self::Time,
        Self::Json,
        Self::Enum,
    ];

    /// The name in `typeInfo.frame` of frame JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::String => "string",
            Self::Bool => "bool",
            Self::Time => "time.Time",
            Self::Json => "json.RawMessage",
            Self::Enum => "enum",
        }
    }

    /// The coarse name that front ends use: `type` in frame JSON, `tstype` in Arrow.
    #[must_use]
    pub const fn front_end_name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Bool => "boolean",
            Self::Time => "time",
            Self::Json => "other",
            Self::Enum => "enum",
            _ => "number",
        }
    }

    /// Reads a [`name`](Self::name) or one of its aliases: `int`, `float`, `double`, `boolean`, `time`, `json`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "int" => Some(Self::Int64),
            "float" | "double" => Some(Self::Float64),
            "boolean" => Some(Self::Bool),
            "time" => Some(Self::Time),
            "json" => Some(Self::Json),
            _ => Self::ALL.into_iter().find(|kind| kind.name() == name),
        }
    }

    /// Whether it is an integer or a float.
    #[must_use]
    pub const fn is_numeric(self) -> bool {
        matches!(
            self,
            Self::Int8
                | Self::Int16
                | Self::Int32
                | Self::Int64
                | Self::Uint8
                | Self::Uint16
                | Self::Uint32
                | Self::Uint64
                | Self::Float32
                | Self::Float64
        )
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The values of a field: a [`Column`] of one of the element types.
///
/// Made from vectors of the natural Rust types, `Vec<Option<…>>` for nullable ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// 8-bit integers.
    Int8(Column<i8>),
    /// 16-bit integers.
    Int16(Column<i16>),
    /// 32-bit integers.
    Int32(Column<i32>),
    /// 64-bit integers.
    Int64(Column<i64>),
    /// Unsigned 8-bit integers.
    Uint8(Column<u8>),
    /// Unsigned 16-bit integers.
    Uint16(Column<u16>),
    /// Unsigned 32-bit integers.
    Uint32(Column<u32>),
    /// Unsigned 64-bit integers.
    Uint64(Column<u64>),
    /// Single precision floats.
    Float32(Column<f32>),
    /// Double precision floats.
    Float64(Column<f64>),
    /// Texts.
    String(Column<String>),
    /// Bools.
    Bool(Column<bool>),
    /// Points in time.
    Time(Column<Timestamp>),
    /// JSON values.
    Json(Column<Json>),
    /// Indices into the texts of the field's enum config.
    Enum(Column<EnumIndex>),
}

/// Runs the same expression over whichever column is inside.
macro_rules! for_column {
    ($values:expr, $column:ident => $body:expr) => {
        match $values {
            $crate::Values::Int8($column) => $body,
            $crate::Values::Int16($column) => $body,
            $crate::Values::Int32($column) => $body,
            $crate::Values::Int64($column) => $body,
            $crate::Values::Uint8($column) => $body,
            $crate::Values::Uint16($column) => $body,
            $crate::Values::Uint32($column) => $body,
            $crate::Values::Uint64($column) => $body,
            $crate::Values::Float32($column) => $body,
            $crate::Values::Float64($column) => $body,
            $crate::Values::String($column) => $body,
            $crate::Values::Bool($column) => $body,
            $crate::Values::Time($column) => $body,
            $crate::Values::Json($column) => $body,
            $crate::Values::Enum($column) => $body,
        }
    };
}
pub(crate) use for_column;

impl Values {
    /// An empty column of a type.
    #[must_use]
    pub fn empty(kind: ValueType, nullable: bool) -> Self {
        Self::with_capacity(kind, nullable, 0)
    }

    /// An empty column of a type with room for some rows.
    #[must_use]
    pub fn with_capacity(kind: ValueType, nullable: bool, rows: usize) -> Self {
        fn column<T: Element>(nullable: bool, rows: usize) -> Column<T> {
            let column = Column::with_capacity(rows);
            if nullable { column.into_nullable() } else { column }
        }
        match kind {
            ValueType::Int8 => Self::Int8(column(nullable, rows)),
            ValueType::Int16 => Self::Int16(column(nullable, rows)),
            ValueType::Int32 => Self::Int32(column(nullable, rows)),
            ValueType::Int64 => Self::Int64(column(nullable, rows)),
            ValueType::Uint8 => Self::Uint8(column(nullable, rows)),
            ValueType::Uint16 => Self::Uint16(column(nullable, rows)),
            ValueType::Uint32 => Self::Uint32(column(nullable, rows)),
            ValueType::Uint64 => Self::Uint64(column(nullable, rows)),
            ValueType::Float32 => Self::Float32(column(nullable, rows)),
            ValueType::Float64 => Self::Float64(column(nullable, rows)),
            ValueType::String => Self::String(column(nullable, rows)),
            ValueType::Bool => Self::Bool(column(nullable, rows)),
            ValueType::Time => Self::Time(column(nullable, rows)),
            ValueType::Json => Self::Json(column(nullable, rows)),
            ValueType::Enum => Self::Enum(column(nullable, rows)),
        }
    }

    /// The element type.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        fn of<T: Element>(_: &Column<T>) -> ValueType {
            T::TYPE
        }
        for_column!(self, column => of(column))
    }

    /// Whether nulls are allowed.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        for_column!(self, column => column.is_nullable())
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        for_column!(self, column => column.len())
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is a row and it is null.
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        for_column!(self, column => column.is_null(row))
    }

    /// How many rows are null.
    #[must_use]
    pub fn null_count(&self) -> usize {
        for_column!(self, column => column.null_count())
    }

    /// The same values as a nullable column.
    #[must_use]
    pub fn into_nullable(self) -> Self {
        macro_rules! each {
            ($($variant:ident)*) => {
                match self { $(Self::$variant(column) => Self::$variant(column.into_nullable()),)* }
            };
        }
        each!(Int8 Int16 Int32 Int64 Uint8 Uint16 Uint32 Uint64 Float32 Float64 String Bool Time Json Enum)
    }

    pub(crate) fn overflowed(&self) -> bool {
        for_column!(self, column => column.overflowed())
    }
}

macro_rules! from_columns {
    ($($variant:ident $element:ty;)*) => { $(
        impl From<Column<$element>> for Values {
            fn from(column: Column<$element>) -> Self {
                Self::$variant(column)
            }
        }

        impl From<Vec<$element>> for Values {
            fn from(values: Vec<$element>) -> Self {
                Self::$variant(values.into())
            }
        }

        impl From<Vec<Option<$element>>> for Values {
            fn from(values: Vec<Option<$element>>) -> Self {
                Self::$variant(values.into())
            }
        }
    )* };
}
from_columns! {
    Int8 i8;
    Int16 i16;
    Int32 i32;
    Int64 i64;
    Uint8 u8;
    Uint16 u16;
    Uint32 u32;
    Uint64 u64;
    Float32 f32;
    Float64 f64;
    String String;
    Bool bool;
    Time Timestamp;
    Json Json;
    Enum EnumIndex;
}

macro_rules! from_others {
    ($($variant:ident $item:ty;)*) => { $(
        impl From<Vec<$item>> for Values {
            fn from(values: Vec<$item>) -> Self {
                Self::$variant(values.into())
            }
        }
    )* };
}
from_others! {
    String &str;
    String Option<&str>;
    Time std::time::SystemTime;
    Time Option<std::time::SystemTime>;
}
