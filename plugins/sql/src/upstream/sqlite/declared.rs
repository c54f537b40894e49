//! Declared types of SQLite → column types.
//!
//! SQLite stores any value in any column; a declared type is a wish. So each becomes a preference, and a column that
//! holds something else widens. The table stands in the plugin's README, and a test per row.

use graftwire_frame::ValueType;
use graftwire_sdk::sql::{ColumnType, TypeMapping};

/// SQLite's declared types.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared;

impl TypeMapping for Declared {
    fn column_type(&self, _name: &str, declared: &str) -> ColumnType {
        let declared = declared.to_ascii_uppercase();
        let has = |part: &str| declared.contains(part);
        let prefer = ColumnType::Prefer;
        match declared.split(['(', ' ']).next().unwrap_or_default() {
            "DATE" | "DATETIME" | "TIMESTAMP" | "TIMESTAMPTZ" => return prefer(ValueType::Time),
            "BOOL" | "BOOLEAN" => return prefer(ValueType::Bool),
            "JSON" | "JSONB" => return prefer(ValueType::Json),
            _ => {}
        }
        // The order of SQLite's rules of affinity.
        if has("INT") {
            prefer(ValueType::Int64)
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            prefer(ValueType::String)
        } else if has("BLOB") {
            ColumnType::Auto
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            prefer(ValueType::Float64)
        } else {
            ColumnType::Auto
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_declared_type_has_its_column_type() {
        let prefer = ColumnType::Prefer;
        for (declared, expected) in [
            ("INTEGER", prefer(ValueType::Int64)),
            ("int", prefer(ValueType::Int64)),
            ("BIGINT", prefer(ValueType::Int64)),
            ("UNSIGNED BIG INT", prefer(ValueType::Int64)),
            ("INT8", prefer(ValueType::Int64)),
            ("TEXT", prefer(ValueType::String)),
            ("VARCHAR(255)", prefer(ValueType::String)),
            ("NCHAR(55)", prefer(ValueType::String)),
            ("CLOB", prefer(ValueType::String)),
            ("REAL", prefer(ValueType::Float64)),
            ("DOUBLE PRECISION", prefer(ValueType::Float64)),
            ("FLOAT", prefer(ValueType::Float64)),
            ("BOOLEAN", prefer(ValueType::Bool)),
            ("bool", prefer(ValueType::Bool)),
            ("DATE", prefer(ValueType::Time)),
            ("DATETIME", prefer(ValueType::Time)),
            ("TIMESTAMP", prefer(ValueType::Time)),
            ("TIMESTAMP WITH TIME ZONE", prefer(ValueType::Time)),
            ("JSON", prefer(ValueType::Json)),
            ("BLOB", ColumnType::Auto),
            ("NUMERIC", ColumnType::Auto),
            ("DECIMAL(10,5)", ColumnType::Auto),
            ("TIME", ColumnType::Auto),
            ("", ColumnType::Auto),
        ] {
            assert_eq!(Declared.column_type("c", declared), expected, "{declared}");
        }
    }
}
