//! Who asks, on behalf of whom, and with which settings.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use crate::{EpochMillis, Secrets};

/// What every request carries beside its own content. Any part may be absent or empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PluginContext {
    /// Organisation; deprecated upstream in favour of `namespace`.
    pub org_id: i64,
    /// The plugin's id, which is also the data source's type.
    pub plugin_id: String,
    /// The plugin's version as its host knows it.
    pub plugin_version: String,
    /// The user; absent when the backend itself asks (alerting, public dashboards).
    pub user: Option<User>,
    /// Settings of the app; absent unless an app is asked.
    pub app: Option<AppInstanceSettings>,
    /// Settings of the data source; absent unless a data source is asked.
    pub data_source: Option<DataSourceInstanceSettings>,
    /// Grafana's own configuration, as far as plugins may see it.
    pub grafana_config: GrafanaConfig,
    /// The host's name and version, as sent; see [`UserAgent::parse`].
    pub user_agent: String,
    /// The API version in which the request came in.
    pub api_version: String,
    /// The tenant's namespace: `default`, `org-2`, `stacks-123`.
    pub namespace: String,
}

/// The signed-in user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// Login name.
    pub login: String,
    /// Display name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// `Viewer`, `Editor`, `Admin`, `None`, empty or anything a later host invents.
    pub role: String,
}

/// Settings of an app plugin. `Debug` counts the settings' bytes instead of showing them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AppInstanceSettings {
    /// Free settings: JSON text, may be empty.
    pub json_data: Bytes,
    /// Secrets.
    pub secrets: Secrets,
    /// When they were saved last.
    pub updated: EpochMillis,
    /// The API version with which they were saved.
    pub api_version: String,
}

/// Settings of one data source. `Debug` counts the settings' bytes instead of showing them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct DataSourceInstanceSettings {
    /// Numeric id; deprecated upstream in favour of `uid`.
    pub id: i64,
    /// Stable id; absent on old hosts.
    pub uid: String,
    /// Display name.
    pub name: String,
    /// The URL field.
    pub url: String,
    /// The user field.
    pub user: String,
    /// The database field.
    pub database: String,
    /// Whether HTTP basic authentication is on.
    pub basic_auth_enabled: bool,
    /// Its user; the password is the secret `basicAuthPassword`.
    pub basic_auth_user: String,
    /// Free settings: JSON text, may be empty.
    pub json_data: Bytes,
    /// Secrets.
    pub secrets: Secrets,
    /// When they were saved last.
    pub updated: EpochMillis,
    /// The API version with which they were saved.
    pub api_version: String,
}

impl fmt::Debug for AppInstanceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppInstanceSettings")
            .field("json_data", &format_args!("<{} bytes>", self.json_data.len()))
            .field("secrets", &self.secrets)
            .field("updated", &self.updated)
            .field("api_version", &self.api_version)
            .finish()
    }
}

impl fmt::Debug for DataSourceInstanceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataSourceInstanceSettings")
            .field("id", &self.id)
            .field("uid", &self.uid)
            .field("name", &self.name)
            .field("json_data", &format_args!("<{} bytes>", self.json_data.len()))
            .field("secrets", &self.secrets)
            .field("updated", &self.updated)
            .finish_non_exhaustive()
    }
}

/// Grafana's configuration for plugins: key to text.
///
/// `Debug` hides the values of keys that name a key, a secret, a token or a password.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct GrafanaConfig(BTreeMap<String, String>);

impl GrafanaConfig {
    /// The text under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets a key.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), value.into());
    }

    /// Whether a feature toggle is on (exact name).
    #[must_use]
    pub fn is_enabled(&self, toggle: &str) -> bool {
        self.get("GF_INSTANCE_FEATURE_TOGGLES_ENABLE")
            .is_some_and(|list| list.split(',').any(|name| name == toggle))
    }

    /// The limit on bytes of a downstream HTTP response; `None` = no limit.
    #[must_use]
    pub fn response_limit(&self) -> Option<u64> {
        self.number("GF_RESPONSE_LIMIT").filter(|limit| *limit > 0)
    }

    /// The limit on rows of an SQL result, if the host sets one.
    #[must_use]
    pub fn sql_row_limit(&self) -> Option<u64> {
        self.number("GF_SQL_ROW_LIMIT")
    }

    /// How many queries of one request may run side by side, if the host says.
    #[must_use]
    pub fn concurrent_query_count(&self) -> Option<u64> {
        self.number("GF_CONCURRENT_QUERY_COUNT")
    }

    /// Every key with its text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The plain map, for the wire.
    #[must_use]
    pub fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(|text| text.trim().parse().ok())
    }
}

impl From<BTreeMap<String, String>> for GrafanaConfig {
    fn from(map: BTreeMap<String, String>) -> Self {
        Self(map)
    }
}

impl fmt::Debug for GrafanaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = |key: &str| ["KEY", "SECRET", "TOKEN", "PASSWORD"].iter().any(|word| key.contains(word));
        f.debug_map()
            .entries(self.0.iter().map(|(key, value)| (key, if secret(key) { "<redacted>" } else { value })))
            .finish()
    }
}

/// The host's name and version, read from `Grafana/X.Y.Z[-suffix] (os; arch)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent {
    /// Version text, for example `12.4.0`.
    pub version: String,
    /// Operating system.
    pub os: String,
    /// Processor.
    pub arch: String,
}

impl UserAgent {
    /// Reads the text of [`PluginContext::user_agent`]; `None` if it has another shape.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (version, rest) = text.strip_prefix("Grafana/")?.split_once(' ')?;
        let (os, arch) = rest.strip_prefix('(')?.strip_suffix(')')?.split_once("; ")?;
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
        (has_three_numbers(version) && is_word(os) && is_word(arch)).then(|| Self {
            version: version.to_owned(),
            os: os.to_owned(),
            arch: arch.to_owned(),
        })
    }
}

fn has_three_numbers(version: &str) -> bool {
    let mut parts = version.splitn(3, '.');
    let digits =
        |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    digits(parts.next())
        && digits(parts.next())
        && parts.next().is_some_and(|patch| patch.bytes().next().is_some_and(|b| b.is_ascii_digit()))
}
