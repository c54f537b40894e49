//! An error and its causes as one text, for places that carry a text alone: a gRPC status, a state, a log line.

use std::error::Error;

/// The error and its causes, each once, joined by colons.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        // Many errors show their cause already.
        if !text.ends_with(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
