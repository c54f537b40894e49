//! Why a query can't be read or has no answer.
//!
//! It belongs to parsing and evaluation; it deliberately knows no wire status. Errors of single lines are no errors of
//! the query: they are the labels `__error__` and `__error_details__`.

use std::fmt;

/// A text that is no LogQL, or uses a part of it that is not supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Something else was expected at this place.
    #[error("{place}: found {found}, expected {expected}")]
    Syntax {
        /// Where in the text.
        place: Place,
        /// What stands there.
        found: String,
        /// What could stand there.
        expected: String,
    },
    /// A part of LogQL that exists, but not here.
    #[error("{place}: {what} is not supported here; {help}")]
    Unsupported {
        /// Where in the text.
        place: Place,
        /// The part, by its name.
        what: String,
        /// What there is instead.
        help: String,
    },
    /// A pattern, a template, a number or a combination that can't be used.
    #[error("{place}: {reason}")]
    Invalid {
        /// Where in the text.
        place: Place,
        /// What was found and what was expected.
        reason: String,
    },
    /// A limit on queries.
    #[error("{place}: found {found} {what}, expected at most {limit}")]
    TooMuch {
        /// Where in the text.
        place: Place,
        /// What there is too much of: `bytes of query`, `levels of parentheses`, `stages`, `labels`.
        what: &'static str,
        /// How much was found.
        found: usize,
        /// How much may be.
        limit: usize,
    },
}

impl ParseError {
    /// Where in the text.
    #[must_use]
    pub const fn place(&self) -> Place {
        match self {
            Self::Syntax { place, .. }
            | Self::Unsupported { place, .. }
            | Self::Invalid { place, .. }
            | Self::TooMuch { place, .. } => *place,
        }
    }
}

/// A metric query that can't be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// A line went into a stage that couldn't work on it. Counting it would hide that.
    #[error(
        "a line has {error}{details} in the series {labels}; \
         add `| __error__=\"\"` behind the stage that fails to leave such lines out"
    )]
    Pipeline {
        /// The value of `__error__`.
        error: String,
        /// The value of `__error_details__` in parentheses, if there is one.
        details: String,
        /// The labels of that line.
        labels: String,
    },
    /// Too many series, samples or steps.
    #[error("the query {action} more than {limit} {what}; {help}")]
    TooMuch {
        /// `returns` or `holds`.
        action: &'static str,
        /// `series`, `values` or `points per series`.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// What to do.
        help: &'static str,
    },
    /// Two series of a result have the same labels.
    #[error("the result would hold the series {labels} twice; keep them apart by a label, or aggregate them")]
    DuplicateSeries {
        /// The labels they share.
        labels: String,
    },
    /// The range or the step make no sense.
    #[error("{0}")]
    TimeRange(String),
}

/// A place in the query's text; both numbers begin at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// The place of a byte offset; an offset past the end is the place after the last character.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.char_indices().take_while(|(at, _)| *at < offset).map(|(_, char)| char);
        before.fold(Self { line: 1, column: 1 }, |place, char| match char {
            '\n' => Self { line: place.line + 1, column: 1 },
            _ => Self { column: place.column + 1, ..place },
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
