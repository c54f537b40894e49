//! Aggregations: many series to one per group, or to the few largest.
//!
//! Part of evaluation. Groups are computed one after the other, each over the whole grid, so that the working
//! memory is that of one group. It deliberately leaves equal values of `topk` in the order of their labels.

use std::collections::BTreeMap;

use super::ast::{Aggregate, AggregateOp, Expr, Grouping, Kind};
use super::evaluator::Evaluator;
use super::grid::Grid;
use super::math::{self, Direction, Mean, Sum};
use super::rows::{ABSENT, Row, is_absent, is_present};
use super::{PromqlError, labelset};
use crate::series::Labels;

/// The largest parameter of `topk`: what 64 bits hold, roughly.
const MOST_SERIES: f64 = 9.2e18;

impl Evaluator<'_> {
    pub(super) fn aggregate(
        &self,
        expr: &Expr,
        aggregate: &Aggregate,
        grid: Grid,
    ) -> Result<Vec<Row>, PromqlError> {
        let param = match &aggregate.param {
            Some(param) if aggregate.op != AggregateOp::CountValues => self.eval_scalar(param, grid)?,
            _ => Vec::new(),
        };
        let rows = self.eval_vector(&aggregate.expr, grid)?;
        match aggregate.op {
            AggregateOp::CountValues => return self.count_values(expr, aggregate, &rows, grid),
            AggregateOp::TopK => return self.extremes(aggregate, rows, &param, Direction::Descending),
            AggregateOp::BottomK => return self.extremes(aggregate, rows, &param, Direction::Ascending),
            AggregateOp::Quantile => self.check_quantile(aggregate.param.as_ref().unwrap_or(expr), &param),
            _ => {}
        }
        let mut results = Vec::new();
        for (labels, rows) in groups(rows, &aggregate.grouping) {
            self.check()?;
            let values = reduce(aggregate.op, &rows, &param, grid);
            self.hold(values.len())?;
            results.push(Row { labels, values });
        }
        Ok(results)
    }

    /// `topk` and `bottomk`: per step, values that aren't among the first k of their group are dropped.
    fn extremes(
        &self,
        aggregate: &Aggregate,
        rows: Vec<Row>,
        param: &[f64],
        direction: Direction,
    ) -> Result<Vec<Row>, PromqlError> {
        let wrong = param.iter().find(|k| k.is_nan() || k.abs() > MOST_SERIES);
        if let (Some(wrong), Some(arg)) = (wrong, &aggregate.param) {
            return Err(self.parameter(arg, format!("found {wrong}, expected a number of series")));
        }
        let mut results = Vec::new();
        for (_, mut rows) in groups(rows, &aggregate.grouping) {
            self.check()?;
            for (step, k) in param.iter().enumerate() {
                keep_first(&mut rows, step, k.max(0.0) as usize, direction);
            }
            rows.retain(|row| !row.is_empty());
            if param.len() == 1 {
                // An instant query shows them in order of value.
                let value = |row: &Row| row.values.first().copied().unwrap_or(f64::NAN);
                rows.sort_by(|a, b| direction.compare(value(a), value(b)));
            }
            results.extend(rows);
        }
        if param.len() > 1 {
            results.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
        }
        Ok(results)
    }

    fn count_values(
        &self,
        expr: &Expr,
        aggregate: &Aggregate,
        rows: &[Row],
        grid: Grid,
    ) -> Result<Vec<Row>, PromqlError> {
        let Some(Kind::Text(label)) = aggregate.param.as_ref().map(|param| &param.bare().kind) else {
            return Err(self.invalid(expr, "found no label name, expected one in quotes"));
        };
        if label.is_empty() {
            return Err(self.parameter(expr, "found an empty label name, expected one"));
        }
        let mut counts: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
        for row in rows {
            self.check()?;
            let group = labelset::group(&row.labels, &aggregate.grouping);
            for (step, value) in row.values.iter().enumerate().filter(|(_, value)| is_present(**value)) {
                let labels = self.value_labels(&group, label, *value, &aggregate.grouping);
                let free = !counts.contains_key(&labels);
                if free {
                    self.hold(grid.count)?;
                }
                let counts = counts.entry(labels).or_insert_with(|| vec![ABSENT; grid.count]);
                if let Some(count) = counts.get_mut(step) {
                    *count = if is_absent(*count) { 1.0 } else { *count + 1.0 };
                }
            }
        }
        Ok(counts.into_iter().map(|(labels, values)| Row { labels, values }).collect())
    }

    /// The group's labels and the value's text; a `without` that lists the label drops the text again.
    fn value_labels(&self, group: &Labels, label: &str, value: f64, grouping: &Grouping) -> Labels {
        match grouping {
            Grouping::Without(names) if names.iter().any(|name| name == label) => group.clone(),
            _ => labelset::with(group, label, &plain(value)),
        }
    }
}

