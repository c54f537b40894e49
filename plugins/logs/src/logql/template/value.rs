//! Values of templates, and how Go prints them.
//!
//! It deliberately holds what functions take and give: no lists, no maps.

use std::borrow::Cow;

use super::clock;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'v> {
    Text(Cow<'v, str>),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// Nanoseconds since the epoch.
    Time(i64),
}

impl<'v> Value<'v> {
    /// The type's name in Go, for messages and for `printf`.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Bool(_) => "bool",
            Self::Time(_) => "time.Time",
        }
    }

    /// What `if`, `and`, `or` and `not` see.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Bool(value) => *value,
            Self::Time(_) => true,
        }
    }

    pub(super) fn print(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.printed().as_bytes());
    }

    pub(super) fn printed(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.as_ref()),
            Self::Int(value) => value.to_string().into(),
            Self::Float(value) => float(*value).into(),
            Self::Bool(value) => if *value { "true" } else { "false" }.into(),
            Self::Time(nanos) => clock::print(*nanos).into(),
        }
    }

    /// A parameter that must be a text.
    pub(super) fn text(self) -> Result<Cow<'v, str>, String> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(format!("found a value of type {}, expected string", other.type_name())),
        }
    }

    /// A parameter that must be a whole number.
    pub(super) fn int(&self) -> Result<i64, String> {
        match self {
            Self::Int(value) => Ok(*value),
            other => Err(format!("found a value of type {}, expected int", other.type_name())),
        }
    }

    /// A whole number made of anything; what is no number is 0.
    pub(super) fn to_int(&self) -> i64 {
        match self {
            Self::Int(value) | Self::Time(value) => *value,
            Self::Float(value) => *value as i64,
            Self::Bool(value) => i64::from(*value),
            Self::Text(text) => int_of_text(text).unwrap_or_default(),
        }
    }

    /// A number made of anything; what is no number is 0.
    pub(super) fn to_float(&self) -> f64 {
        match self {
            Self::Int(value) | Self::Time(value) => *value as f64,
            Self::Float(value) => *value,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Text(text) => text.parse().unwrap_or_default(),
        }
    }
}

/// As Go reads a whole number whose base its prefix says.
fn int_of_text(text: &str) -> Option<i64> {
    let text = text
        .split_once('.')
        .filter(|(_, zeros)| zeros.bytes().all(|zero| zero == b'0'))
        .map_or(text, |t| t.0);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let value = if let Some(digits) = lower.strip_prefix("0x") {
        i64::from_str_radix(digits, 16)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        i64::from_str_radix(digits, 2)
    } else if let Some(digits) = lower.strip_prefix('0').filter(|digits| !digits.is_empty()) {
        i64::from_str_radix(digits.strip_prefix('o').unwrap_or(digits), 8)
    } else {
        digits.parse()
    };
    let value = value.ok().filter(|value| *value >= 0)?;
    Some(if negative { -value } else { value })
}

/// As Go's `%v`: the fewest digits, with an exponent for small and for large numbers.
pub(super) fn float(value: f64) -> String {
    if !value.is_finite() {
        return match (value.is_nan(), value > 0.0) {
            (true, _) => "NaN",
            (_, true) => "+Inf",
            _ => "-Inf",
        }
        .to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..=5).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}
