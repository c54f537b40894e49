//! How a target is, for the health check.
//!
//! It deliberately keeps no history; that is in the series `up`.

use std::fmt;
use std::time::Duration;

use super::target::Target;

/// How a target is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TargetStatus {
    /// The label `job`.
    pub job: String,
    /// The label `instance`.
    pub instance: String,
    /// When it was last scraped, in milliseconds since the Unix epoch; `None` before the first scrape has ended.
    pub last_scrape: Option<i64>,
    /// When it was last scraped with success.
    pub last_success: Option<i64>,
    /// Why the last scrape failed; `None` if it didn't.
    pub last_error: Option<String>,
    /// How long the last scrape took.
    pub duration: Duration,
    /// Samples on its last page that could be read.
    pub samples: usize,
    /// Series of that page the store had no room for.
    pub refused_series: usize,
    /// Samples of that page that weren't stored: series that stand twice, or times before the last one stored.
    pub out_of_order: u64,
    /// Samples of that page with a timestamp more than an hour ago or ten minutes ahead.
    pub out_of_bounds: u64,
}

impl TargetStatus {
    pub(super) fn new(target: &Target) -> Self {
        Self {
            job: target.job().to_owned(),
            instance: target.instance().to_owned(),
            last_scrape: None,
            last_success: None,
            last_error: None,
            duration: Duration::ZERO,
            samples: 0,
            refused_series: 0,
            out_of_order: 0,
            out_of_bounds: 0,
        }
    }

    /// Whether the last scrape succeeded.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.last_scrape.is_some() && self.last_error.is_none()
    }

    /// What is wrong with the target in words; `None` if nothing is known to be.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if let Some(error) = &self.last_error {
            return Some(format!("{self} is down: {error}"));
        }
        let dropped = [
            (self.refused_series as u64, "series had no room in the store"),
            (self.out_of_order, "samples stand twice or have a time before the last one"),
            (self.out_of_bounds, "samples have a timestamp more than an hour ago or ten minutes ahead"),
        ];
        let dropped: Vec<_> = dropped
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!dropped.is_empty()).then(|| format!("{self} is not stored completely: {}", dropped.join(", ")))
    }
}

/// `node at 127.0.0.1:9100`
impl fmt::Display for TargetStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.job, self.instance)
    }
}
