//! File → calls. A file that breaks off in its last line is read up to there: that is what a killed recorder leaves.
//!
//! It deliberately decodes no message: that is for who compares them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::format::{About, Body, FORMAT_VERSION, Line, Outcome};

/// A recording, read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Recording {
    /// What it is of.
    pub about: About,
    /// The calls in the order in which they began.
    pub calls: Vec<RecordedCall>,
    /// The last line is not whole: the recorder was killed.
    pub broken_off: bool,
    /// Why the recorder wrote no more before the calls were over.
    pub stopped: Option<String>,
}

/// One call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedCall {
    /// Its number in the recording, from 1.
    pub number: u64,
    /// The method, such as `/pluginv2.Data/QueryData`.
    pub method: String,
    /// The request's metadata.
    pub metadata: BTreeMap<String, Vec<String>>,
    /// The messages to the plugin.
    pub requests: Vec<RecordedMessage>,
    /// The messages of the plugin.
    pub responses: Vec<RecordedMessage>,
    /// How it was over; `None` if it was still running at the end of the recording.
    pub end: Option<End>,
    /// The calls that were over when this one began.
    pub(crate) after: Vec<u64>,
}

/// One message.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedMessage {
    /// Its bytes, secrets redacted; `None` if they were not written.
    pub raw: Option<Bytes>,
    /// Why they were not.
    pub left_out: Option<String>,
    /// How many bytes there were.
    pub size: u64,
    /// The names of secrets that were taken out.
    pub redacted: Vec<String>,
}

/// How a call was over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// With a status of the plugin.
    Status {
        /// gRPC's code.
        code: i32,
        /// Its text.
        text: String,
    },
    /// The host wanted no more.
    Cancelled,
    /// The connection broke.
    Lost,
}

/// Why a recording can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system says no.
    #[error("the recording can't be read")]
    Io(#[from] io::Error),
    /// It does not begin as a recording does.
    #[error(
        "the first line is no beginning of a recording; expected {{\"event\":\"recording\",\"version\":{FORMAT_VERSION},…}}"
    )]
    NoRecording,
    /// It is of a later program.
    #[error(
        "the recording has format version {found}, this program reads up to {FORMAT_VERSION}; use the program that wrote it, or a later one"
    )]
    Version {
        /// Its version.
        found: u32,
    },
    /// A line in the middle is broken.
    #[error("line {number} is broken: {what}")]
    Line {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ReadError`]; a last line that is not whole is none.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::read(BufReader::new(File::open(path)?))
    }

    /// Reads lines.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn read(mut lines: impl io::BufRead) -> Result<Self, ReadError> {
        let mut text = Vec::new();
        lines.read_until(b'\n', &mut text)?;
        let about = match serde_json::from_slice(&text) {
            Ok(Line::Recording { version: 1..=FORMAT_VERSION, about }) => about,
            Ok(Line::Recording { version, .. }) => return Err(ReadError::Version { found: version }),
            _ => return Err(ReadError::NoRecording),
        };
        let mut reading = Reading {
            recording: Self { about, calls: Vec::new(), broken_off: false, stopped: None },
            over: Vec::new(),
        };
        let mut number = 1;
        loop {
            text.clear();
            number += 1;
            if lines.read_until(b'\n', &mut text)? == 0 {
                return Ok(reading.recording);
            }
            match serde_json::from_slice(&text) {
                Ok(line) => reading.take(line).map_err(|what| ReadError::Line { number, what })?,
                Err(_) if text.last() != Some(&b'\n') => reading.recording.broken_off = true,
                Err(error) => return Err(ReadError::Line { number, what: error.to_string() }),
            }
        }
    }
}

struct Reading {
    recording: Recording,
    over: Vec<u64>,
}

impl Reading {
    fn take(&mut self, line: Line) -> Result<(), String> {
        match line {
            Line::Recording { .. } => return Err("a second beginning".to_owned()),
            Line::Call { call, method, metadata, .. } => {
                let (requests, responses, end, after) = (Vec::new(), Vec::new(), None, self.over.clone());
                let number = call;
                self.recording.calls.push(RecordedCall {
                    number,
                    method,
                    metadata,
                    requests,
                    responses,
                    end,
                    after,
                });
            }
            Line::Request { call, body, .. } => self.of(call)?.requests.push(message(body)?),
            Line::Response { call, body, .. } => self.of(call)?.responses.push(message(body)?),
            Line::End { call, outcome, code, text, .. } => {
                self.of(call)?.end = Some(match outcome {
                    Outcome::Status => End::Status { code: code.unwrap_or_default(), text },
                    Outcome::Cancelled => End::Cancelled,
                    Outcome::Lost => End::Lost,
                });
                self.over.push(call);
            }
            Line::Stopped { why, .. } => self.recording.stopped = Some(why),
            Line::Answer { .. } | Line::Unknown => {}
        }
        Ok(())
    }

    fn of(&mut self, call: u64) -> Result<&mut RecordedCall, String> {
        let calls = &mut self.recording.calls;
        calls
            .iter_mut()
            .rev()
            .find(|one| one.number == call)
            .ok_or_else(|| format!("no call {call} has begun"))
    }
}

fn message(body: Body) -> Result<RecordedMessage, String> {
    let raw = body.raw.map(|text| STANDARD.decode(text).map(Bytes::from)).transpose();
    let raw = raw.map_err(|error| format!("raw is no base64: {error}"))?;
    Ok(RecordedMessage { raw, left_out: body.left_out, size: body.size, redacted: body.redacted })
}

#[cfg(test)]
mod tests {
    use super::{End, ReadError, Recording};

    const BEGINNING: &str = r#"{"event":"recording","version":1,"program":"p","plugin":"x","started":"now"}"#;
    const CALL: &str = r#"{"event":"call","call":1,"at":0.1,"method":"/a.B/C","metadata":{}}"#;

    fn read(lines: &[&str]) -> Result<Recording, ReadError> {
        Recording::read(lines.join("\n").as_bytes())
    }

    #[test]
    fn a_file_that_breaks_off_is_read_up_to_there() {
        let end = r#"{"event":"end","call":1,"at":0.2,"outcome":"status","code":12,"text":"no"}"#;
        let whole = read(&[BEGINNING, CALL, end, ""]).unwrap();
        assert_eq!(whole.calls[0].end, Some(End::Status { code: 12, text: "no".to_owned() }));
        assert!(!whole.broken_off);
        for cut in 1..end.len() {
            let part = end.get(..cut).unwrap();
            let broken = read(&[BEGINNING, CALL, part]).unwrap();
            assert!(broken.broken_off && broken.calls[0].end.is_none(), "{cut}");
        }
    }

    #[test]
    fn what_is_no_recording_is_told() {
        assert!(matches!(read(&["hello"]), Err(ReadError::NoRecording)));
        let newer = BEGINNING.replace("\"version\":1", "\"version\":9");
        assert!(matches!(read(&[&newer]), Err(ReadError::Version { found: 9 })));
        let error = read(&[BEGINNING, "{", CALL]).unwrap_err();
        assert!(matches!(error, ReadError::Line { number: 2, .. }), "{error}");
        let stray = r#"{"event":"response","call":7,"at":0.2,"size":0}"#;
        assert!(read(&[BEGINNING, stray, ""]).unwrap_err().to_string().contains("no call 7"));
        assert!(read(&[BEGINNING, r#"{"event":"of a later program","x":1}"#, ""]).is_ok());
    }
}
