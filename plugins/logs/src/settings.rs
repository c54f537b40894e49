//! What a user can set.
//!
//! | `jsonData` key | default | what it says |
//! |---|---|---|
//! | `roots` | `["/var/log"]` | folders outside of which nothing is read |
//! | `files` | the usual files of `/var/log` | `[{"job": "…", "paths": ["…"], "format": "text" or "docker", "labels": {…}}]` |
//! | `journal` | `true` | read systemd's journal |
//! | `journalPath` | systemd's own places | a folder with journal files |
//! | `kernel` | `true` | read the kernel's log |
//! | `timeZone` | `local` | the zone of times that say none |
//! | `maxLines` | 1000 | lines of an answer if the query says no number; at most 10,000 |
//! | `indexPath` | `data/logs-index` beside the executable | where the time index is kept |
//!
//! It deliberately reads nothing of the environment: Grafana 12.4 passes none on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use graftwire_sdk::model::ErrorSource;
use graftwire_sdk::{InstanceError, error_text};
use serde::Deserialize;

use crate::read::ReadError;
use crate::read::files::{FileSource, Format, Reading};
use crate::read::index::Index;
use crate::read::journal::JournalSource;
use crate::read::kernel::KernelSource;
use crate::read::roots::Roots;
use crate::read::sources::{Sources, index_folder};
use crate::read::zone::Zone;

/// The most lines that an answer can have: a panel shows no more in reasonable time.
pub const MAX_LINES: usize = 10_000;
/// Lines of an answer if nobody says a number, as in Loki's data source.
const DEFAULT_LINES: usize = 1_000;
/// What is read when the settings name no files.
const USUAL_FILES: [&str; 5] =
    ["/var/log/*.log", "/var/log/syslog", "/var/log/messages", "/var/log/*/*.log", "/var/log/secure"];
/// The most labels that the settings give to files.
const MAX_LABELS: usize = 16;

/// Settings as they are saved.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    roots: Option<Vec<PathBuf>>,
    files: Option<Vec<Files>>,
    journal: Option<bool>,
    journal_path: Option<String>,
    kernel: Option<bool>,
    time_zone: Option<String>,
    max_lines: Option<Number>,
    index_path: Option<String>,
}

/// Files with one job.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Files {
    job: String,
    paths: Vec<String>,
    format: Format,
    labels: BTreeMap<String, String>,
}

/// A number, or the text of one: provisioning files quote what they like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

/// Settings that have been checked.
#[derive(Debug)]
pub struct Checked {
    /// What is read.
    pub sources: Sources,
    /// Lines of an answer if the query says no number.
    pub max_lines: usize,
}

impl Settings {
    /// Checks the settings and makes what is read of them.
    ///
    /// # Errors
    /// The first setting that can't be used, in words for the user.
    pub fn check(self) -> Result<Checked, InstanceError> {
        let wrong = |error: ReadError| {
            InstanceError::new(error_text(&error)).with_origin(ErrorSource::Downstream).with_cause(error)
        };
        let max_lines = self.lines().map_err(wrong)?;
        let said = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let zone = Zone::named(self.time_zone.as_deref().unwrap_or_default()).map_err(wrong)?;
        let roots = self.roots.clone().unwrap_or_else(|| vec![PathBuf::from("/var/log")]);
        let roots = Arc::new(Roots::new(roots).map_err(wrong)?);
        let index = Arc::new(Index::new(index_folder(said(&self.index_path).map(PathBuf::from))));
        let reading = Reading { roots: Arc::clone(&roots), index, zone };
        let files = match self.files {
            Some(files) => files,
            None => usual(&roots),
        };
        let files =
            files.into_iter().map(|files| files.source(&reading)).collect::<Result<_, _>>().map_err(wrong)?;
        let journal = self.journal.unwrap_or(true);
        let folder = said(&self.journal_path).map(PathBuf::from);
        let sources = Sources {
            files,
            journal: journal.then(|| JournalSource::new(Vec::new(), folder)),
            kernel: self.kernel.unwrap_or(true).then(|| KernelSource::new(Vec::new())),
        };
        Ok(Checked { sources, max_lines })
    }

    fn lines(&self) -> Result<usize, ReadError> {
        let (found, shown) = match &self.max_lines {
            None => return Ok(DEFAULT_LINES),
            Some(Number::Number(number)) => (Some(*number), number.to_string()),
            Some(Number::Text(text)) if text.trim().is_empty() => return Ok(DEFAULT_LINES),
            Some(Number::Text(text)) => (text.trim().parse().ok(), text.clone()),
        };
        match found {
            Some(lines) if (1.0..=MAX_LINES as f64).contains(&lines) => Ok(lines as usize),
            _ => Err(ReadError::Setting {
                what: "maxLines",
                found: shown,
                expected: "a number from 1 to 10000",
            }),
        }
    }
}

/// The usual files, as far as the roots let them be read.
fn usual(roots: &Roots) -> Vec<Files> {
    let paths = USUAL_FILES.iter().map(|path| (*path).to_owned());
    let paths: Vec<String> =
        paths.filter(|path| crate::read::family::check(std::slice::from_ref(path), roots).is_ok()).collect();
    let files = Files { job: "varlogs".to_owned(), paths, ..Files::default() };
    if files.paths.is_empty() { Vec::new() } else { vec![files] }
}

impl Files {
    fn source(self, reading: &Reading) -> Result<FileSource, ReadError> {
        let is_name = |name: &str| {
            name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if let Some(name) = self.labels.keys().find(|name| !is_name(name)) {
            return Err(ReadError::Setting {
                what: "files.labels",
                found: name.clone(),
                expected: "names of letters, digits and `_`, no digit first",
            });
        }
        if self.labels.len() > MAX_LABELS {
            return Err(ReadError::Setting {
                what: "files.labels",
                found: format!("{} labels", self.labels.len()),
                expected: "16 at most",
            });
        }
        let job = if self.job.trim().is_empty() { "files" } else { self.job.trim() };
        FileSource::new(job, self.paths, self.format, self.labels.into_iter().collect(), reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<Checked, String> {
        let settings: Settings = serde_json::from_str(json).unwrap();
        settings.check().map_err(|error| error.to_string())
    }

    #[test]
    fn without_settings_the_usual_logs_are_read() {
        let checked = check("{}").unwrap();
        assert_eq!((checked.max_lines, checked.sources.files.len()), (1_000, 1));
        assert!(checked.sources.journal.is_some() && checked.sources.kernel.is_some());
        let none = check(r#"{"files":[],"journal":false,"kernel":false,"maxLines":"50"}"#).unwrap();
        assert!(none.sources.is_empty());
        assert_eq!(none.max_lines, 50);
        // Roots elsewhere: the usual files are outside of them.
        assert_eq!(check(r#"{"roots":["/srv/logs"]}"#).unwrap().sources.files.len(), 0);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let table = [
            (r#"{"roots":["logs"]}"#, "roots is \"logs\", expected absolute paths"),
            (r#"{"files":[{"paths":["/etc/passwd"]}]}"#, "paths is \"/etc/passwd\""),
            (r#"{"files":[{"paths":[],"labels":{"a-b":"c"}}]}"#, "files.labels is \"a-b\""),
            (r#"{"timeZone":"Middle/Earth"}"#, "timeZone is"),
            (r#"{"maxLines":100000}"#, "maxLines is \"100000\", expected a number from 1 to 10000"),
            (r#"{"maxLines":"many"}"#, "maxLines is \"many\""),
        ];
        for (json, expected) in table {
            let error = check(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
