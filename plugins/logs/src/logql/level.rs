//! The level of a line: of its labels, or else of the words in it.
//!
//! The table is Grafana's, so that colours and log volumes agree with what it shows by itself. It deliberately decides
//! nothing by where in a line a word stands, but that the first one counts.

use std::fmt;

/// How far into a line words are looked at, in bytes.
const SCANNED: usize = 8 * 1024;

/// Labels that hold a level, the most telling first; letter case doesn't matter.
const LABELS: [&str; 8] =
    ["detected_level", "level", "severity", "severity_text", "lvl", "loglevel", "log_level", "priority"];

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `trace`
    Trace,
    /// `debug`, `dbug`
    Debug,
    /// `info`, `information`, `informational`, `notice`
    Info,
    /// `warn`, `warning`
    Warning,
    /// `error`, `err`, `eror`
    Error,
    /// `critical`, `crit`, `alert`, `fatal`, `emerg`
    Critical,
}

impl Level {
    /// Every level, the worst first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::Error, Self::Warning, Self::Info, Self::Debug, Self::Trace];

    /// Grafana's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// The level of a word, or of a label's value: also one of syslog's numbers, 0 to 7.
    #[must_use]
    pub fn of_value(value: &str) -> Option<Self> {
        Some(match value.trim() {
            "0" | "1" | "2" => Self::Critical,
            "3" => Self::Error,
            "4" => Self::Warning,
            "5" | "6" => Self::Info,
            "7" => Self::Debug,
            word => return Self::of_word(word.as_bytes()),
        })
    }

    fn of_word(word: &[u8]) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
        // Most words of most lines end here.
        if !(3..=13).contains(&word.len()) {
            return None;
        }
        Some(match word.first()?.to_ascii_lowercase() {
            b'i' if is(&["info", "information", "informational"]) => Self::Info,
            b'n' if is(&["notice"]) => Self::Info,
            b'e' if is(&["error", "err", "eror"]) => Self::Error,
            b'e' if is(&["emerg"]) => Self::Critical,
            b'w' if is(&["warn", "warning"]) => Self::Warning,
            b'd' if is(&["debug", "dbug"]) => Self::Debug,
            b't' if is(&["trace"]) => Self::Trace,
            b'f' if is(&["fatal"]) => Self::Critical,
            b'a' if is(&["alert"]) => Self::Critical,
            b'c' if is(&["crit", "critical"]) => Self::Critical,
            _ => return None,
        })
    }

    /// The level that labels state.
    #[must_use]
    pub fn of_labels<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>) -> Option<Self> {
        let mut best: Option<(usize, Self)> = None;
        for (name, value) in labels {
            let Some(rank) = LABELS.iter().position(|label| label.eq_ignore_ascii_case(name)) else {
                continue;
            };
            if best.is_none_or(|(other, _)| rank < other) {
                best = Self::of_value(value).map(|level| (rank, level)).or(best);
            }
        }
        best.map(|(_, level)| level)
    }

    /// The level of the first word of a line that is one.
    #[must_use]
    pub fn of_line(line: &[u8]) -> Option<Self> {
        let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let scanned = line.get(..SCANNED).unwrap_or(line);
        scanned.split(|byte| !inside(byte)).find_map(Self::of_word)
    }

    /// The level of an entry: what its labels state, or else what its line says.
    #[must_use]
    pub fn of_entry(entry: &super::Entry<'_>) -> Option<Self> {
        let labels = entry.labels.iter().map(|(name, value, _)| (name, value));
        Self::of_labels(labels).or_else(|| Self::of_line(entry.line))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
