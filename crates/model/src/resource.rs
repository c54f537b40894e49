//! HTTP-like requests below a plugin's `/resources/`.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use crate::PluginContext;

/// A request as Grafana passes it on. The body is whole: requests do not stream.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResourceRequest {
    /// Who asks, and which data source or app.
    pub context: PluginContext,
    /// Path below `/resources/`: decoded, no leading slash, **not cleaned** (`..` can arrive).
    pub path: String,
    /// HTTP method.
    pub method: String,
    /// Path and query as the host saw them, still encoded: `path?query`.
    pub url: String,
    /// HTTP headers.
    pub headers: MultiHeaders,
    /// The body.
    pub body: Bytes,
}

impl ResourceRequest {
    /// The part of the URL after `?`, still encoded; empty if there is none.
    #[must_use]
    pub fn query_string(&self) -> &str {
        self.url.split_once('?').map_or("", |(_, query)| query)
    }
}

/// One piece of the answer. Status and headers of the first piece count, later ones are ignored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResourcePiece {
    /// HTTP status.
    pub status: i32,
    /// HTTP headers.
    pub headers: MultiHeaders,
    /// A piece of the body; the host flushes each to its client.
    pub body: Bytes,
}

/// HTTP headers: a name may have several values. Lookups ignore case; `Debug` shows the names alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MultiHeaders(BTreeMap<String, Vec<String>>);

impl MultiHeaders {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The first value of a header.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// All values of a header.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .flat_map(|(_, values)| values.iter().map(String::as_str))
    }

    /// Adds a value, keeping those already there.
    pub fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        let key = self.0.keys().find(|key| key.eq_ignore_ascii_case(&name)).cloned().unwrap_or(name);
        self.0.entry(key).or_default().push(value.into());
    }

    /// Every header with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The plain map, for the wire.
    #[must_use]
    pub fn into_map(self) -> BTreeMap<String, Vec<String>> {
        self.0
    }
}

impl From<BTreeMap<String, Vec<String>>> for MultiHeaders {
    fn from(map: BTreeMap<String, Vec<String>>) -> Self {
        Self(map)
    }
}

impl fmt::Debug for MultiHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(name, values)| (name, format!("<{} value(s)>", values.len()))))
            .finish()
    }
}
