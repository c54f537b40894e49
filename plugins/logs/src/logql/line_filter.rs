//! Line filters: `|=`, `!=`, `|~`, `!~`, with alternatives.
//!
//! A stage of the pipeline. It deliberately looks at bytes alone: labels are `label_filter`'s business.

use memchr::memmem::Finder;

use super::ast::{LineFilter, LineOp};
use super::regexp::Regexp;

/// What a line is tried for.
#[derive(Debug, Clone)]
pub(super) enum LineTest {
    /// A text anywhere.
    Text(String, Box<Finder<'static>>),
    /// A pattern anywhere.
    Pattern(Regexp),
}

impl LineTest {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned(), Box::new(Finder::new(text).into_owned()))
    }

    pub(super) fn source(&self) -> &str {
        match self {
            Self::Text(text, _) => text,
            Self::Pattern(regexp) => regexp.source(),
        }
    }

    fn passes(&self, line: &[u8]) -> bool {
        match self {
            Self::Text(_, finder) => finder.find(line).is_some(),
            Self::Pattern(regexp) => regexp.is_match(line),
        }
    }

    fn literal(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text, _) => (!text.is_empty()).then_some(text.as_bytes()),
            Self::Pattern(regexp) => regexp.literal(),
        }
    }
}

impl PartialEq for LineTest {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a, _), Self::Text(b, _)) => a == b,
            (Self::Pattern(a), Self::Pattern(b)) => a == b,
            _ => false,
        }
    }
}

impl LineFilter {
    /// Whether the line stays.
    pub(super) fn keeps(&self, line: &[u8]) -> bool {
        let wanted = matches!(self.op, LineOp::Contains | LineOp::Matches);
        self.alternatives.iter().any(|test| test.passes(line)) == wanted
    }

    /// A text that every line holds that stays.
    pub(super) fn literal(&self) -> Option<&[u8]> {
        match (self.op, self.alternatives.as_slice()) {
            (LineOp::Contains | LineOp::Matches, [test]) => test.literal(),
            _ => None,
        }
    }
}
