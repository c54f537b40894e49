//! What a query is once it has been read: patterns, templates and paths are compiled, names and numbers are fit.
//!
//! It deliberately keeps no places: whoever reads a query says what is wrong and where, nobody afterwards.

mod metrics;

pub use metrics::MetricQuery;
pub(super) use metrics::{
    Binary, BinaryOp, Conversion, Grouping, LabelReplace, LogRange, Metric, RangeAggregation, RangeOp,
    Unwrap, VectorAggregation, VectorOp,
};

use super::json_path::JsonPath;
use super::labels::Labels;
use super::line_filter::LineTest;
use super::line_pattern::LinePattern;
use super::regexp::Regexp;
use super::template::Template;

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Its answer is lines.
    Log(LogQuery),
    /// Its answer is numbers over time.
    Metric(MetricQuery),
}

/// A selector and the stages that every line of it goes through.
#[derive(Debug, Clone, PartialEq)]
pub struct LogQuery {
    pub(super) selector: Selector,
    pub(super) stages: Vec<Stage>,
}

impl LogQuery {
    /// Which streams are read.
    #[must_use]
    pub const fn selector(&self) -> &Selector {
        &self.selector
    }
}

/// Conditions on the labels of streams. Empty, it selects every stream (Loki refuses that; on one machine it is useful).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector(pub(super) Vec<Matcher>);

impl Selector {
    /// Whether a stream with these labels is selected. A label that is not there counts as empty.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.accepts(labels.get(&matcher.name).unwrap_or_default()))
    }

    /// The conditions.
    pub fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        self.0.iter()
    }
}

/// A condition on one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    pub(super) name: String,
    pub(super) op: MatchOp,
    pub(super) value: String,
    /// Compiled from the value, for the two operators that need it.
    pub(super) regexp: Option<Regexp>,
}

impl Matcher {
    /// A condition by its parts.
    ///
    /// # Errors
    /// Says what is wrong with the pattern, or that the name is no label's name.
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Self, String> {
        if !is_label_name(name) {
            return Err(format!(
                "found the label name {name:?}, expected letters, digits and `_`, no digit first"
            ));
        }
        let regexp = match op {
            MatchOp::Matches | MatchOp::NotMatches => Some(Regexp::anchored(value)?),
            MatchOp::Equal | MatchOp::NotEqual => None,
        };
        Ok(Self { name: name.to_owned(), op, value: value.to_owned(), regexp })
    }

    /// The label's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is compared.
    #[must_use]
    pub const fn op(&self) -> MatchOp {
        self.op
    }

    /// What it is compared with.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a label with this value meets the condition.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        let by_pattern = || self.regexp.as_ref().is_some_and(|regexp| regexp.is_match(value.as_bytes()));
        match self.op {
            MatchOp::Equal => value == self.value,
            MatchOp::NotEqual => value != self.value,
            MatchOp::Matches => by_pattern(),
            MatchOp::NotMatches => !by_pattern(),
        }
    }
}

/// How a label's text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, the whole value
    Matches,
    /// `!~`, the whole value
    NotMatches,
}

/// A label's name: letters, digits and `_`, no digit first.
pub(super) fn is_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One step of the way of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    Line(LineFilter),
    /// All fields, or those that are named.
    Json(Vec<Extraction<JsonPath>>),
    Logfmt(Logfmt),
    Regexp(Regexp),
    Pattern(LinePattern),
    Unpack,
    Filter(LabelFilter),
    LineFormat(Template),
    LabelFormat(Vec<LabelFormat>),
    Decolorize,
    Drop(Vec<Choice>),
    Keep(Vec<Choice>),
}

/// Keeps lines that pass one of the alternatives; the negated ones keep lines that pass none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LineFilter {
    pub(super) op: LineOp,
    pub(super) alternatives: Vec<LineTest>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineOp {
    Contains,
    NotContains,
    Matches,
    NotMatches,
}

/// A label and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extraction<S> {
    pub(super) label: String,
    pub(super) from: S,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Logfmt {
    pub(super) strict: bool,
    pub(super) keep_empty: bool,
    /// Labels by the keys they come from; empty for all.
    pub(super) fields: Vec<Extraction<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum LabelFilter {
    Matches(Matcher),
    Number {
        name: String,
        op: CompareOp,
        value: f64,
    },
    /// Nanoseconds.
    Duration {
        name: String,
        op: CompareOp,
        value: i64,
    },
    Bytes {
        name: String,
        op: CompareOp,
        value: u64,
    },
    And(Box<(LabelFilter, LabelFilter)>),
    Or(Box<(LabelFilter, LabelFilter)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CompareOp {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl CompareOp {
    pub(super) fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum LabelFormat {
    Rename { to: String, from: String },
    Template { to: String, template: Template },
}

/// A label that `drop` or `keep` names, perhaps only with certain values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    Name(String),
    Matches(Matcher),
}
