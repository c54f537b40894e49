//! Values → windows → one number a step.
//!
//! Entries that enter and leave the same windows are one pane; a step's number is made of the panes in its window.
//! Nothing is subtracted, so that sums of floats don't drift. It deliberately knows no labels.

use super::super::ast::RangeOp;
use super::super::error::MetricError;
use super::{Grid, too_many_values};

/// The steps of a query.
#[derive(Debug, Clone, Copy)]
pub(in crate::logql) struct Steps {
    start: i64,
    step: i64,
    count: u32,
}

impl Steps {
    pub(in crate::logql) fn of(grid: Grid, limit: usize) -> Result<Self, MetricError> {
        let Grid { start, end, step } = grid;
        if step < 0 {
            return Err(MetricError::TimeRange(format!("found a step of {step} ns, expected 0 or more")));
        }
        if end < start {
            let text = format!("found a time range from {start} to {end} ns, expected from before to");
            return Err(MetricError::TimeRange(text));
        }
        let count = if step == 0 { 1 } else { (i128::from(end) - i128::from(start)) / i128::from(step) + 1 };
        match u32::try_from(count).ok().filter(|count| *count as usize <= limit) {
            Some(count) => Ok(Self { start, step, count }),
            None => Err(MetricError::TooMuch {
                action: "returns",
                what: "points per series",
                limit,
                help: "ask for a shorter time range or a larger step",
            }),
        }
    }

    pub(in crate::logql) const fn count(self) -> u32 {
        self.count
    }

    /// When a step is, in nanoseconds.
    pub(in crate::logql) fn time(self, step: u32) -> i64 {
        self.start.saturating_add(self.step.saturating_mul(i64::from(step)))
    }

    /// The first and the last step whose window holds an instant; `None` if there is none. The window of the step at `t`
    /// is what lies after `t - offset - range`, up to and with `t - offset`.
    pub(in crate::logql) fn holding(self, at: i64, range: i64, offset: i64) -> Option<(u32, u32)> {
        let since = i128::from(at) + i128::from(offset) - i128::from(self.start);
        let last = since + i128::from(range) - 1;
        if last < 0 {
            return None;
        }
        let step = i128::from(self.step);
        let (first, last) = match step {
            0 => (i128::from(since > 0), 0),
            _ => (since.max(0).div_euclid(step) + i128::from(since > 0 && since % step != 0), last / step),
        };
        let last = last.min(i128::from(self.count) - 1);
        (first <= last).then(|| Some((u32::try_from(first).ok()?, u32::try_from(last).ok()?)))?
    }
}

/// Values that are folded into one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Summary {
    count: u64,
    /// The sum, extreme, first, last or mean.
    main: f64,
    /// The sum of squared distances from the mean, where that is asked for.
    spread: f64,
}

/// Entries that are in the same windows.
#[derive(Debug, Clone, Copy)]
struct Pane {
    first: u32,
    last: u32,
    summary: Summary,
}

/// One series' values, by pane.
#[derive(Debug, Default)]
pub(super) struct Panes(Vec<Pane>);

impl Panes {
    /// Takes a value in; `true` if it needed another pane.
    pub(super) fn add(&mut self, op: RangeOp, (first, last): (u32, u32), value: f64) -> bool {
        let summary = Summary { count: 1, main: value, spread: 0.0 };
        let key = |pane: &Pane| (pane.first, pane.last);
        // Nearly always the last one, or a new last one.
        let at = match self.0.last().map(key) {
            Some(last_key) if last_key > (first, last) => {
                self.0.partition_point(|pane| key(pane) < (first, last))
            }
            Some(last_key) if last_key == (first, last) => self.0.len() - 1,
            _ => self.0.len(),
        };
        match self.0.get_mut(at).filter(|pane| key(pane) == (first, last) && op != RangeOp::Quantile) {
            Some(pane) => {
                pane.summary = merged(op, pane.summary, summary);
                false
            }
            None => {
                self.0.insert(at, Pane { first, last, summary });
                true
            }
        }
    }

    /// Every step that has entries in its window, with its number. `budget` is how many numbers there may be.
    pub(super) fn points(
        &self,
        reduction: Reduction,
        steps: Steps,
        budget: &mut usize,
        limit: usize,
    ) -> Result<Vec<(u32, f64)>, MetricError> {
        let mut window = Window {
            op: reduction.op,
            panes: &self.0,
            head: 0,
            middle: 0,
            tail: 0,
            suffixes: Vec::new(),
            back: None,
        };
        let mut points = Vec::new();
        let mut step = self.0.first().map_or(steps.count(), |pane| pane.first);
        while step < steps.count() {
            window.slide(step);
            let Some(value) = window.value(reduction) else {
                // Nothing here: on to where the next pane begins.
                match window.next_begin() {
                    Some(next) => step = next.max(step + 1),
                    None => break,
                }
                continue;
            };
            *budget = budget.checked_sub(1).ok_or_else(|| too_many_values(limit))?;
            points.push((step, value));
            step += 1;
        }
        Ok(points)
    }
}

