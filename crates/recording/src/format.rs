//! The lines of a recording. `docs/recordings.md` describes them to people; a change that an older program would
//! misread raises [`FORMAT_VERSION`].
//!
//! It deliberately holds data alone: how lines reach a file stands in `writer.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the format that is written, and the newest that is read.
pub const FORMAT_VERSION: u32 = 1;

/// What a recording is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The program that wrote it, with its version.
    pub program: String,
    /// The plugin's id or the name of its executable.
    pub plugin: String,
    /// When it began: RFC 3339.
    pub started: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub(crate) enum Line {
    /// The first line.
    Recording {
        version: u32,
        #[serde(flatten)]
        about: About,
    },
    /// A call begins.
    Call { call: u64, at: f64, method: String, metadata: BTreeMap<String, Vec<String>> },
    /// A message to the plugin.
    Request {
        call: u64,
        at: f64,
        #[serde(flatten)]
        body: Body,
    },
    /// The head of the plugin's answer.
    Answer { call: u64, at: f64, metadata: BTreeMap<String, Vec<String>> },
    /// A message of the plugin.
    Response {
        call: u64,
        at: f64,
        #[serde(flatten)]
        body: Body,
    },
    /// A call is over.
    End {
        call: u64,
        at: f64,
        outcome: Outcome,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    /// Nothing more is written, and why.
    Stopped { at: f64, why: String },
    /// A line of a later program that this one does not know.
    #[serde(other)]
    Unknown,
}

/// A message: for people, and for a replay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body {
    /// The message as JSON, if its method is known and it is not too long to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<Value>,
    /// The message's bytes in base64, secrets redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<String>,
    /// How long the message was.
    pub(crate) size: u64,
    /// The names of secrets that were taken out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) redacted: Vec<String>,
    /// Why there is no `raw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) left_out: Option<String>,
}

/// How a call was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    /// The plugin said how it went; `code` is gRPC's.
    Status,
    /// The host wanted no more.
    Cancelled,
    /// The connection broke.
    Lost,
}
