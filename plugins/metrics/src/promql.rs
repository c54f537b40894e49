//! PromQL over a [`SeriesSource`]: text → expression → values.
//!
//! The step "query → rows" of the metrics data source. It follows Prometheus 3 (numbers may stand for
//! durations, sums are compensated) but for the first instant of windows and of the lookback, which counts as in
//! Prometheus 2 unless [`Options::window_start`] says otherwise. It deliberately does no I/O and
//! knows neither Grafana's query model nor frames; those are in `query`.
//!
//! | step | file |
//! |---|---|
//! | text → tokens | `lexer`, `literal` |
//! | tokens → expression, types checked | `parser` → `ast` |
//! | expression → rows on a grid | `evaluator`, and per kind of node `calls`, `windows`, `aggregate`, `operators`, `matching` |
//! | one window or value → one number | `counter`, `over_time`, `trend`, `histogram`, `math`, `calendar` |
//!
//! Not supported, each refused by name: native histograms and their functions, `info`, `limitk`, `limit_ratio`,
//! `fill` modifiers, `sort_by_label`, arithmetic in durations, `smoothed` and `anchored` ranges.

mod aggregate;
mod ast;
mod calendar;
mod calls;
mod counter;
mod error;
mod evaluator;
mod functions;
mod grid;
mod histogram;
mod label_functions;
mod labelset;
mod lexer;
mod literal;
mod matching;
mod math;
mod operators;
mod over_time;
mod parser;
mod pattern;
mod rows;
mod trend;
mod windows;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

pub use ast::ValueType;
pub use error::{ErrorClass, Place, PromqlError};

use std::sync::Arc;

use crate::series::{Labels, MatchOp, Matcher, Sample, SelectLimits, SeriesData, SeriesSource};
use evaluator::Evaluator;
use grid::{FARTHEST, Grid};
use rows::{Evaluated, Row, is_present};

/// A query that has been read and whose types fit.
#[derive(Debug, Clone)]
pub struct Query {
    expr: ast::Expr,
    text: String,
}

/// How a query is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How old a sample may be and still count as a series' value. Default 5 minutes.
    pub lookback: Duration,
    /// The step of subqueries that name none. Default 1 minute.
    pub subquery_step: Duration,
    /// Whether a sample at the very beginning of a window, or exactly as old as the lookback, counts.
    /// Default [`WindowStart::Closed`].
    pub window_start: WindowStart,
    /// What one query may read and hold.
    pub limits: Limits,
}

/// Whether the first instant of a window belongs to it. Only samples exactly there make a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WindowStart {
    /// It does, as in Prometheus 2: `x[1m]` of samples 15 s apart can hold five.
    #[default]
    Closed,
    /// It doesn't, as in Prometheus 3: `x[1m]` of samples 15 s apart holds four.
    Open,
}

impl WindowStart {
    /// The last instant before the window, for a window that begins at `start`.
    const fn before(self, start: i64) -> i64 {
        match self {
            Self::Closed => start - 1,
            Self::Open => start,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback: Duration::from_secs(300),
            subquery_step: Duration::from_secs(60),
            window_start: WindowStart::default(),
            limits: Limits::default(),
        }
    }
}

/// What one query may read and hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Points per series of a range query. Default 11,001: Prometheus allows 11,000 steps.
    pub points: usize,
    /// Samples read in all. Default as [`SelectLimits`]: 5,000,000.
    pub samples: usize,
    /// Series read by one selector. Default as [`SelectLimits`]: 50,000.
    pub series: usize,
    /// Values held at the same time, 8 bytes each, intermediate ones included. Default 5,000,000.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let SelectLimits { samples, series } = SelectLimits::default();
        Self { points: 11_001, samples, series, values: 5_000_000 }
    }
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The value.
    pub value: Value,
    /// What should be known about it, each text once.
    pub warnings: Vec<String>,
}

/// The value of a query, in the shapes of Prometheus' API.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number at the instant of an instant query.
    Scalar(Sample),
    /// A text.
    Text(String),
    /// One sample per series at the instant of an instant query: sorted as the query says, else by labels.
    Vector(Vec<(Labels, Sample)>),
    /// Samples per series, sorted by labels; series without samples are left out.
    Matrix(Vec<SeriesData>),
}

