//! Range vectors: a window of samples per series and step, slid along the grid.
//!
//! Part of evaluation. Each series is read once for the whole range and reduced to a row before the next is
//! read; it deliberately never holds the samples of two series.

use std::borrow::Cow;

use super::ast::{Expr, Kind, Shift, Subquery};
use super::evaluator::Evaluator;
use super::grid::Grid;
use super::rows::{ABSENT, Evaluated, Row, is_present};
use super::{PromqlError, WindowStart, labelset};
use crate::series::{Labels, Sample};

/// The samples of one series in one window; never empty.
#[derive(Debug)]
pub(super) struct Window<'a> {
    /// In order, without stale markers.
    pub(super) samples: &'a [Sample],
    /// Where the value fell, in order; empty unless the function is one of counters.
    pub(super) drops: &'a [Drop],
    /// Milliseconds; the window begins here.
    pub(super) from: i64,
    /// Milliseconds; the window ends here.
    pub(super) to: i64,
    /// The step's own time, not moved by `offset` and `@`.
    pub(super) now: i64,
    /// The function's scalars at this step.
    pub(super) params: &'a [f64],
}

/// A fall of a counter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drop {
    /// Which sample is below the one before it.
    index: usize,
    /// The value before the fall.
    pub(super) before: f64,
}

impl<'a> Window<'a> {
    pub(super) fn values(&self) -> impl Iterator<Item = f64> + use<'a> {
        self.samples.iter().map(|sample| sample.value)
    }

    /// Each value with the one before it.
    pub(super) fn steps(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        self.values().zip(self.values().skip(1))
    }

    /// Its length.
    pub(super) fn seconds(&self) -> f64 {
        (self.to - self.from) as f64 / 1000.0
    }
}

/// What is done with each window.
#[derive(Clone, Copy)]
pub(super) struct Reduction<'a> {
    pub(super) run: fn(&Window<'_>) -> Option<f64>,
    pub(super) needs_drops: bool,
    pub(super) keeps_name: bool,
    /// The function's scalars, each with one value per step.
    pub(super) params: &'a [Vec<f64>],
}

/// Where the windows of a range vector lie.
#[derive(Debug, Clone, Copy)]
struct Frames {
    grid: Grid,
    /// Milliseconds.
    range: i64,
    shift: Shift,
    pinned: Option<i64>,
    start: WindowStart,
}

impl Frames {
    /// Start and end of the window of a step.
    fn bounds(&self, now: i64) -> (i64, i64) {
        let to = self.pinned.unwrap_or(now) - self.shift.offset.unwrap_or(0);
        (to - self.range, to)
    }

    /// The last instant before all windows and their end; `None` if there are none.
    fn extent(&self) -> Option<(i64, i64)> {
        let (first, last) = self.grid.ends()?;
        Some((self.start.before(self.bounds(first).0), self.bounds(last).1))
    }
}

