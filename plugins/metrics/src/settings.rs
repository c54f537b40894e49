//! What a user can set, per data source and, as defaults, for the whole plugin.
//!
//! | `jsonData` key | in Grafana's `[plugin.graftwire-metrics-datasource]` | default |
//! |---|---|---|
//! | `storePath` | `store_path` | `data/` beside the executable, else a temporary folder |
//! | `retentionDays` | `retention_days` | 7 |
//! | `maxStoreMegabytes` | `max_store_megabytes` | 512 |
//! | `collectIntervalSeconds` | `collect_interval_seconds` | 1 |
//! | – | `flush_interval_seconds` | 10 |
//! | `scrapeTargets` | – | none |
//!
//! Grafana passes its section as `GF_PLUGIN_…` variables at the start, so that collection begins before anybody asks.
//! It deliberately reads nothing else of the environment: Grafana 12.4 passes no more.

use std::path::PathBuf;
use std::time::Duration;

use graftwire_sdk::InstanceError;
use graftwire_sdk::model::ErrorSource;
use serde::Deserialize;

use crate::scrape::TargetSettings;
use crate::store::StoreOptions;

/// The most a retention can be, in days: a hundred years.
const MAX_DAYS: f64 = 36_500.0;
/// The least and the most a store can be bounded to, in MB.
const MEGABYTES: (f64, f64) = (8.0, 1_048_576.0);
/// The shortest and the longest distance of collections, in seconds.
const INTERVAL: (f64, f64) = (0.1, 3_600.0);

/// Settings as they are saved.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    store_path: Option<String>,
    retention_days: Option<Number>,
    max_store_megabytes: Option<Number>,
    collect_interval_seconds: Option<Number>,
    /// How much a power cut may lose belongs to the machine, so it is the operator's to say.
    #[serde(skip)]
    flush_interval_seconds: Option<Number>,
    scrape_targets: Option<Vec<TargetSettings>>,
}

/// A number, or the text of one: provisioning files quote what they like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

/// Settings that have been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Where the store lies, if that was said.
    pub store_path: Option<PathBuf>,
    /// How long samples are kept.
    pub retention: Duration,
    /// How large the store's files may be.
    pub max_bytes: u64,
    /// How often this machine is looked at.
    pub interval: Duration,
    /// How often samples are written to the disk.
    pub flush_interval: Duration,
    /// Which endpoints are scraped.
    pub targets: Vec<TargetSettings>,
}

impl Settings {
    /// The defaults of the whole plugin, from Grafana's section about it.
    pub fn of_plugin(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let text = |key: &str| lookup(&format!("GF_PLUGIN_{key}")).filter(|text| !text.is_empty());
        let number = |key: &str| text(key).map(Number::Text);
        Self {
            store_path: text("STORE_PATH"),
            retention_days: number("RETENTION_DAYS"),
            max_store_megabytes: number("MAX_STORE_MEGABYTES"),
            collect_interval_seconds: number("COLLECT_INTERVAL_SECONDS"),
            flush_interval_seconds: number("FLUSH_INTERVAL_SECONDS"),
            scrape_targets: None,
        }
    }

    /// These settings where they say something, else `other`'s.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            store_path: self
                .store_path
                .filter(|path| !path.trim().is_empty())
                .or_else(|| other.store_path.clone()),
            retention_days: said(self.retention_days).or_else(|| other.retention_days.clone()),
            max_store_megabytes: said(self.max_store_megabytes).or_else(|| other.max_store_megabytes.clone()),
            collect_interval_seconds: said(self.collect_interval_seconds)
                .or_else(|| other.collect_interval_seconds.clone()),
            flush_interval_seconds: other.flush_interval_seconds.clone(),
            scrape_targets: self.scrape_targets.or_else(|| other.scrape_targets.clone()),
        }
    }

    /// Checks every value.
    ///
    /// # Errors
    /// Names the first key whose value can't be used, what was found and what was expected.
    pub fn check(&self) -> Result<Checked, InstanceError> {
        let defaults = StoreOptions::default();
        let day = 24.0 * 3600.0;
        let retention = number("retentionDays", self.retention_days.as_ref(), (0.01, MAX_DAYS))?;
        let megabytes = number("maxStoreMegabytes", self.max_store_megabytes.as_ref(), MEGABYTES)?;
        let interval = number("collectIntervalSeconds", self.collect_interval_seconds.as_ref(), INTERVAL)?;
        let flush = number("flushIntervalSeconds", self.flush_interval_seconds.as_ref(), INTERVAL)?;
        Ok(Checked {
            store_path: self.path()?,
            retention: retention.map_or(defaults.retention, |days| Duration::from_secs_f64(days * day)),
            // Within the bounds above, so the cast keeps the value.
            max_bytes: megabytes.map_or(defaults.max_bytes, |megabytes| (megabytes * 1_048_576.0) as u64),
            interval: interval.map_or(Duration::from_secs(1), Duration::from_secs_f64),
            flush_interval: flush.map_or(defaults.flush_interval, Duration::from_secs_f64),
            targets: self.scrape_targets.clone().unwrap_or_default(),
        })
    }

    fn path(&self) -> Result<Option<PathBuf>, InstanceError> {
        let Some(path) = self.store_path.as_deref().map(str::trim).filter(|path| !path.is_empty()) else {
            return Ok(None);
        };
        let path = PathBuf::from(path);
        if path.is_absolute() {
            Ok(Some(path))
        } else {
            Err(wrong(format!(
                "storePath is {path:?}, expected an absolute path: Grafana decides where plugins run"
            )))
        }
    }
}

impl Checked {
    /// What the store is opened with.
    #[must_use]
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            retention: self.retention,
            max_bytes: self.max_bytes,
            flush_interval: self.flush_interval,
            ..StoreOptions::default()
        }
    }
}

fn said(number: Option<Number>) -> Option<Number> {
    number.filter(|number| !matches!(number, Number::Text(text) if text.trim().is_empty()))
}

fn number(
    key: &str,
    value: Option<&Number>,
    (least, most): (f64, f64),
) -> Result<Option<f64>, InstanceError> {
    let (found, shown) = match value {
        None => return Ok(None),
        Some(Number::Number(number)) => (Some(*number), number.to_string()),
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
mod tests;
