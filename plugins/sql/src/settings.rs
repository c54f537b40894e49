//! What a user can set per data source, and what only the operator of the server can.
//!
//! | `jsonData` key | default |
//! |---|---|
//! | `path` | none: it must be given |
//! | `queryTimeoutSeconds` | 30 |
//! | `busyTimeoutSeconds` | 2 |
//! | `rowLimit` | Grafana's |
//! | `maxCellMegabytes` | 16 |
//! | `immutable` | false |
//!
//! | in Grafana's `[plugin.graftwire-sql-datasource]` | default |
//! |---|---|
//! | `allowed_paths` | every place but Grafana's own database |
//! | `max_threads` | 4 |
//! | `max_memory_megabytes` | 64 |
//!
//! Grafana passes its section as `GF_PLUGIN_…` variables. It deliberately lets no data source widen what the operator
//! allows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use graftwire_sdk::InstanceError;
use graftwire_sdk::model::ErrorSource;
use graftwire_sdk::sql::RowLimits;
use serde::Deserialize;
use tokio::sync::Semaphore;

/// What the operator of the server says, for all data sources.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Folders below which databases may lie, or single files; empty = everywhere.
    pub allowed_paths: Vec<PathBuf>,
    /// How many statements run side by side; each takes a thread while it runs.
    pub threads: Arc<Semaphore>,
    /// What SQLite may take of memory in the whole process, in bytes.
    pub max_memory: u64,
    /// What `GF_DATAPROXY_RESPONSE_LIMIT` says, if anything.
    pub response_limit: Option<String>,
}

impl Operator {
    /// Reads the environment. What can't be read is said in the log and is the default.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let number = |key: &str, default: u64, most: u64| match lookup(key) {
            None => default,
            Some(text) => match text.trim().parse::<u64>() {
                Ok(number) if (1..=most).contains(&number) => number,
                _ => {
                    tracing::warn!(
                        key,
                        found = text,
                        default,
                        most,
                        "expected a whole number from 1; the default is used"
                    );
                    default
                }
            },
        };
        let threads = number("GF_PLUGIN_MAX_THREADS", 4, 64);
        Self {
            allowed_paths: paths(&lookup("GF_PLUGIN_ALLOWED_PATHS").unwrap_or_default()),
            threads: Arc::new(Semaphore::new(usize::try_from(threads).unwrap_or(1))),
            max_memory: number("GF_PLUGIN_MAX_MEMORY_MEGABYTES", 64, 65_536) << 20,
            response_limit: lookup("GF_DATAPROXY_RESPONSE_LIMIT"),
        }
    }
}

/// Absolute paths between commas.
fn paths(text: &str) -> Vec<PathBuf> {
    text.split(',').map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

/// Settings of a data source, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The database's file.
    pub path: PathBuf,
    /// How long a statement may run.
    pub query_timeout: Duration,
    /// How long a locked database is waited for.
    pub busy_timeout: Duration,
    /// Rows beyond Grafana's own limit, if that is lower.
    pub row_limit: Option<u64>,
    /// The largest text or blob, in bytes.
    pub max_cell: u64,
    /// The file never changes: no locks are taken, and a `-wal` file beside it is not read.
    pub immutable: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Saved {
    path: Option<String>,
    query_timeout_seconds: Option<Number>,
    busy_timeout_seconds: Option<Number>,
    row_limit: Option<Number>,
    max_cell_megabytes: Option<Number>,
    immutable: Option<bool>,
}

/// A number, or the text of one: provisioning files quote what they like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

impl Settings {
    /// Reads `jsonData`.
    ///
    /// # Errors
    /// Names the key, what was found and what was expected.
    pub fn read(json_data: &[u8]) -> Result<Self, InstanceError> {
        let saved: Saved = graftwire_sdk::settings::read(json_data)?;
        let seconds = |key, value, default: f64, bounds| {
            number(key, value, bounds).map(|number| Duration::from_secs_f64(number.unwrap_or(default)))
        };
        Ok(Self {
            path: path(saved.path.as_deref().unwrap_or_default())?,
            query_timeout: seconds("queryTimeoutSeconds", saved.query_timeout_seconds, 30.0, (0.1, 3600.0))?,
            busy_timeout: seconds("busyTimeoutSeconds", saved.busy_timeout_seconds, 2.0, (0.0, 60.0))?,
            // Within their bounds the casts keep the values.
            row_limit: number("rowLimit", saved.row_limit, (1.0, 1e9))?.map(|rows| rows as u64),
            max_cell: number("maxCellMegabytes", saved.max_cell_megabytes, (0.001, 256.0))?
                .map_or(16 << 20, |megabytes| (megabytes * 1_048_576.0) as u64),
            immutable: saved.immutable.unwrap_or(false),
        })
    }

    /// The limits of an answer: Grafana's, or the data source's own where they are lower.
    #[must_use]
    pub fn limits(&self, grafana: RowLimits) -> RowLimits {
        grafana.within(RowLimits { rows: self.row_limit.unwrap_or(u64::MAX), bytes: u64::MAX })
    }
}

fn path(text: &str) -> Result<PathBuf, InstanceError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(wrong(
            "path is empty, expected the absolute path of a SQLite database such as /var/lib/app/app.db"
                .to_owned(),
        ));
    }
    let path = Path::new(text);
    if !path.is_absolute() {
        return Err(wrong(format!(
            "path is {text:?}, expected an absolute path: Grafana decides where plugins run"
        )));
    }
    if path.components().any(|part| part == std::path::Component::ParentDir) {
        return Err(wrong(format!(
            "path is {text:?}, expected one without \"..\"; write the folder it means"
        )));
    }
    Ok(path.to_owned())
}