/// A number without exponent, in as few digits as tell it apart, as Go prints it.
pub(super) fn plain(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    value.to_string()
}

/// Rows by the labels of their group, in order of both: sums must not depend on how `topk` sorted its result.
fn groups(mut rows: Vec<Row>, grouping: &Grouping) -> BTreeMap<Labels, Vec<Row>> {
    if !rows.is_sorted_by(|a, b| a.labels <= b.labels) {
        rows.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
    }
    let mut groups: BTreeMap<Labels, Vec<Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(labelset::group(&row.labels, grouping)).or_default().push(row);
    }
    groups
}

fn keep_first(rows: &mut [Row], step: usize, k: usize, direction: Direction) {
    let value = |row: &Row| row.values.get(step).copied().filter(|value| is_present(*value));
    let mut present: Vec<(usize, f64)> =
        rows.iter().enumerate().filter_map(|(index, row)| value(row).map(|value| (index, value))).collect();
    present.sort_by(|a, b| direction.compare(a.1, b.1));
    for (index, _) in present.iter().skip(k) {
        if let Some(slot) = rows.get_mut(*index).and_then(|row| row.values.get_mut(step)) {
            *slot = ABSENT;
        }
    }
}

/// One value per step from all rows of a group.
fn reduce(op: AggregateOp, rows: &[Row], param: &[f64], grid: Grid) -> Vec<f64> {
    if op == AggregateOp::Quantile {
        return quantiles(rows, param);
    }
    let mut states: Vec<Option<State>> = vec![None; grid.count];
    for row in rows {
        for (state, value) in states.iter_mut().zip(&row.values).filter(|(_, value)| is_present(**value)) {
            match state {
                None => *state = Some(State::first(op, *value)),
                Some(state) => state.add(*value),
            }
        }
    }
    states.iter().map(|state| state.as_ref().map_or(ABSENT, |state| state.value(op))).collect()
}

fn quantiles(rows: &[Row], param: &[f64]) -> Vec<f64> {
    let mut values = Vec::with_capacity(rows.len());
    let at = |(step, phi): (usize, &f64)| {
        values.clear();
        values.extend(rows.iter().filter_map(|row| row.values.get(step)).filter(|value| is_present(**value)));
        if values.is_empty() { ABSENT } else { math::quantile(*phi, &mut values) }
    };
    param.iter().enumerate().map(at).collect()
}

/// What is remembered of the values of one group at one step.
#[derive(Debug, Clone)]
enum State {
    Sum(Sum),
    Mean(Mean),
    Least(f64),
    Most(f64),
    Count(f64),
    Always,
    Spread { count: f64, mean: f64, squares: f64 },
}

impl State {
    fn first(op: AggregateOp, value: f64) -> Self {
        match op {
            AggregateOp::Sum => Self::Sum(Sum::new(value, 0.0)),
            AggregateOp::Avg => Self::Mean(Mean::of_one(value)),
            AggregateOp::Min => Self::Least(value),
            AggregateOp::Max => Self::Most(value),
            AggregateOp::Count => Self::Count(1.0),
            AggregateOp::StdDev | AggregateOp::StdVar => Self::Spread {
                count: 1.0,
                mean: value,
                squares: if value.is_finite() { 0.0 } else { f64::NAN },
            },
            // `group`; the other operators have their own ways.
            _ => Self::Always,
        }
    }

    fn add(&mut self, value: f64) {
        match self {
            Self::Sum(sum) => *sum = sum.add(value),
            Self::Mean(mean) => mean.add(value),
            Self::Least(least) if value < *least || least.is_nan() => *least = value,
            Self::Most(most) if value > *most || most.is_nan() => *most = value,
            Self::Count(count) => *count += 1.0,
            Self::Spread { count, mean, squares } => {
                *count += 1.0;
                let delta = value - *mean;
                *mean += delta / *count;
                *squares += delta * (value - *mean);
            }
            Self::Least(_) | Self::Most(_) | Self::Always => {}
        }
    }

    fn value(&self, op: AggregateOp) -> f64 {
        match self {
            Self::Sum(sum) => sum.value(),
            Self::Mean(mean) => mean.value(),
            Self::Least(value) | Self::Most(value) | Self::Count(value) => *value,
            Self::Always => 1.0,
            Self::Spread { count, squares, .. } if op == AggregateOp::StdDev => (squares / count).sqrt(),
            Self::Spread { count, squares, .. } => squares / count,
        }
    }
}
