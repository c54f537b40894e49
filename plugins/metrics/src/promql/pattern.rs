//! Anchored patterns of `=~`, `!~` and `label_replace`.
//!
//! Part of parsing and of label functions. It deliberately uses regex-lite: 70 kB in the binary instead of
//! 300 kB to 1.4 MB, matching in linear time, with `\d` and `\w` in ASCII as Prometheus has them; what it lacks of
//! Prometheus' syntax are the Unicode classes (`\p{…}`), and it says so.

use regex_lite::{Regex, RegexBuilder};

use crate::series::Pattern;

/// How large a compiled pattern may become, in bytes.
const MAX_SIZE: usize = 1 << 20;

/// A pattern that must match a whole text. `.` matches line ends too.
#[derive(Debug, Clone)]
pub(super) struct AnchoredPattern(Regex);

impl AnchoredPattern {
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        // The pattern alone first: `a)(b` would be legal only between the anchors' parentheses.
        compile(pattern)
            .and_then(|_| compile(&format!("^(?s:{pattern})$")))
            .map(Self)
            .map_err(|error| format!("found the pattern {pattern:?}, which can't be used: {error}"))
    }

    /// What `template` becomes with the groups of a match; `None` if the text doesn't match.
    pub(super) fn expand(&self, text: &str, template: &str) -> Option<String> {
        let captures = self.0.captures(text)?;
        let mut expanded = String::new();
        captures.expand(template, &mut expanded);
        Some(expanded)
    }
}

impl Pattern for AnchoredPattern {
    fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn compile(pattern: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(pattern).size_limit(MAX_SIZE).build()
}
