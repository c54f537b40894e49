//! An error with its causes as one text, for people who see nothing else of it.

use std::error::Error;

/// The error's text followed by those of its causes that it doesn't hold already.
pub(crate) fn text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
