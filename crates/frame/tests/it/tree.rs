//! JSON compared by value: keys in any order, numbers exactly, whatever their spelling.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A JSON value with exact numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// Sign, digits without zeros at either end, and the power of ten of the last digit.
    Number(bool, String, i64),
    Text(String),
    List(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
}

impl Tree {
    pub(crate) fn parse(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}"))
    }

    /// The paths at which two values differ, for a message.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        self.compare("$", other, &mut found);
        found
    }

    fn compare(&self, path: &str, other: &Self, found: &mut Vec<String>) {
        match (self, other) {
            (Self::Object(left), Self::Object(right)) => {
                for key in left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))) {
                    match (left.get(key), right.get(key)) {
                        (Some(left), Some(right)) => left.compare(&format!("{path}.{key}"), right, found),
                        (left, right) => found.push(format!("{path}.{key}: {left:?} / {right:?}")),
                    }
                }
            }
            (Self::List(left), Self::List(right)) if left.len() == right.len() => {
                for (index, (left, right)) in left.iter().zip(right).enumerate() {
                    left.compare(&format!("{path}[{index}]"), right, found);
                }
            }
            _ if self == other => {}
            _ => found.push(format!("{path}: {self:?} / {other:?}")),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Ok(match text.as_bytes()[0] {
            b'n' => Self::Null,
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            b'"' => Self::Text(serde_json::from_str(text).map_err(serde::de::Error::custom)?),
            b'[' => Self::List(serde_json::from_str(text).map_err(serde::de::Error::custom)?),
            b'{' => Self::Object(serde_json::from_str(text).map_err(serde::de::Error::custom)?),
            _ => number(text),
        })
    }
}

fn number(text: &str) -> Tree {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let mut power = exponent.parse::<i64>().unwrap() - i64::try_from(fraction.len()).unwrap();
    let trimmed = digits.trim_end_matches('0');
    power += i64::try_from(digits.len() - trimmed.len()).unwrap();
    let trimmed = trimmed.trim_start_matches('0');
    if trimmed.is_empty() {
        power = 0;
    }
    Tree::Number(negative, trimmed.to_owned(), power)
}

#[test]
fn numbers_are_equal_by_value_alone() {
    for (left, right) in
        [("1", "1.0"), ("1e21", "1000000000000000000000"), ("1E-07", "0.0000001"), ("0", "0.0")]
    {
        assert_eq!(Tree::parse(left), Tree::parse(right));
    }
    for (left, right) in
        [("1", "2"), ("-1", "1"), ("0", "-0"), ("9007199254740993", "9007199254740992"), ("1", "10")]
    {
        assert_ne!(Tree::parse(left), Tree::parse(right));
    }
}
