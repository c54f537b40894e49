//! Why a PromQL query has no answer, and whose fault that is.
//!
//! It belongs to parsing and evaluation; it deliberately knows no wire status: `query` maps classes to statuses.

use std::fmt;

use crate::series::SourceError;

/// A query that can't be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PromqlError {
    /// The text isn't PromQL, or its parts don't fit together.
    #[error("{place}: {reason}")]
    Invalid {
        /// Where in the text.
        place: Place,
        /// What was found and what was expected.
        reason: String,
    },
    /// A function that PromQL has, or might have, but this engine lacks.
    #[error("{place}: PromQL function `{name}` is not supported here; supported: {supported}")]
    UnknownFunction {
        /// Where in the text.
        place: Place,
        /// The function's name as written.
        name: String,
        /// The names there are, separated by commas.
        supported: String,
    },
    /// Series on the two sides of an operator can't be paired.
    #[error("{place}: {reason}")]
    Matching {
        /// Where the operator's expression begins.
        place: Place,
        /// Which series collide.
        reason: String,
    },
    /// Two series of a result have the same labels at the same time.
    #[error(
        "{place}: the result would hold the series {labels} twice; \
         keep them apart by a label, or aggregate them"
    )]
    DuplicateSeries {
        /// Where the expression begins that would give them.
        place: Place,
        /// The labels they share.
        labels: String,
    },
    /// A parameter whose value is known only at evaluation is out of its range.
    #[error("{place}: {reason}")]
    Parameter {
        /// Where the parameter stands.
        place: Place,
        /// What was found and what was expected.
        reason: String,
    },
    /// The range or the step make no sense.
    #[error("{0}")]
    TimeRange(String),
    /// The answer would have too many points.
    #[error(
        "the query asks for {points} points per series, more than {limit}; \
         ask for a shorter time range or a larger step"
    )]
    TooManyPoints {
        /// How many it would have.
        points: u64,
        /// How many it may have.
        limit: usize,
    },
    /// The query reads or holds too much.
    #[error("the query {action} more than {limit} {what}; narrow the time range or the selector")]
    TooMuch {
        /// `reads` or `holds`.
        action: &'static str,
        /// `samples`, `series` or `values`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The caller gave up, or its time ran out.
    #[error("the query was cancelled, or its time ran out")]
    Cancelled,
    /// The store can't be read.
    #[error("the samples can't be read")]
    Store(#[source] SourceError),
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The query itself is wrong or asks for too much.
    BadRequest,
    /// The caller stopped it.
    Cancelled,
    /// The store failed.
    Store,
}

impl PromqlError {
    /// Whose fault it is.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Cancelled => ErrorClass::Cancelled,
            Self::Store(_) => ErrorClass::Store,
            _ => ErrorClass::BadRequest,
        }
    }
}

impl From<SourceError> for PromqlError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::TooMany { what, limit } => Self::TooMuch { action: "reads", what, limit },
            broken => Self::Store(broken),
        }
    }
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
