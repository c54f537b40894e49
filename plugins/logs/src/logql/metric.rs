//! Metric queries over entries that are fed in: entries → series.
//!
//! | step | file |
//! |---|---|
//! | entry → series and value | `metric/leaf` |
//! | values → windows → one number a step | `metric/window` |
//! | aggregations and operators over series | `metric/vectors` |
//!
//! Memory is bounded: entries are folded into what their windows need, never kept. A window of the step at `t` holds
//! entries after `t - range` up to and with `t`, as in Loki. It deliberately reads nothing: [`Evaluation::reads`] says
//! what is needed.

mod leaf;
mod vectors;
mod window;

#[cfg(test)]
mod tests;

use super::ast::{
    Binary, Grouping, LabelReplace, Metric, MetricQuery, RangeOp, Selector, VectorAggregation, VectorOp,
};
use super::error::MetricError;
use super::labels::Labels;
use leaf::Leaf;
use vectors::Row;
pub(super) use window::Steps;

/// When a query is evaluated, in nanoseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grid {
    /// The first step.
    pub start: i64,
    /// No step is later.
    pub end: i64,
    /// Between steps; 0 for an instant query at `start`.
    pub step: i64,
}

/// What one metric query may hold and return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MetricLimits {
    /// Series in the answer. Default 500, as Loki's `max_query_series`.
    pub series: usize,
    /// Series that are aggregated on the way. Default 10,000; Loki has no such limit.
    pub inner_series: usize,
    /// Values held at a time, about 40 bytes each. Default 1,000,000.
    pub values: usize,
    /// Steps. Default 11,000, as Loki.
    pub points: usize,
}

impl Default for MetricLimits {
    fn default() -> Self {
        Self { series: 500, inner_series: 10_000, values: 1_000_000, points: 11_000 }
    }
}

/// A series of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: Labels,
    /// Milliseconds since the epoch and values, in order of time; steps without entries are left out.
    pub points: Vec<(i64, f64)>,
}

/// What one part of a query reads.
#[derive(Debug, Clone, Copy)]
pub struct Read<'q> {
    /// Of these streams.
    pub selector: &'q Selector,
    /// After this time, in nanoseconds.
    pub after: i64,
    /// Up to and with this time, in nanoseconds.
    pub until: i64,
}

/// A metric query in the course of its evaluation.
#[derive(Debug)]
pub struct Evaluation {
    plan: Plan,
    leaves: Vec<Leaf>,
    grid: Grid,
    steps: Steps,
    limits: MetricLimits,
    /// Values held by all leaves.
    held: usize,
}

/// How the leaves' series are put together.
#[derive(Debug)]
enum Plan {
    Leaf(usize),
    Aggregate { op: VectorOp, parameter: usize, grouping: Grouping, of: Box<Plan> },
    Binary { binary: Box<Binary>, left: Box<Plan>, right: Box<Plan> },
    LabelReplace { call: Box<LabelReplace>, of: Box<Plan> },
    Number(f64),
    Vector(f64),
}

impl Evaluation {
    /// Gets a query ready.
    ///
    /// # Errors
    /// A grid that makes no sense, or has too many steps.
    pub fn new(query: &MetricQuery, grid: Grid, limits: MetricLimits) -> Result<Self, MetricError> {
        let steps = Steps::of(grid, limits.points)?;
        let mut leaves = Vec::new();
        let plan = plan(&query.0, steps, &mut leaves);
        Ok(Self { plan, leaves, grid, steps, limits, held: 0 })
    }

    /// What must be read: per part of the query its streams and times. Entries that no part reads do no harm.
    pub fn reads(&self) -> impl Iterator<Item = Read<'_>> {
        self.leaves.iter().map(|leaf| leaf.read(self.grid))
    }

    /// Whether any part reads this stream.
    #[must_use]
    pub fn wants(&self, stream: &Labels) -> bool {
        self.leaves.iter().any(|leaf| leaf.selector().matches(stream))
    }

    /// Texts that every line holds that counts, if the query has one part; see [`super::Pipeline::required_texts`].
    #[must_use]
    pub fn required_texts(&self) -> Vec<&[u8]> {
        match self.leaves.as_slice() {
            [leaf] => leaf.required_texts(),
            _ => Vec::new(),
        }
    }

    /// Takes an entry in. Per stream they must come in order of time; streams may follow one another, at the cost of
    /// memory. `first_over_time` and `last_over_time` go by the order in which entries come.
    ///
    /// # Errors
    /// A stage failed on the line, or there are too many series or values.
    pub fn add(&mut self, timestamp: i64, line: &[u8], stream: &Labels) -> Result<(), MetricError> {
        for leaf in &mut self.leaves {
            self.held += usize::from(leaf.add(timestamp, line, stream, &self.limits)?);
        }
        if self.held > self.limits.values { Err(too_many_values(self.limits.values)) } else { Ok(()) }
    }

    /// The answer, sorted by labels.
    ///
    /// # Errors
    /// There are too many series or values, or two with the same labels.
    pub fn finish(self) -> Result<Vec<Series>, MetricError> {
        let Self { plan, leaves, steps, limits, .. } = self;
        let mut leaves: Vec<Option<Leaf>> = leaves.into_iter().map(Some).collect();
        let rows = match evaluate(&plan, &mut leaves, steps, &limits)? {
            Vectors::Number(value) => vectors::constant(value, steps),
            Vectors::Rows(rows) => rows,
        };
        let rows = vectors::sorted(rows)?;
        if rows.len() > limits.series {
            return Err(MetricError::TooMuch {
                action: "returns",
                what: "series",
                limit: limits.series,
                help: "aggregate them with `sum by (…)`, or narrow the selector",
            });
        }
        let point = |(step, value): (u32, f64)| (steps.time(step) / 1_000_000, value);
        Ok(rows
            .into_iter()
            .map(|row| Series { labels: row.labels, points: row.points.into_iter().map(point).collect() })
            .collect())
    }
}

