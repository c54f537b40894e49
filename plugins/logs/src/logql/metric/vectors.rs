//! Aggregations and operators over series, step by step.
//!
//! It deliberately knows nothing of lines: rows come from `leaf`, or from here.

use std::collections::BTreeMap;

use super::super::ast::{Binary, BinaryOp, Grouping, LabelReplace, VectorOp};
use super::super::error::MetricError;
use super::super::labels::Labels;
use super::window::Steps;

/// One series: its labels, and the steps that have a value, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) labels: Labels,
    pub(super) points: Vec<(u32, f64)>,
}

/// The same value at every step.
pub(super) fn constant(value: f64, steps: Steps) -> Vec<Row> {
    vec![Row { labels: Labels::default(), points: (0..steps.count()).map(|step| (step, value)).collect() }]
}

/// By labels, without series that have no value.
pub(super) fn sorted(mut rows: Vec<Row>) -> Result<Vec<Row>, MetricError> {
    rows.retain(|row| !row.points.is_empty());
    rows.sort_by(|a, b| a.labels.cmp(&b.labels));
    match rows
        .windows(2)
        .find_map(|pair| pair.first().filter(|row| pair.get(1).is_some_and(|next| next.labels == row.labels)))
    {
        Some(row) => Err(MetricError::DuplicateSeries { labels: row.labels.to_string() }),
        None => Ok(rows),
    }
}

pub(super) fn aggregate(op: VectorOp, parameter: usize, grouping: &Grouping, rows: Vec<Row>) -> Vec<Row> {
    let mut groups: BTreeMap<Labels, Vec<Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(group(&row.labels, grouping)).or_default().push(row);
    }
    let groups = groups.into_iter();
    if matches!(op, VectorOp::Topk | VectorOp::Bottomk) {
        return groups.flat_map(|(_, rows)| chosen(op == VectorOp::Topk, parameter, rows)).collect();
    }
    groups.map(|(labels, rows)| Row { labels, points: folded(op, rows) }).collect()
}

fn group(labels: &Labels, grouping: &Grouping) -> Labels {
    let named = |name: &str| grouping.labels.iter().any(|label| label == name);
    Labels::new(labels.iter().filter(|(name, _)| named(name) != grouping.without))
}

/// Every point of some series with the series' place, by step.
fn by_step(rows: &[Row]) -> Vec<(u32, usize, f64)> {
    let point = |(at, row): (usize, &Row)| {
        row.points.iter().map(move |(step, value)| (*step, at, *value)).collect::<Vec<_>>()
    };
    let mut points: Vec<(u32, usize, f64)> = rows.iter().enumerate().flat_map(point).collect();
    points.sort_by_key(|(step, at, _)| (*step, *at));
    points
}

fn folded(op: VectorOp, rows: Vec<Row>) -> Vec<(u32, f64)> {
    by_step(&rows)
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|points| {
            let step = points.first()?.0;
            Some((step, fold(op, points.iter().map(|(_, _, value)| *value))))
        })
        .collect()
}

fn fold(op: VectorOp, values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut sum, mut least, mut most) = (0.0, 0.0, f64::NAN, f64::NAN);
    let (mut mean, mut spread) = (0.0, 0.0);
    for value in values {
        count += 1.0;
        sum += value;
        least = value.min(least);
        most = value.max(most);
        let delta = value - mean;
        mean += delta / count;
        spread += delta * (value - mean);
    }
    match op {
        VectorOp::Sum => sum,
        VectorOp::Avg => sum / count,
        VectorOp::Min => least,
        VectorOp::Max => most,
        VectorOp::Count => count,
        VectorOp::Stdvar => spread / count,
        VectorOp::Stddev => (spread / count).sqrt(),
        // Chosen, not folded.
        VectorOp::Topk | VectorOp::Bottomk => f64::NAN,
    }
}

/// At each step the series with the largest or smallest values; of equal ones the first by labels, and last what is no
/// number.
fn chosen(largest: bool, count: usize, mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|a, b| a.labels.cmp(&b.labels));
    let mut points = by_step(&rows);
    rows.iter_mut().for_each(|row| row.points.clear());
    for step in points.chunk_by_mut(|a, b| a.0 == b.0) {
        step.sort_by(|a, b| {
            let order = if largest { b.2.partial_cmp(&a.2) } else { a.2.partial_cmp(&b.2) };
            order.unwrap_or_else(|| a.2.is_nan().cmp(&b.2.is_nan()))
        });
        for (step, at, value) in step.iter().take(count) {
            if let Some(row) = rows.get_mut(*at) {
                row.points.push((*step, *value));
            }
        }
    }
    rows
}

