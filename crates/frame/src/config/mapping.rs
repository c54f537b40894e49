//! Value mappings: texts and colours shown in place of values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lenient;

/// One mapping. An unknown type is an error, as it is for the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "options", rename_all = "lowercase")]
pub enum ValueMapping {
    /// By the text of the value.
    #[serde(deserialize_with = "lenient::or_default")]
    Value(BTreeMap<String, MappingResult>),
    /// By a range of values, both ends included.
    Range {
        /// The lower end; absent = open. What isn't finite is `null` on the wire.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[serde(serialize_with = "lenient::write_optional_bound")]
        #[serde(deserialize_with = "lenient::optional_bound")]
        from: Option<f64>,
        /// The upper end, with the rules of `from`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[serde(serialize_with = "lenient::write_optional_bound")]
        #[serde(deserialize_with = "lenient::optional_bound")]
        to: Option<f64>,
        /// What is shown.
        #[serde(default)]
        result: MappingResult,
    },
    /// For special values.
    Special {
        /// Which.
        #[serde(rename = "match", default)]
        matches: SpecialValue,
        /// What is shown.
        #[serde(default)]
        result: MappingResult,
    },
}

/// What a mapping shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MappingResult {
    /// The text; empty = the value's own.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub text: String,
    /// The colour; empty = not said.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub color: String,
    /// The position in the editor's list.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "lenient::or_default")]
    pub index: i64,
}

impl MappingResult {
    /// A text in a colour; either may be empty.
    pub fn new(text: impl Into<String>, color: impl Into<String>) -> Self {
        Self { text: text.into(), color: color.into(), index: 0 }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// The special values of [`ValueMapping::Special`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SpecialValue {
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    #[default]
    Null,
    /// Not a number.
    NaN,
    /// `null` or not a number.
    NullOrNaN,
    /// The empty text.
    Empty,
    /// A word without a meaning here; the empty one too.
    Other(String),
}

impl From<String> for SpecialValue {
    fn from(word: String) -> Self {
        match word.as_str() {
            "true" => Self::True,
            "false" => Self::False,
            "null" => Self::Null,
            "nan" => Self::NaN,
            "null+nan" => Self::NullOrNaN,
            "empty" => Self::Empty,
            _ => Self::Other(word),
        }
    }
}

impl From<SpecialValue> for String {
    fn from(value: SpecialValue) -> Self {
        match value {
            SpecialValue::True => "true".to_owned(),
            SpecialValue::False => "false".to_owned(),
            SpecialValue::Null => "null".to_owned(),
            SpecialValue::NaN => "nan".to_owned(),
            SpecialValue::NullOrNaN => "null+nan".to_owned(),
            SpecialValue::Empty => "empty".to_owned(),
            SpecialValue::Other(word) => word,
        }
    }
}
