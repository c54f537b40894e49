//! The volume of a log query: how many lines there are of each level, over time.
//!
//! Two ways. [`query`] makes the metric query that Grafana's own data source for Loki sends, for streams that have a
//! label with their level. [`Counts`] counts entries that went through a pipeline by the level that was found in them.
//! It deliberately chooses no step: whoever asks knows how wide the graph is.

use super::ast::{
    Choice, Grouping, LogQuery, LogRange, Metric, MetricQuery, RangeAggregation, RangeOp, Stage,
    VectorAggregation, VectorOp,
};
use super::error::MetricError;
use super::labels::Labels;
use super::level::Level;
use super::metric::{Grid, MetricLimits, Series, Steps};
use super::scope::ERROR;

/// The labels whose values name series.
const LEVEL_LABELS: [&str; 2] = ["level", "detected_level"];

/// `sum by (level, detected_level) (count_over_time(<query> | drop __error__ [range]))`; the range is in nanoseconds.
#[must_use]
pub fn query(query: &LogQuery, range: i64) -> MetricQuery {
    let mut query = query.clone();
    query.stages.push(Stage::Drop(vec![Choice::Name(ERROR.to_owned())]));
    let of = LogRange { query, unwrap: None, range, offset: 0 };
    let count = RangeAggregation { op: RangeOp::Count, parameter: None, of, grouping: None };
    let grouping = Grouping { without: false, labels: LEVEL_LABELS.map(str::to_owned).to_vec() };
    MetricQuery(Metric::Aggregate(Box::new(VectorAggregation {
        op: VectorOp::Sum,
        parameter: None,
        of: Metric::Range(Box::new(count)),
        grouping: Some(grouping),
    })))
}

/// Lines counted by level and step: the step at `t` has those after `t - step`, up to and with `t`.
#[derive(Debug)]
pub struct Counts {
    grid: Grid,
    steps: Steps,
    /// By level, the unknown one last; empty until the level is met.
    counts: [Vec<u64>; Level::ALL.len() + 1],
}

impl Counts {
    /// Begins to count.
    ///
    /// # Errors
    /// A grid that makes no sense, or has more steps than [`MetricLimits::points`].
    pub fn new(grid: Grid) -> Result<Self, MetricError> {
        let steps = Steps::of(grid, MetricLimits::default().points)?;
        Ok(Self { grid, steps, counts: Default::default() })
    }

    /// Counts a line; in which order they come doesn't matter.
    pub fn add(&mut self, timestamp: i64, level: Option<Level>) {
        let Some((step, _)) = self.steps.holding(timestamp, self.grid.step.max(1), 0) else { return };
        let at = level.and_then(|level| Level::ALL.iter().position(|other| *other == level));
        let Some(counts) = self.counts.get_mut(at.unwrap_or(Level::ALL.len())) else { return };
        if counts.is_empty() {
            counts.resize(self.steps.count() as usize, 0);
        }
        if let Some(count) = counts.get_mut(step as usize) {
            *count += 1;
        }
    }

    /// A series for each level that was met, with the label `level`: its name, or `unknown`.
    #[must_use]
    pub fn finish(self) -> Vec<Series> {
        let names = Level::ALL.into_iter().map(Level::name).chain(["unknown"]);
        let met = names.zip(self.counts).filter(|(_, counts)| !counts.is_empty());
        met.map(|(name, counts)| {
            let counted = (0_u32..).zip(counts).filter(|(_, count)| *count > 0);
            Series {
                labels: Labels::new([("level", name)]),
                points: counted
                    .map(|(step, count)| (self.steps.time(step) / 1_000_000, count as f64))
                    .collect(),
            }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests;
