//! Line on stderr → log record, by the rules of go-plugin's host.
//!
//! It deliberately accepts what crashes that host (a number as `@message`), and marks it.

use std::time::SystemTime;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Channel, Level, LogRecord};

/// Turns the lines of one process into records. It remembers whether the process has panicked.
#[derive(Debug, Default)]
pub(super) struct StderrParser {
    panicked: bool,
}

impl StderrParser {
    /// One line, or one piece of a line that was too long (then `whole` is false).
    pub(super) fn record(&mut self, line: &str, whole: bool) -> LogRecord {
        if !whole {
            return plain(Level::Debug, line);
        }
        match hclog(line) {
            Some(record) => record,
            None => self.untagged(line),
        }
    }

    fn untagged(&mut self, line: &str) -> LogRecord {
        if let Some(level) = tag(line) {
            return plain(level, line);
        }
        self.panicked |= line.starts_with("panic: ") || line.starts_with("fatal error: ");
        plain(if self.panicked { Level::Error } else { Level::Debug }, line)
    }
}

fn plain(level: Level, line: &str) -> LogRecord {
    LogRecord::new(level, Channel::Stderr, line.to_owned())
}

/// The level of a line that begins with `[WARN]` and the like.
fn tag(line: &str) -> Option<Level> {
    let (tag, _) = line.strip_prefix('[')?.split_once(']')?;
    // Only the upper-case words count.
    if tag.chars().all(|letter| letter.is_ascii_uppercase()) { Level::parse(tag) } else { None }
}

/// `None` if the line is no JSON object.
fn hclog(line: &str) -> Option<LogRecord> {
    if !line.trim_start().starts_with('{') {
        return None;
    }
    let mut object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let special = ["@message", "@level", "@timestamp"].map(|key| object.shift_remove(key));
    if special.iter().flatten().any(|value| !value.is_string()) {
        return Some(LogRecord { crashes_grafana: true, ..plain(Level::Error, line) });
    }
    let [message, level, timestamp] =
        special.map(|value| value.as_ref().and_then(Value::as_str).map(str::to_owned));
    let Some(level) = level.as_deref().and_then(Level::parse) else { return Some(plain(Level::Debug, line)) };
    let mut record = LogRecord::new(level, Channel::Stderr, message.unwrap_or_default());
    if let Some(text) = timestamp {
        let Some(time) = timestamp_of(&text) else { return Some(plain(Level::Debug, line)) };
        record.time = time;
    }
    record.pairs = object.into_iter().map(|(key, value)| (key, text_of(value))).collect();
    Some(record)
}

/// hclog's layout alone: RFC 3339 with exactly six decimals.
fn timestamp_of(text: &str) -> Option<SystemTime> {
    let (_, fraction) = text.split_once('.')?;
    let decimals = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (decimals == 6).then(|| time.into())
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