impl Evaluator<'_> {
    /// One row per series of the range vector `arg`, each value made from one window.
    pub(super) fn over_windows(
        &self,
        arg: &Expr,
        grid: Grid,
        reduction: Reduction<'_>,
    ) -> Result<Vec<Row>, PromqlError> {
        let mut rows = Vec::new();
        self.range_vector(arg, grid, |labels, samples, frames| {
            let values = reduced(&without_stale_markers(samples), frames, reduction);
            let labels = if reduction.keeps_name { labels.clone() } else { labelset::without_name(labels) };
            let row = Row { labels, values };
            if !row.is_empty() {
                self.hold(row.values.len())?;
                rows.push(row);
            }
            Ok(())
        })?;
        self.merge(rows, arg)
    }

    /// Calls `each` with every series of a selector with a range, or of a subquery.
    fn range_vector(
        &self,
        arg: &Expr,
        grid: Grid,
        mut each: impl FnMut(&Labels, &[Sample], &Frames) -> Result<(), PromqlError>,
    ) -> Result<(), PromqlError> {
        let (range, shift) = match &arg.bare().kind {
            Kind::Range(selector, range) => (*range, selector.shift),
            Kind::Subquery(subquery) => (subquery.range, subquery.shift),
            _ => return Ok(()),
        };
        let start = self.options.window_start;
        let frames = Frames { grid, range, shift, pinned: self.pinned(shift), start };
        let Some((from, to)) = frames.extent() else { return Ok(()) };
        match &arg.bare().kind {
            Kind::Range(selector, _) => self
                .select(&selector.matchers, from + 1, to, |labels, samples| each(labels, samples, &frames)),
            Kind::Subquery(subquery) => {
                self.subquery(subquery, from, to, |labels, samples| each(labels, samples, &frames))
            }
            _ => Ok(()),
        }
    }

    /// The samples of a range vector at one instant, as an instant query shows them.
    pub(super) fn matrix(&self, arg: &Expr, at: i64) -> Result<Vec<(Labels, Vec<Sample>)>, PromqlError> {
        let mut series = Vec::new();
        self.range_vector(arg, Grid::one(at), |labels, samples, _| {
            let samples = without_stale_markers(samples).into_owned();
            self.hold(samples.len())?;
            if !samples.is_empty() {
                series.push((labels.clone(), samples));
            }
            Ok(())
        })?;
        series.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(series)
    }

    /// Evaluates a subquery at the multiples of its step after `from` up to `to`.
    fn subquery(
        &self,
        subquery: &Subquery,
        from: i64,
        to: i64,
        mut each: impl FnMut(&Labels, &[Sample]) -> Result<(), PromqlError>,
    ) -> Result<(), PromqlError> {
        let step = subquery.step.unwrap_or_else(|| self.subquery_step()).max(1);
        let start = (from.div_euclid(step) + 1) * step;
        let grid = Grid::between(start, to, step, self.limits().values)?;
        let Evaluated::Vector(rows) = self.eval(&subquery.expr, grid)? else { return Ok(()) };
        let mut samples = Vec::new();
        for row in rows {
            self.check()?;
            samples.clear();
            let present = grid.instants().zip(row.values).filter(|(_, value)| is_present(*value));
            samples.extend(present.map(|(at, value)| Sample { at, value }));
            if !samples.is_empty() {
                each(&row.labels, &samples)?;
            }
        }
        Ok(())
    }
}

/// The samples that count; copied only if there are markers among them.
fn without_stale_markers(samples: &[Sample]) -> Cow<'_, [Sample]> {
    if samples.iter().any(Sample::is_stale_marker) {
        samples.iter().copied().filter(|sample| !sample.is_stale_marker()).collect()
    } else {
        Cow::Borrowed(samples)
    }
}

/// Slides the window over the samples of one series.
fn reduced(samples: &[Sample], frames: &Frames, reduction: Reduction<'_>) -> Vec<f64> {
    let drops = if reduction.needs_drops { drops(samples) } else { Vec::new() };
    let mut edges = Edges::default();
    let mut params = Vec::with_capacity(reduction.params.len());
    let value = |(step, now)| {
        let (from, to) = frames.bounds(now);
        edges.advance(samples, &drops, frames.start.before(from), to);
        let samples = samples.get(edges.first..edges.end).filter(|window| !window.is_empty())?;
        params.clear();
        params.extend(reduction.params.iter().filter_map(|param| param.get(step)));
        let drops = drops.get(edges.first_drop..edges.end_drop).unwrap_or_default();
        (reduction.run)(&Window { samples, drops, from, to, now, params: &params })
    };
    frames.grid.instants().enumerate().map(value).map(|value| value.unwrap_or(ABSENT)).collect()
}

fn drops(samples: &[Sample]) -> Vec<Drop> {
    let pairs = samples.iter().zip(samples.iter().skip(1)).enumerate();
    pairs
        .filter(|(_, (before, after))| after.value < before.value)
        .map(|(index, (before, _))| Drop { index: index + 1, before: before.value })
        .collect()
}

/// Which samples and drops lie in the current window. Windows only move forward, so edges do too.
#[derive(Debug, Default)]
struct Edges {
    first: usize,
    end: usize,
    first_drop: usize,
    end_drop: usize,
}

impl Edges {
    fn advance(&mut self, samples: &[Sample], drops: &[Drop], from: i64, to: i64) {
        let until = |edge: usize, last: i64| {
            samples.iter().skip(edge).take_while(|sample| sample.at <= last).count() + edge
        };
        self.first = until(self.first, from);
        self.end = until(self.end.max(self.first), to);
        let before = |edge: usize, index: usize| {
            drops.iter().skip(edge).take_while(|drop| drop.index < index).count() + edge
        };
        // A fall from a sample before the window to its first one isn't within the window.
        self.first_drop = before(self.first_drop, self.first + 1);
        self.end_drop = before(self.end_drop.max(self.first_drop), self.end);
    }
}
