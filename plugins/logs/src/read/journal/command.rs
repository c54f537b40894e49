//! The journal through `journalctl -o json`.
//!
//! It deliberately uses no shell and no search path: Grafana passes none to plugins.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde::Deserialize;

use super::{Entries, Entry};
use crate::read::{Direction, MAX_LINE, ReadError, Window};

/// Where `journalctl` is.
const PLACES: [&str; 3] = ["/usr/bin/journalctl", "/bin/journalctl", "/run/current-system/sw/bin/journalctl"];
/// The longest line of `journalctl`: a message of the largest kept size as an array of numbers, and other fields.
const MAX_JSON: u64 = 8 * MAX_LINE as u64;
/// What is kept of what it says on standard error.
const SAID: u64 = 2_048;

/// A `journalctl` that runs.
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
    any: bool,
}

pub(super) fn open(
    folder: Option<&Path>,
    window: Window,
    direction: Direction,
) -> Result<Box<dyn Entries>, ReadError> {
    let Some(program) = PLACES.iter().find(|place| Path::new(place).is_file()) else {
        return Err(problem(
            "there is no journalctl here; install it, or leave `journal` out".to_owned(),
            None,
        ));
    };
    let seconds = |nanos: i64, up: i64| format!("@{}", nanos.saturating_add(up).div_euclid(1_000_000_000));
    let mut command = Command::new(program);
    command.args(["--output=json", "--quiet", "--no-pager", "--all"]);
    command.arg(
        "--output-fields=MESSAGE,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER,_COMM,_TRANSPORT,_HOSTNAME,PRIORITY",
    );
    // It understands whole seconds; what is beside the window is left out later.
    command.arg(format!("--since={}", seconds(window.from.max(0), 0)));
    if window.to < i64::MAX {
        command.arg(format!("--until={}", seconds(window.to, 999_999_999)));
    }
    if direction == Direction::Backward {
        command.arg("--reverse");
    }
    if let Some(folder) = folder {
        command.arg(format!("--directory={}", folder.display()));
    }
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|cause| problem(format!("{program} can't be started"), Some(cause.into())))?;
    let Some(output) = child.stdout.take() else {
        return Err(problem(format!("{program} has no output"), None));
    };
    let output = BufReader::with_capacity(64 * 1024, output);
    Ok(Box::new(Running { child, output, line: Vec::new(), any: false }))
}

fn problem(problem: String, cause: Option<Box<dyn std::error::Error + Send + Sync>>) -> ReadError {
    ReadError::Source { source_name: "the journal", problem, cause }
}

impl Entries for Running {
    fn next(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            self.line.clear();
            let got = (&mut self.output)
                .take(MAX_JSON)
                .read_until(b'\n', &mut self.line)
                .map_err(|cause| problem("journalctl stopped".to_owned(), Some(cause.into())))?;
            if got == 0 {
                return self.end();
            }
            // A line that is no entry, or far too long, is skipped: what is good is not lost with it.
            if let Some(entry) = parse(&self.line) {
                self.any = true;
                return Ok(Some(entry));
            }
        }
    }
}

impl Running {
    fn end(&mut self) -> Result<Option<Entry>, ReadError> {
        let mut said = String::new();
        if let Some(stderr) = self.child.stderr.take() {
            // What it says is for people; half of it is better than none.
            let _ = stderr.take(SAID).read_to_string(&mut said);
        }
        let done = self
            .child
            .wait()
            .map_err(|cause| problem("journalctl stopped".to_owned(), Some(cause.into())))?;
        if done.success() || self.any {
            return Ok(None);
        }
        let said = said.trim();
        // A machine without a journal has no entries, which is no failure of a query.
        if said.contains("No journal files were found") {
            return Ok(None);
        }
        Err(problem(format!("journalctl ended with {done}: {said}"), None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A query that was given up leaves no process behind. Either may fail when it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A field: text, bytes where it isn't, or several values.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Text(String),
    Bytes(Vec<u8>),
    Several(Vec<Field>),
    None(()),
}

impl Field {
    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
            Self::Several(fields) => fields.into_iter().next().map(Self::into_bytes).unwrap_or_default(),
            Self::None(()) => Vec::new(),
        }
    }

    fn into_text(self) -> String {
        String::from_utf8_lossy(&self.into_bytes()).into_owned()
    }
}

#[derive(Deserialize)]
struct JsonEntry {
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    realtime: String,
    #[serde(rename = "MESSAGE")]
    message: Option<Field>,
    #[serde(rename = "_SYSTEMD_UNIT")]
    systemd_unit: Option<Field>,
    #[serde(rename = "UNIT")]
    unit: Option<Field>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Field>,
    #[serde(rename = "_COMM")]
    command: Option<Field>,
    #[serde(rename = "_TRANSPORT")]
    transport: Option<Field>,
    #[serde(rename = "_HOSTNAME")]
    hostname: Option<Field>,
    #[serde(rename = "PRIORITY")]
    priority: Option<Field>,
}

fn parse(line: &[u8]) -> Option<Entry> {
    let entry: JsonEntry = serde_json::from_slice(line).ok()?;
    let micros: i64 = entry.realtime.parse().ok()?;
    let text = |field: Option<Field>| field.map(Field::into_text).unwrap_or_default();
    Some(Entry {
        at: micros.checked_mul(1_000)?,
        message: entry.message.map(Field::into_bytes).unwrap_or_default(),
        unit: text(entry.systemd_unit.or(entry.unit)),
        identifier: text(entry.identifier.or(entry.command)),
        transport: text(entry.transport),
        hostname: text(entry.hostname),
        priority: text(entry.priority).parse().ok().filter(|priority| *priority < 8),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_journalctl_are_understood() {
        let line = br#"{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795568523123456","MESSAGE":"Started x.","_SYSTEMD_UNIT":"x.service","SYSLOG_IDENTIFIER":"systemd","_TRANSPORT":"journal","_HOSTNAME":"here","PRIORITY":"6"}"#;
        let entry = parse(line).unwrap();
        assert_eq!(entry.at, 1_795_568_523_123_456_000);
        assert_eq!(entry.message, b"Started x.");
        assert_eq!((entry.unit.as_str(), entry.identifier.as_str()), ("x.service", "systemd"));
        assert_eq!(entry.priority, Some(6));

        let bytes = parse(br#"{"__REALTIME_TIMESTAMP":"1","MESSAGE":[104,105,255],"_COMM":"x","UNIT":["a","b"],"PRIORITY":"9"}"#).unwrap();
        assert_eq!(bytes.message, [104, 105, 255]);
        assert_eq!((bytes.identifier.as_str(), bytes.unit.as_str(), bytes.priority), ("x", "a", None));
        assert_eq!(parse(br#"{"__REALTIME_TIMESTAMP":"1","MESSAGE":null}"#).unwrap().message, b"");
        for wrong in [
            "",
            "{}",
            "[1]",
            r#"{"__REALTIME_TIMESTAMP":"soon"}"#,
            r#"{"__REALTIME_TIMESTAMP":"9223372036854775807"}"#,
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
