//! Targets: what is scraped, how often, and which labels its series get; read from settings.
//!
//! It deliberately drops nothing for a neighbour's fault: an entry that is wrong is reported, the others are scraped.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::address::{Address, redacted};
use super::error::TargetError;
use crate::series::Labels;

/// The interval of a target that names none.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);

/// A scrape takes at most that long, or the target's interval if that is shorter.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(10);

/// More entries than that aren't scraped.
pub const MAX_TARGETS: usize = 200;

/// Seconds between two scrapes, least and most.
const INTERVALS: std::ops::RangeInclusive<f64> = 1.0..=3600.0;

/// Bytes of a job, an extra label's name or value.
const LONGEST_TEXT: usize = 256;

/// An entry of the setting `scrapeTargets`. `Debug` shows no password.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TargetSettings {
    /// The label `job`.
    pub job: String,
    /// The page, such as `http://127.0.0.1:9100/metrics`; user and password may stand before the host.
    pub url: String,
    /// Seconds between two scrapes, from 1 to 3600.
    pub interval_seconds: Option<f64>,
    /// Added to each series.
    pub labels: Option<BTreeMap<String, String>>,
}

impl fmt::Debug for TargetSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetSettings")
            .field("job", &self.job)
            .field("url", &redacted(&self.url))
            .field("interval_seconds", &self.interval_seconds)
            .field("labels", &self.labels)
            .finish()
    }
}

/// A page of metrics and how to scrape it.
#[derive(Debug, Clone)]
pub struct Target {
    pub(super) address: Address,
    pub(super) interval: Duration,
    /// `job`, `instance` and the extra labels.
    pub(super) labels: Labels,
}

impl Target {
    /// The label `job`.
    #[must_use]
    pub fn job(&self) -> &str {
        self.labels.get("job").unwrap_or_default()
    }

    /// The label `instance`: host and port.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.address.instance
    }

    /// The time between the beginnings of two scrapes.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// How long one scrape may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.interval.min(MAX_TIMEOUT)
    }
}

/// The targets of the setting `scrapeTargets`, and what is wrong with entries that make none. `default_interval` is for
/// entries without one; [`DEFAULT_INTERVAL`] unless there is a better one.
#[must_use]
pub fn targets_from_settings(
    entries: &[TargetSettings],
    default_interval: Duration,
) -> (Vec<Target>, Vec<TargetError>) {
    let mut places: BTreeMap<Labels, usize> = BTreeMap::new();
    let (mut targets, mut errors) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let place = format!("scrapeTargets[{index}]");
        if targets.len() == MAX_TARGETS {
            let expected = format!("at most {MAX_TARGETS} targets");
            errors.push(TargetError::new(place, "one target more", expected));
            break;
        }
        match read_entry(entry, &place, default_interval) {
            Ok(target) => match places.get(&target.labels) {
                Some(other) => errors.push(TargetError::new(
                    place,
                    format!("the labels of scrapeTargets[{other}]: {}", target.labels),
                    "another job, or another label to tell them apart",
                )),
                None => {
                    places.insert(target.labels.clone(), index);
                    targets.push(target);
                }
            },
            Err(error) => errors.push(error),
        }
    }
    (targets, errors)
}

fn read_entry(
    entry: &TargetSettings,
    place: &str,
    default_interval: Duration,
) -> Result<Target, TargetError> {
    let job = entry.job.trim();
    if job.is_empty() || job.len() > LONGEST_TEXT {
        let found = if job.is_empty() { "no name".to_owned() } else { format!("{} bytes", job.len()) };
        let expected = format!("a name of at most {LONGEST_TEXT} bytes for the label job");
        return Err(TargetError::new(format!("{place}.job"), found, expected));
    }
    let address = Address::parse(entry.url.trim())
        .map_err(|(found, expected)| TargetError::new(format!("{place}.url"), found, expected))?;
    let interval = match entry.interval_seconds {
        None => default_interval,
        Some(seconds) if INTERVALS.contains(&seconds) => Duration::from_secs_f64(seconds),
        Some(seconds) => {
            let expected = format!("seconds from {} to {}", INTERVALS.start(), INTERVALS.end());
            return Err(TargetError::new(
                format!("{place}.intervalSeconds"),
                format!("{seconds:?}"),
                expected,
            ));
        }
    };
    let mut pairs =
        vec![(Arc::from("job"), Arc::from(job)), (Arc::from("instance"), Arc::from(&*address.instance))];
    for (name, value) in entry.labels.iter().flatten() {
        check_label(name, value)
            .map_err(|(found, expected)| TargetError::new(format!("{place}.labels"), found, expected))?;
        pairs.push((Arc::from(name.as_str()), Arc::from(value.as_str())));
    }
    Ok(Target { address, interval, labels: Labels::new(pairs) })
}

fn check_label(name: &str, value: &str) -> Result<(), (String, &'static str)> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !name.bytes().all(is_letter)
        || name.starts_with(|first: char| first.is_ascii_digit())
        || name.is_empty()
    {
        return Err((format!("the name {name:?}"), "letters, digits and _, no digit first"));
    }
    if name == "job" || name == "instance" {
        return Err((format!("the label {name}"), "other labels; this one is set from the target itself"));
    }
    if name.starts_with("__") {
        return Err((
            format!("the label {name}"),
            "a name that doesn't begin with __, which is kept for Prometheus",
        ));
    }
    match name.len().max(value.len()) > LONGEST_TEXT {
        true => Err((format!("a label of {} bytes", name.len().max(value.len())), "at most 256 bytes")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