/// A number with every value; `number_first` if it stands on the left.
pub(super) fn with_number(binary: &Binary, mut rows: Vec<Row>, number: f64, number_first: bool) -> Vec<Row> {
    for row in &mut rows {
        row.points = row
            .points
            .iter()
            .filter_map(|(step, value)| {
                let (left, right) = if number_first { (number, *value) } else { (*value, number) };
                Some((*step, applied(binary, Some(left), Some(right))?))
            })
            .collect();
    }
    rows
}

/// Series with the same labels, step by step.
pub(super) fn combine(binary: &Binary, left: Vec<Row>, right: Vec<Row>) -> Result<Vec<Row>, MetricError> {
    let mut right: BTreeMap<Labels, Vec<(u32, f64)>> =
        sorted(right)?.into_iter().map(|row| (row.labels, row.points)).collect();
    let mut rows = Vec::new();
    for row in sorted(left)? {
        let partner = right.remove(&row.labels).unwrap_or_default();
        let points = zipped(binary, &row.points, &partner);
        rows.push(Row { labels: row.labels, points });
    }
    rows.extend(
        right.into_iter().map(|(labels, points)| Row { labels, points: zipped(binary, &[], &points) }),
    );
    Ok(rows)
}

fn zipped(binary: &Binary, left: &[(u32, f64)], right: &[(u32, f64)]) -> Vec<(u32, f64)> {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let mut points = Vec::new();
    loop {
        let step = match (left.peek(), right.peek()) {
            (Some(left), Some(right)) => left.0.min(right.0),
            (Some(one), None) | (None, Some(one)) => one.0,
            (None, None) => return points,
        };
        let left = left.next_if(|point| point.0 == step).map(|point| point.1);
        let right = right.next_if(|point| point.0 == step).map(|point| point.1);
        points.extend(applied(binary, left, right).map(|value| (step, value)));
    }
}

/// One step of an operator; `None` if it gives nothing.
fn applied(binary: &Binary, left: Option<f64>, right: Option<f64>) -> Option<f64> {
    let both = || Some((left?, right?));
    let arithmetic = |of: fn(f64, f64) -> f64| both().map(|(left, right)| of(left, right));
    match binary.op {
        BinaryOp::Or => left.or(right),
        BinaryOp::And => right.and(left),
        BinaryOp::Unless => {
            if right.is_none() {
                left
            } else {
                None
            }
        }
        BinaryOp::Add => arithmetic(|left, right| left + right),
        BinaryOp::Sub => arithmetic(|left, right| left - right),
        BinaryOp::Mul => arithmetic(|left, right| left * right),
        // Loki has no infinities here.
        BinaryOp::Div => arithmetic(|left, right| if right == 0.0 { f64::NAN } else { left / right }),
        BinaryOp::Mod => arithmetic(|left, right| left % right),
        BinaryOp::Pow => arithmetic(f64::powf),
        BinaryOp::Compare(op) if binary.as_bool => match both() {
            Some((left, right)) => Some(f64::from(u8::from(op.holds(left, right)))),
            // A series without a partner is not what it is compared with.
            None => left.map(|_| 0.0),
        },
        BinaryOp::Compare(op) => both().filter(|(left, right)| op.holds(*left, *right)).map(|(left, _)| left),
    }
}

/// Writes a label of every series whose other label matches.
pub(super) fn label_replace(call: &LabelReplace, rows: Vec<Row>) -> Result<Vec<Row>, MetricError> {
    let replaced = rows.into_iter().map(|row| {
        let value = row.labels.get(&call.from).unwrap_or_default();
        let Some(value) = call.regexp.expand(value, &call.replacement) else { return row };
        let kept = row.labels.iter().filter(|(name, _)| *name != call.to);
        let written = Some((call.to.as_str(), value.as_str())).filter(|(_, value)| !value.is_empty());
        Row { labels: Labels::new(kept.chain(written)), points: row.points }
    });
    sorted(replaced.collect())
}
