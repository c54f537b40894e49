//! The labels of a field: dimensions such as `host=web, dc=eu`, sorted by key.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::FrameError;

/// Labels of a field, sorted by key.
///
/// Shown as `key=value, key=value`. "No labels" and "labels, but none in it" are different on both wires; a
/// field without any has `None` instead of an empty map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct FieldLabels(BTreeMap<String, String>);

impl FieldLabels {
    /// An empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets a label; the value it had before comes back.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) -> Option<String> {
        self.0.insert(key.into(), value.into())
    }

    /// The labels in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads `key=value, key2=value2`, with or without braces and quotes, or a JSON object; the empty text gives
    /// `None`.
    ///
    /// # Errors
    /// [`FrameError::Labels`] when a part is not one key and one value.
    pub fn parse(text: &str) -> Result<Option<Self>, FrameError> {
        if text.is_empty() {
            return Ok(None);
        }
        if text.starts_with("{\"")
            && let Ok(labels) = serde_json::from_str(text)
        {
            return Ok(Some(labels));
        }
        text.split(", ").map(parse_pair).collect::<Result<_, _>>().map(|map| Some(Self(map)))
    }

    /// A 64-bit hash that is stable across processes and versions: FNV-1 over key, 0xFF, value, 0xFF.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let texts = self.0.iter().flat_map(|(key, value)| [key, value]);
        let bytes = texts.flat_map(|text| text.bytes().chain([0xff]));
        Fingerprint(bytes.fold(OFFSET_BASIS, |hash, byte| hash.wrapping_mul(PRIME) ^ u64::from(byte)))
    }
}

/// A hash of labels; shown as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for FieldLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{key}={value}")?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for FieldLabels {
    /// An object of texts; `null` is the empty text.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let labels = BTreeMap::<String, Option<String>>::deserialize(deserializer)?;
        Ok(labels.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect())
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for FieldLabels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for FieldLabels {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl From<BTreeMap<String, String>> for FieldLabels {
    fn from(map: BTreeMap<String, String>) -> Self {
        Self(map)
    }
}

impl From<FieldLabels> for BTreeMap<String, String> {
    fn from(labels: FieldLabels) -> Self {
        labels.0
    }
}

fn parse_pair(pair: &str) -> Result<(String, String), FrameError> {
    let mut parts = pair.split(['=', '{', '}', '"']).filter(|part| !part.is_empty());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(key), Some(value), None) => Ok((key.to_owned(), value.to_owned())),
        _ => Err(FrameError::Labels { pair: pair.to_owned() }),
    }
}