/// How a window's values become one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reduction {
    pub(super) op: RangeOp,
    /// Of `quantile_over_time`.
    pub(super) quantile: f64,
    /// The range in seconds, for rates.
    pub(super) seconds: f64,
    /// Whether values are of a label, not of lines.
    pub(super) unwrapped: bool,
}

impl Reduction {
    fn of(self, summary: Summary) -> f64 {
        match self.op {
            RangeOp::Count | RangeOp::Absent => summary.count as f64,
            RangeOp::Rate if !self.unwrapped => summary.count as f64 / self.seconds,
            RangeOp::Rate | RangeOp::BytesRate => summary.main / self.seconds,
            RangeOp::Avg => summary.main / summary.count as f64,
            RangeOp::Stdvar => summary.spread / summary.count as f64,
            RangeOp::Stddev => (summary.spread / summary.count as f64).sqrt(),
            _ => summary.main,
        }
    }
}

fn merged(op: RangeOp, left: Summary, right: Summary) -> Summary {
    let count = left.count + right.count;
    let (main, spread) = match op {
        RangeOp::Min => (left.main.min(right.main), 0.0),
        RangeOp::Max => (left.main.max(right.main), 0.0),
        RangeOp::First => (left.main, 0.0),
        RangeOp::Last => (right.main, 0.0),
        RangeOp::Stddev | RangeOp::Stdvar => {
            let delta = right.main - left.main;
            let share = right.count as f64 / count as f64;
            (
                left.main + delta * share,
                left.spread + right.spread + delta * delta * left.count as f64 * share,
            )
        }
        _ => (left.main + right.main, 0.0),
    };
    Summary { count, main, spread }
}

/// The panes of one step, as a queue whose whole is known at any time: the panes from `head` to `middle` by the
/// summaries of each with all after it, the panes from `middle` to `tail` by one summary.
struct Window<'p> {
    op: RangeOp,
    panes: &'p [Pane],
    head: usize,
    middle: usize,
    tail: usize,
    /// The last belongs to `head`.
    suffixes: Vec<Summary>,
    back: Option<Summary>,
}

impl Window<'_> {
    fn slide(&mut self, step: u32) {
        while let Some(pane) = self.panes.get(self.tail).filter(|pane| pane.first <= step) {
            self.back = Some(self.back.map_or(pane.summary, |back| merged(self.op, back, pane.summary)));
            self.tail += 1;
        }
        while self.head < self.tail && self.panes.get(self.head).is_some_and(|pane| pane.last < step) {
            if self.head >= self.middle {
                self.turn();
            }
            self.suffixes.pop();
            self.head += 1;
        }
    }

    /// Makes suffixes of what is behind the middle.
    fn turn(&mut self) {
        self.suffixes.clear();
        for pane in self.panes.get(self.head..self.tail).unwrap_or_default().iter().rev() {
            let suffix =
                self.suffixes.last().map_or(pane.summary, |after| merged(self.op, pane.summary, *after));
            self.suffixes.push(suffix);
        }
        self.middle = self.tail;
        self.back = None;
    }

    fn value(&self, reduction: Reduction) -> Option<f64> {
        if self.head == self.tail {
            return None;
        }
        if self.op == RangeOp::Quantile {
            let panes = self.panes.get(self.head..self.tail).unwrap_or_default();
            return Some(quantile(reduction.quantile, panes.iter().map(|pane| pane.summary.main).collect()));
        }
        let whole = match (self.suffixes.last(), self.back) {
            (Some(front), Some(back)) => merged(self.op, *front, back),
            (Some(front), None) => *front,
            (None, Some(back)) => back,
            (None, None) => return None,
        };
        Some(reduction.of(whole))
    }

    fn next_begin(&self) -> Option<u32> {
        self.panes.get(self.tail).map(|pane| pane.first)
    }
}

/// The value below which a share of the values lies, between two of them if need be.
fn quantile(share: f64, mut values: Vec<f64>) -> f64 {
    if share.is_nan() || values.is_empty() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&share) {
        return if share < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // What is no number comes first.
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())));
    let rank = share * (values.len() - 1) as f64;
    let (lower, weight) = (rank.floor(), rank - rank.floor());
    let at = |rank: f64| values.get(rank as usize).or(values.last()).copied().unwrap_or(f64::NAN);
    at(lower) * (1.0 - weight) + at(lower + 1.0) * weight
}