/// Reads a series selector, as Prometheus' API takes it in `match[]`.
///
/// # Errors
/// [`PromqlError::Invalid`] for what is no PromQL, or is more than a selector.
pub fn selector(text: &str) -> Result<Vec<Matcher>, PromqlError> {
    let expr = parser::parse(text)?;
    match &expr.bare().kind {
        ast::Kind::Vector(selector) if selector.shift.offset.is_none() && selector.shift.pin.is_none() => {
            Ok(selector.matchers.to_vec())
        }
        _ => Err(PromqlError::Invalid {
            place: Place::of(text, expr.at),
            reason: "found an expression, expected a series selector without offset and @".to_owned(),
        }),
    }
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// Says what was found and expected, at which line and column.
    pub fn parse(text: &str) -> Result<Self, PromqlError> {
        Ok(Self { expr: parser::parse(text)?, text: text.to_owned() })
    }

    /// What the query yields.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        self.expr.value_type()
    }

    /// Adds conditions to every selector of the query.
    pub fn narrow(&mut self, matchers: &[Matcher]) {
        self.expr.narrow(matchers);
    }

    /// Evaluates at one instant, in milliseconds since the epoch. `cancelled` is asked between steps.
    ///
    /// # Errors
    /// See [`PromqlError`].
    pub fn instant(
        &self,
        source: &dyn SeriesSource,
        at: i64,
        options: &Options,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Answer, PromqlError> {
        let at = at.clamp(-FARTHEST, FARTHEST);
        let evaluator = self.evaluator(source, options, cancelled, (at, at));
        let sample = |values: &[f64]| Sample { at, value: values.first().copied().unwrap_or(f64::NAN) };
        let value = if self.value_type() == ValueType::Range {
            let series = evaluator.matrix(&self.expr, at)?;
            Value::Matrix(
                series.into_iter().map(|(labels, samples)| SeriesData { labels, samples }).collect(),
            )
        } else {
            match evaluator.eval(&self.expr, Grid::one(at))? {
                Evaluated::Scalar(values) => Value::Scalar(sample(&values)),
                Evaluated::Text(text) => Value::Text(text),
                Evaluated::Vector(rows) => {
                    let present = rows.into_iter().filter(|row| !row.is_empty());
                    Value::Vector(present.map(|row| (row.labels, sample(&row.values))).collect())
                }
            }
        };
        Ok(evaluator.answer(value))
    }

    /// Evaluates from `start` to `end` in steps, all in milliseconds. `cancelled` is asked between steps.
    ///
    /// # Errors
    /// See [`PromqlError`]; among others [`PromqlError::TooManyPoints`].
    pub fn range(
        &self,
        source: &dyn SeriesSource,
        (start, end, step): (i64, i64, i64),
        options: &Options,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Answer, PromqlError> {
        if !matches!(self.value_type(), ValueType::Scalar | ValueType::Vector) {
            let found = self.value_type().name();
            return Err(PromqlError::Invalid {
                place: Place::of(&self.text, self.expr.at),
                reason: format!("found {found}, expected a scalar or an instant vector in a range query"),
            });
        }
        if step <= 0 {
            return Err(PromqlError::TimeRange(format!("found a step of {step} ms, expected more than 0")));
        }
        let (start, end) = (start.clamp(-FARTHEST, FARTHEST), end.clamp(-FARTHEST, FARTHEST));
        if end < start {
            let reason = format!("found a time range from {start} to {end} ms, expected from before to");
            return Err(PromqlError::TimeRange(reason));
        }
        let grid = Grid::between(start, end, step.min(FARTHEST), options.limits.points)?;
        let evaluator = self.evaluator(source, options, cancelled, (start, end));
        let series = match evaluator.eval(&self.expr, grid)? {
            Evaluated::Scalar(values) => vec![samples(Row { labels: Labels::default(), values }, grid)],
            Evaluated::Vector(mut rows) => {
                rows.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
                rows.into_iter().map(|row| samples(row, grid)).filter(|row| !row.samples.is_empty()).collect()
            }
            Evaluated::Text(_) => Vec::new(),
        };
        Ok(evaluator.answer(Value::Matrix(series)))
    }

    fn evaluator<'a>(
        &'a self,
        source: &'a dyn SeriesSource,
        options: &'a Options,
        cancelled: &'a dyn Fn() -> bool,
        ends: (i64, i64),
    ) -> Evaluator<'a> {
        Evaluator {
            source,
            options,
            cancelled,
            text: &self.text,
            ends,
            held: Cell::new(0),
            read: Cell::new(0),
            warnings: RefCell::new(BTreeSet::new()),
        }
    }
}

/// A condition by its parts: a label, one of `=`, `!=`, `=~`, `!~`, and a value.
///
/// # Errors
/// Says what was found: an empty label, another operator, or a pattern that can't be used.
pub fn matcher(label: &str, operator: &str, value: &str) -> Result<Matcher, String> {
    if label.is_empty() {
        return Err("found an empty label".to_owned());
    }
    let pattern = || pattern::AnchoredPattern::new(value).map(Arc::new);
    let op = match operator {
        "=" => MatchOp::Equal(value.into()),
        "!=" => MatchOp::NotEqual(value.into()),
        "=~" => MatchOp::Matches(pattern()?),
        "!~" => MatchOp::NotMatches(pattern()?),
        _ => return Err(format!("found the operator {operator:?}")),
    };
    Ok(Matcher { name: label.into(), op })
}

impl Evaluator<'_> {
    fn answer(self, value: Value) -> Answer {
        Answer { value, warnings: self.warnings.into_inner().into_iter().collect() }
    }
}

/// A row's values that are there, with their instants.
fn samples(row: Row, grid: Grid) -> SeriesData {
    let present = grid.instants().zip(row.values).filter(|(_, value)| is_present(*value));
    SeriesData { labels: row.labels, samples: present.map(|(at, value)| Sample { at, value }).collect() }
}
