//! An app's objects on the command line: read from JSON, with the kind that stands in them, and printed again.
//!
//! It deliberately changes nothing in an object: the plugin gets the bytes that are in the file.

use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use graftwire_model::{ApiStatus, CallContext, GroupVersionKind};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::file;

/// The access token of calls to an app's API group.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// A file with the access token that says who calls [default: none]. It is never printed.
    #[arg(long, value_name = "FILE", help_heading = "Plugin")]
    token: Option<PathBuf>,
}

/// A token on its way into the metadata of a call; it has no print.
pub(crate) struct Token(Option<String>);

impl TokenArgs {
    /// Reads the token.
    pub(crate) fn read(&self) -> Result<Token, Failure> {
        let Some(path) = &self.token else { return Ok(Token(None)) };
        let text = String::from_utf8(file::read(path)?)
            .map_err(|_| Failure::file(format!("{} holds no token: it is no text", path.display())))?;
        Ok(Token(Some(text.trim().to_owned())))
    }
}

/// The call with the token.
pub(crate) fn with_token(mut cx: CallContext, token: Token) -> CallContext {
    if let Some(token) = token.0 {
        cx.add_metadata("x-access-token", token);
    }
    cx
}

/// An object with its kind.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) kind: GroupVersionKind,
    pub(crate) raw: Bytes,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
}

impl Object {
    /// Reads an object from text, `@FILE` or `@-`.
    pub(crate) fn read(argument: &str) -> Result<Self, Failure> {
        let raw = file::text_or_file(argument)?;
        let envelope: Envelope = serde_json::from_slice(&raw).map_err(|cause| {
            Failure::file("an object must be JSON with apiVersion (GROUP/VERSION) and kind").because(cause)
        })?;
        let (group, version) = envelope.api_version.split_once('/').unwrap_or(("", &envelope.api_version));
        let kind =
            GroupVersionKind { group: group.to_owned(), version: version.to_owned(), kind: envelope.kind };
        Ok(Self { kind, raw: raw.into() })
    }
}

/// An object for a program: as JSON, or as text if the plugin made no JSON of it; none if there is none.
pub(crate) fn to_json(raw: &Bytes) -> Value {
    if raw.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(raw).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(raw)))
}

/// Why something failed, for a program.
pub(crate) fn status_json(status: &ApiStatus) -> Value {
    let details = status.details.as_ref().map(|details| {
        let causes: Vec<Value> = details
            .causes
            .iter()
            .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
            .collect();
        json!({
            "name": details.name, "group": details.group, "kind": details.kind, "uid": details.uid,
            "causes": causes, "retryAfterSeconds": details.retry_after.as_secs(),
        })
    });
    json!({
        "status": status.status, "message": status.message, "reason": status.reason, "code": status.code,
        "details": details,
    })
}

/// Why something failed, for a person.
pub(crate) fn status_text(status: &ApiStatus) -> String {
    let mut text = format!("{} {}: {}", status.code, status.reason, status.message);
    for cause in status.details.iter().flat_map(|details| &details.causes) {
        text.push_str(&format!("\n  {}: {} ({})", cause.field, cause.message, cause.reason));
    }
    text
}
