//! Rules of JSON that config and meta share: `null` counts as absent, numbers are read exactly.
//!
//! It deliberately reads numbers through their text: serde_json's own float parser may be off by the last bit
//! unless a feature is on that would slow down the whole workspace.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::value::RawValue;

/// A value, or its default for `null`.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A value that is there, `null` included.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A number, correctly rounded; `null` is 0.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    exact(deserializer).map(Option::unwrap_or_default)
}

/// A bound of a scale: `null` is minus infinity.
pub(crate) fn bound<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    exact(deserializer).map(|value| value.unwrap_or(f64::NEG_INFINITY))
}

/// A [`bound`] that may be absent.
pub(crate) fn optional_bound<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    bound(deserializer).map(Some)
}

/// Writes a bound: what isn't finite becomes `null`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
pub(crate) fn write_bound<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() { serializer.serialize_f64(*value) } else { serializer.serialize_none() }
}

/// Writes a bound that is present; callers skip absent ones.
pub(crate) fn write_optional_bound<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    write_bound(&value.unwrap_or(f64::NAN), serializer)
}

/// A number that JSON must be able to hold.
pub(crate) struct Finite(pub(crate) f64, pub(crate) &'static str);

impl serde::Serialize for Finite {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            return serializer.serialize_f64(self.0);
        }
        Err(S::Error::custom(format_args!("{}: found {}, expected a finite number", self.1, self.0)))
    }
}

/// A number that may be `null`.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    match raw.get() {
        "null" => Ok(None),
        text if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            let number: f64 = text.parse().map_err(D::Error::custom)?;
            if number.is_finite() {
                return Ok(Some(number));
            }
            Err(D::Error::custom(format_args!("found {text}, which no 64-bit float can hold")))
        }
        text => Err(D::Error::custom(format_args!("found {text}, expected a number"))),
    }
}