fn number(key: &str, value: Option<Number>, (least, most): (f64, f64)) -> Result<Option<f64>, InstanceError> {
    let (found, shown) = match value {
        None => return Ok(None),
        Some(Number::Number(number)) => (Some(number), number.to_string()),
        Some(Number::Text(text)) if text.trim().is_empty() => return Ok(None),
        Some(Number::Text(text)) => (text.trim().parse().ok(), format!("{text:?}")),
    };
    match found {
        Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => Err(wrong(format!("{key} is {shown}, expected a number from {least} to {most}"))),
    }
}

/// Settings are the user's to mend.
fn wrong(text: String) -> InstanceError {
    InstanceError::new(text).with_origin(ErrorSource::Downstream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_must_be_given() {
        let settings = Settings::read(br#"{"path":" /data/app.db ","rowLimit":"","x":1}"#).unwrap();
        assert_eq!(settings.path, Path::new("/data/app.db"));
        assert_eq!(
            (settings.query_timeout, settings.busy_timeout),
            (Duration::from_secs(30), Duration::from_secs(2))
        );
        assert_eq!(settings.limits(RowLimits { rows: 5, bytes: 6 }), RowLimits { rows: 5, bytes: 6 });
        let own = Settings::read(br#"{"path":"/a","rowLimit":"3"}"#).unwrap();
        assert_eq!(own.limits(RowLimits { rows: 5, bytes: 6 }), RowLimits { rows: 3, bytes: 6 });
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let error = |json: &str| Settings::read(json.as_bytes()).unwrap_err().to_string();
        assert!(error("").starts_with("path is empty"));
        assert!(error(r#"{"path":"app.db"}"#).contains("expected an absolute path"));
        assert!(error(r#"{"path":"/data/../etc/x"}"#).contains("without \"..\""));
        assert!(
            error(r#"{"path":"/a","queryTimeoutSeconds":0}"#)
                .contains("queryTimeoutSeconds is 0, expected a number from 0.1")
        );
        assert!(error(r#"{"path":"/a","rowLimit":"many"}"#).contains("rowLimit is \"many\""));
    }

    #[test]
    fn the_operator_has_the_last_word() {
        let operator = Operator::from_lookup(|key| match key {
            "GF_PLUGIN_ALLOWED_PATHS" => Some("/data, /srv/one.db,".to_owned()),
            "GF_PLUGIN_MAX_THREADS" => Some("nine".to_owned()),
            _ => None,
        });
        assert_eq!(operator.allowed_paths, [Path::new("/data"), Path::new("/srv/one.db")]);
        assert_eq!(operator.threads.available_permits(), 4);
        assert_eq!(operator.max_memory, 64 << 20);
    }
}
