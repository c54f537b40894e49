//! Headers that travel inside request messages (one value each).

use std::collections::BTreeMap;
use std::fmt;

/// Request headers as Grafana sends them with queries, health checks and streams.
///
/// Keys are not canonical HTTP names: forwarded HTTP headers stand under `http_<Name>`; `Authorization`,
/// `X-Id-Token` and `Cookie` come without the prefix; others (`FromAlert`, …) are Grafana's own.
/// Lookups ignore case. `Debug` shows the keys alone, since values may be tokens.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The value under a key exactly as Grafana spells it, ignoring case.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// The value of an HTTP header, wherever Grafana put it: under `http_<name>` or, for the pass-through
    /// headers, under the plain name.
    #[must_use]
    pub fn http(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| http_name(key).is_some_and(|http| http.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value.as_str())
    }

    /// Every HTTP header with its plain name.
    pub fn iter_http(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(key, value)| http_name(key).map(|name| (name, value.as_str())))
    }

    /// Sets a raw key, replacing a key of other case.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let key = key.into();
        self.remove(&key);
        self.0.insert(key, value.into());
    }

    /// Removes a raw key, ignoring case.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|name, _| !name.eq_ignore_ascii_case(key));
    }

    /// Whether the request comes from alerting.
    #[must_use]
    pub fn is_from_alert(&self) -> bool {
        self.get("FromAlert") == Some("true")
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The plain map, for the wire.
    #[must_use]
    pub fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }
}

impl From<BTreeMap<String, String>> for Headers {
    fn from(map: BTreeMap<String, String>) -> Self {
        Self(map)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|key| (key, "<redacted>"))).finish()
    }
}

fn http_name(key: &str) -> Option<&str> {
    if let Some(name) = key.strip_prefix("http_") {
        return Some(name);
    }
    ["Authorization", "X-Id-Token", "Cookie"]
        .into_iter()
        .any(|known| known.eq_ignore_ascii_case(key))
        .then_some(key)
}
