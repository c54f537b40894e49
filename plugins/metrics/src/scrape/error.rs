//! Why a scrape failed, and why a target can't be scraped at all.
//!
//! Neither deliberately ever holds a target's URL as it was given: it may carry a password.

use std::io;
use std::time::Duration;

use super::text::LineError;

/// Why a scrape failed. The target counts as down until its next scrape.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScrapeError {
    /// No connection.
    #[error("can't connect to {address}")]
    Connect {
        /// Host and port.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The time was over.
    #[error("timed out {phase} after {} s", after.as_secs_f64())]
    TimedOut {
        /// What was being done: `connecting`, `waiting for the answer` or `reading the page`.
        phase: &'static str,
        /// The target's timeout.
        after: Duration,
    },
    /// The connection broke, or what came over it isn't HTTP.
    #[error("the connection broke {phase}")]
    Broken {
        /// What was being done.
        phase: &'static str,
        /// What hyper said.
        source: hyper::Error,
    },
    /// Not the status of a page.
    #[error("found status {status}, expected 200 OK{hint}")]
    Status {
        /// The status.
        status: http::StatusCode,
        /// What may be the matter, as the text's end.
        hint: &'static str,
    },
    /// A redirect.
    #[error(
        "found status {status}, a redirect{}, expected 200 OK; redirects aren't followed, set the target's final URL",
        location.as_ref().map(|location| format!(" to {location}")).unwrap_or_default()
    )]
    Redirect {
        /// The status.
        status: http::StatusCode,
        /// Where to, without user, password and query.
        location: Option<String>,
    },
    /// The page is compressed, which wasn't asked for.
    #[error("found content encoding {found}, expected none; switch compression off at the target")]
    Encoding {
        /// The encoding.
        found: String,
    },
    /// The page is too large.
    #[error("found a page of more than {limit} bytes, expected at most that; is this the page of metrics?")]
    TooLarge {
        /// See [`ScrapeLimits::body_bytes`](super::ScrapeLimits::body_bytes).
        limit: usize,
    },
    /// Too many samples.
    #[error(
        "found more than {limit} samples, expected at most that; let the target offer fewer, or split it"
    )]
    TooManySamples {
        /// See [`ScrapeLimits::samples`](super::ScrapeLimits::samples).
        limit: usize,
    },
    /// A line that can't be read.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        problem: LineError,
    },
    /// An OpenMetrics page without its end.
    #[error("line {line}: found the end of the page, expected # EOF before it; the page was cut short")]
    Unfinished {
        /// The number of the last line.
        line: u64,
    },
}

impl ScrapeError {
    /// The error and its causes in one line.
    #[must_use]
    pub fn with_causes(&self) -> String {
        graftwire_sdk::error_text(self)
    }
}

/// Why an entry of the settings is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: found {found}, expected {expected}")]
pub struct TargetError {
    /// The setting, such as `scrapeTargets[2].url`.
    pub place: String,
    /// What stands there; passwords are left out.
    pub found: String,
    /// What should stand there.
    pub expected: String,
}

impl TargetError {
    pub(super) fn new(place: String, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { place, found: found.into(), expected: expected.into() }
    }
}
