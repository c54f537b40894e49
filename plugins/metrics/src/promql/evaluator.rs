//! Expressions → values on a grid, the whole range at once.
//!
//! Middle of evaluation: it goes through the expression, and calls one file per kind of node. It deliberately
//! evaluates no step twice and keeps account of what is held, so that a query's memory is bounded.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::ast::{Expr, Kind, Pin, Selector, Shift};
use super::grid::{FARTHEST, Grid};
use super::rows::{self, ABSENT, Evaluated, Row, is_absent};
use super::{Limits, Options, Place, PromqlError, labelset};
use crate::series::{Labels, Matcher, Sample, SelectLimits, SeriesSource, SourceError};

/// One evaluation of one query.
pub(super) struct Evaluator<'a> {
    pub(super) source: &'a dyn SeriesSource,
    pub(super) options: &'a Options,
    pub(super) cancelled: &'a dyn Fn() -> bool,
    /// The query, for the places of errors.
    pub(super) text: &'a str,
    /// The whole query's first and last instant, for `@ start()` and `@ end()`.
    pub(super) ends: (i64, i64),
    pub(super) held: Cell<usize>,
    pub(super) read: Cell<usize>,
    pub(super) warnings: RefCell<BTreeSet<String>>,
}

impl Evaluator<'_> {
    /// Evaluates an expression at every instant of the grid.
    pub(super) fn eval(&self, expr: &Expr, grid: Grid) -> Result<Evaluated, PromqlError> {
        self.check()?;
        let before = self.held.get();
        let value = match &expr.kind {
            Kind::Number(number) => Evaluated::Scalar(vec![*number; grid.count]),
            Kind::Text(text) => Evaluated::Text(text.clone()),
            Kind::Vector(selector) => Evaluated::Vector(self.vector(selector, grid, |sample| sample.value)?),
            // The parser lets range vectors stand only where `over_windows` takes them, or alone.
            Kind::Range(..) | Kind::Subquery(_) => {
                return Err(
                    self.invalid(expr, "found a range vector, expected a scalar or an instant vector")
                );
            }
            Kind::Call(function, args) => self.call(expr, function, args, grid)?,
            Kind::Aggregate(aggregate) => Evaluated::Vector(self.aggregate(expr, aggregate, grid)?),
            Kind::Binary(binary) => self.binary(expr, binary, grid)?,
            Kind::Negate(inner) => self.negated(inner, grid)?,
            Kind::Paren(inner) => self.eval(inner, grid)?,
        };
        // Whatever the parts held is gone by now.
        self.held.set(before);
        self.hold(value.held())?;
        Ok(value)
    }

    /// An instant vector; the parser has made sure that it is one.
    pub(super) fn eval_vector(&self, expr: &Expr, grid: Grid) -> Result<Vec<Row>, PromqlError> {
        match self.eval(expr, grid)? {
            Evaluated::Vector(rows) => Ok(rows),
            _ => Err(self.invalid(expr, "found no instant vector, expected one")),
        }
    }

    /// A scalar; the parser has made sure that it is one.
    pub(super) fn eval_scalar(&self, expr: &Expr, grid: Grid) -> Result<Vec<f64>, PromqlError> {
        match self.eval(expr, grid)? {
            Evaluated::Scalar(values) => Ok(values),
            _ => Err(self.invalid(expr, "found no scalar, expected one")),
        }
    }

    fn negated(&self, inner: &Expr, grid: Grid) -> Result<Evaluated, PromqlError> {
        Ok(match self.eval(inner, grid)? {
            Evaluated::Vector(rows) => Evaluated::Vector(self.mapped(rows, inner, |value, _| Some(-value))?),
            Evaluated::Scalar(values) => Evaluated::Scalar(values.into_iter().map(|value| -value).collect()),
            text => text,
        })
    }

    /// Every value replaced (`None` = dropped), the metric's name dropped. `expr` is where they come from.
    pub(super) fn mapped(
        &self,
        rows: Vec<Row>,
        expr: &Expr,
        to: impl Fn(f64, usize) -> Option<f64>,
    ) -> Result<Vec<Row>, PromqlError> {
        let slot = |(step, value): (usize, f64)| match is_absent(value) {
            true => ABSENT,
            false => to(value, step).unwrap_or(ABSENT),
        };
        let row = |row: Row| Row {
            labels: labelset::without_name(&row.labels),
            values: row.values.into_iter().enumerate().map(slot).collect(),
        };
        self.merge(rows.into_iter().map(row).collect(), expr)
    }

    /// Rows of equal labels put together; an error if they collide.
    pub(super) fn merge(&self, rows: Vec<Row>, expr: &Expr) -> Result<Vec<Row>, PromqlError> {
        rows::merged(rows).map_err(|labels| PromqlError::DuplicateSeries {
            place: self.place(expr),
            labels: labels.to_string(),
        })
    }

    /// An instant vector selector: at each instant the newest sample that isn't older than the lookback, unless
    /// it says that the series has ended. `value` says what of the sample is taken.
    pub(super) fn vector(
        &self,
        selector: &Selector,
        grid: Grid,
        value: fn(&Sample) -> f64,
    ) -> Result<Vec<Row>, PromqlError> {
        let lookback = self.lookback();
        let pinned = self.pinned(selector.shift);
        let wanted = |now: i64| pinned.unwrap_or(now) - selector.shift.offset.unwrap_or(0);
        let Some((first, last)) = grid.ends() else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        let start = self.options.window_start;
        let (from, to) = (start.before(wanted(first) - lookback) + 1, wanted(last));
        self.select(&selector.matchers, from, to, |labels, samples| {
            let mut next = 0;
            let newest = |now: i64| {
                let at = wanted(now);
                next += samples.iter().skip(next).take_while(|sample| sample.at <= at).count();
                let sample = samples.get(next.checked_sub(1)?)?;
                (sample.at > start.before(at - lookback) && !sample.is_stale_marker()).then(|| value(sample))
            };
            let values: Vec<f64> = grid.instants().map(newest).map(|value| value.unwrap_or(ABSENT)).collect();
            let row = Row { labels: labels.clone(), values };
            if !row.is_empty() {
                self.hold(row.values.len())?;
                rows.push(row);
            }
            Ok(())
        })?;
        rows.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
        Ok(rows)
    }

    /// Reads series one after the other, within the limits of the query.
    pub(super) fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        mut each: impl FnMut(&Labels, &[Sample]) -> Result<(), PromqlError>,
    ) -> Result<(), PromqlError> {
        let limits = self.limits();
        let left = limits.samples.saturating_sub(self.read.get());
        let mut failed = None;
        let visited = self.source.visit(
            matchers,
            from,
            to,
            SelectLimits { samples: left, series: limits.series },
            &mut |labels, samples| {
                self.read.set(self.read.get().saturating_add(samples.len()));
                match self.check().and_then(|()| each(labels, samples)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failed = Some(error);
                        ControlFlow::Break(())
                    }
                }
            },
        );
        if let Some(error) = failed {
            return Err(error);
        }
        visited.map_err(|error| match error {
            // The source was told what is left of the limit; say the limit.
            SourceError::TooMany { what: "samples", .. } => {
                PromqlError::TooMuch { action: "reads", what: "samples", limit: limits.samples }
            }
            other => other.into(),
        })
    }

    /// Stops the evaluation if the caller asks for it.
    pub(super) fn check(&self) -> Result<(), PromqlError> {
        if (self.cancelled)() { Err(PromqlError::Cancelled) } else { Ok(()) }
    }

    /// Accounts for values that are about to be kept.
    pub(super) fn hold(&self, values: usize) -> Result<(), PromqlError> {
        let limit = self.limits().values;
        self.held.set(self.held.get().saturating_add(values));
        if self.held.get() > limit {
            return Err(PromqlError::TooMuch { action: "holds", what: "values", limit });
        }
        Ok(())
    }

    /// The instant of an `@`, if there is one.
    pub(super) fn pinned(&self, shift: Shift) -> Option<i64> {
        shift.pin.map(|pin| match pin {
            Pin::At(at) => at.clamp(-FARTHEST, FARTHEST),
            Pin::Start => self.ends.0,
            Pin::End => self.ends.1,
        })
    }

    pub(super) fn warn(&self, expr: &Expr, text: &str) {
        self.warnings.borrow_mut().insert(format!("{}: {text}", self.place(expr)));
    }

    pub(super) fn invalid(&self, expr: &Expr, reason: impl Into<String>) -> PromqlError {
        PromqlError::Invalid { place: self.place(expr), reason: reason.into() }
    }

    pub(super) fn parameter(&self, expr: &Expr, reason: impl Into<String>) -> PromqlError {
        PromqlError::Parameter { place: self.place(expr), reason: reason.into() }
    }

    pub(super) fn place(&self, expr: &Expr) -> Place {
        Place::of(self.text, expr.at)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.options.limits
    }

    fn lookback(&self) -> i64 {
        millis(self.options.lookback)
    }

    pub(super) fn subquery_step(&self) -> i64 {
        millis(self.options.subquery_step)
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(FARTHEST).clamp(1, FARTHEST)
}