/// What a part of the plan gives.
enum Vectors {
    Number(f64),
    Rows(Vec<Row>),
}

fn plan(metric: &Metric, steps: Steps, leaves: &mut Vec<Leaf>) -> Plan {
    match metric {
        Metric::Range(range) => {
            leaves.push(Leaf::new(range, range.grouping.as_ref(), steps));
            Plan::Leaf(leaves.len() - 1)
        }
        Metric::Aggregate(aggregate) => plan_aggregate(aggregate, steps, leaves),
        Metric::Binary(binary) => {
            let left = Box::new(plan(&binary.left, steps, leaves));
            let right = Box::new(plan(&binary.right, steps, leaves));
            Plan::Binary { binary: binary.clone(), left, right }
        }
        Metric::LabelReplace(call) => {
            Plan::LabelReplace { of: Box::new(plan(&call.of, steps, leaves)), call: call.clone() }
        }
        Metric::Number(value) => Plan::Number(*value),
        Metric::Vector(value) => Plan::Vector(*value),
    }
}

/// A sum over what adds up anyway is taken while lines are counted: their other labels are never looked at, so that
/// they make no series, and parsers that only they need don't run and don't fail. Loki does the same.
fn plan_aggregate(aggregate: &VectorAggregation, steps: Steps, leaves: &mut Vec<Leaf>) -> Plan {
    use RangeOp as Op;
    let nothing = Grouping { without: false, labels: Vec::new() };
    let grouping = aggregate.grouping.clone().unwrap_or(nothing);
    if let (VectorOp::Sum, Metric::Range(range)) = (aggregate.op, &aggregate.of) {
        let adds_up = matches!(range.op, Op::Count | Op::Rate | Op::Bytes | Op::BytesRate | Op::Sum);
        if adds_up {
            leaves.push(Leaf::new(range, Some(&grouping), steps));
            return Plan::Leaf(leaves.len() - 1);
        }
    }
    let of = Box::new(plan(&aggregate.of, steps, leaves));
    Plan::Aggregate { op: aggregate.op, parameter: aggregate.parameter.unwrap_or_default(), grouping, of }
}

fn evaluate(
    plan: &Plan,
    leaves: &mut [Option<Leaf>],
    steps: Steps,
    limits: &MetricLimits,
) -> Result<Vectors, MetricError> {
    let rows = match plan {
        Plan::Number(value) => return Ok(Vectors::Number(*value)),
        Plan::Vector(value) => vectors::constant(*value, steps),
        Plan::Leaf(at) => match leaves.get_mut(*at).and_then(Option::take) {
            Some(leaf) => leaf.finish(limits.values)?,
            None => Vec::new(),
        },
        Plan::Aggregate { op, parameter, grouping, of } => match evaluate(of, leaves, steps, limits)? {
            Vectors::Rows(rows) => vectors::aggregate(*op, *parameter, grouping, rows),
            number @ Vectors::Number(_) => return Ok(number),
        },
        Plan::LabelReplace { call, of } => match evaluate(of, leaves, steps, limits)? {
            Vectors::Rows(rows) => vectors::label_replace(call, rows)?,
            number @ Vectors::Number(_) => return Ok(number),
        },
        Plan::Binary { binary, left, right } => {
            let left = evaluate(left, leaves, steps, limits)?;
            let right = evaluate(right, leaves, steps, limits)?;
            match (left, right) {
                (Vectors::Rows(left), Vectors::Rows(right)) => vectors::combine(binary, left, right)?,
                (Vectors::Rows(rows), Vectors::Number(number)) => {
                    vectors::with_number(binary, rows, number, false)
                }
                (Vectors::Number(number), Vectors::Rows(rows)) => {
                    vectors::with_number(binary, rows, number, true)
                }
                // The parser has folded two numbers already.
                (number @ Vectors::Number(_), Vectors::Number(_)) => return Ok(number),
            }
        }
    };
    Ok(Vectors::Rows(rows))
}

fn too_many_values(limit: usize) -> MetricError {
    MetricError::TooMuch {
        action: "holds",
        what: "values",
        limit,
        help: "ask for a shorter time range, a larger step, or fewer series",
    }
}
