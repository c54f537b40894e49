//! `histogram_quantile` over classic histograms: series that differ in `le` only.
//!
//! Part of evaluation. It deliberately knows no native histograms: the store has none.

use std::collections::BTreeMap;

use super::ast::{Expr, Grouping};
use super::evaluator::Evaluator;
use super::grid::Grid;
use super::rows::{ABSENT, Row, is_present};
use super::{PromqlError, labelset};
use crate::series::Labels;

/// The label that holds a bucket's upper bound.
const BOUND: &str = "le";

/// Counts that differ less than this, relatively, are the same: what differs are rounding errors.
const TOLERANCE: f64 = 1e-12;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Upper bound, inclusive.
    bound: f64,
    /// Of this and all smaller buckets.
    count: f64,
}

impl Evaluator<'_> {
    pub(super) fn histogram_quantile(&self, args: &[Expr], grid: Grid) -> Result<Vec<Row>, PromqlError> {
        let [phi, vector] = args else { return Ok(Vec::new()) };
        let phis = self.eval_scalar(phi, grid)?;
        self.check_quantile(phi, &phis);
        let mut histograms: BTreeMap<Labels, Vec<(f64, Row)>> = BTreeMap::new();
        let bound_label = Grouping::Without(vec![BOUND.to_owned()]);
        for row in self.eval_vector(vector, grid)? {
            match row.labels.get(BOUND).and_then(bound) {
                Some(bound) => {
                    let labels = labelset::group(&row.labels, &bound_label);
                    histograms.entry(labels).or_default().push((bound, row));
                }
                None => {
                    self.warn(vector, "found a series without a number in its label `le`; it is left out")
                }
            }
        }
        let mut results = Vec::new();
        for (labels, mut buckets) in histograms {
            self.check()?;
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            let values: Vec<f64> =
                phis.iter().enumerate().map(|(step, phi)| quantile_at(*phi, &buckets, step)).collect();
            self.hold(values.len())?;
            results.push(Row { labels, values });
        }
        Ok(results)
    }
}

/// A bucket's bound as text; Go and Rust read the same words for infinity.
fn bound(text: &str) -> Option<f64> {
    text.parse().ok().filter(|bound: &f64| !bound.is_nan())
}

fn quantile_at(phi: f64, rows: &[(f64, Row)], step: usize) -> f64 {
    let bucket = |(bound, row): &(f64, Row)| {
        let count = row.values.get(step).copied().filter(|count| is_present(*count))?;
        Some(Bucket { bound: *bound, count })
    };
    let buckets: Vec<Bucket> = rows.iter().filter_map(bucket).collect();
    if buckets.is_empty() { ABSENT } else { quantile(phi, buckets) }
}

/// The quantile, linear within a bucket, of buckets in order of their bounds. NaN without a `+Inf` bucket,
/// without a second one, and without observations.
fn quantile(phi: f64, buckets: Vec<Bucket>) -> f64 {
    if phi.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&phi) {
        return if phi < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let buckets = monotonic(united(buckets));
    let [finite @ .., last] = buckets.as_slice() else { return f64::NAN };
    let Some(highest) = finite.last() else { return f64::NAN };
    if last.bound != f64::INFINITY || last.count == 0.0 {
        return f64::NAN;
    }
    let rank = phi * last.count;
    let at = finite.partition_point(|bucket| {
        // NaN counts are never large enough, as in a search by `>=`.
        !matches!(
            bucket.count.partial_cmp(&rank),
            Some(std::cmp::Ordering::Greater | std::cmp::Ordering::Equal)
        )
    });
    let Some(bucket) = finite.get(at) else { return highest.bound };
    let below = at.checked_sub(1).and_then(|below| finite.get(below));
    match below {
        None if bucket.bound <= 0.0 => bucket.bound,
        None => bucket.bound * (rank / bucket.count),
        Some(below) => {
            let share = (rank - below.count) / (bucket.count - below.count);
            below.bound + (bucket.bound - below.bound) * share
        }
    }
}

/// Buckets of equal bounds added together.
fn united(buckets: Vec<Bucket>) -> Vec<Bucket> {
    let mut united: Vec<Bucket> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        match united.last_mut().filter(|last| last.bound == bucket.bound) {
            Some(last) => last.count += bucket.count,
            None => united.push(bucket),
        }
    }
    united
}

/// Counts that never fall: a smaller or nearly equal one is replaced by the one before.
fn monotonic(mut buckets: Vec<Bucket>) -> Vec<Bucket> {
    let mut before: Option<f64> = None;
    for bucket in &mut buckets {
        match before {
            Some(count) if nearly_equal(count, bucket.count) || bucket.count < count => bucket.count = count,
            _ => before = Some(bucket.count),
        }
    }
    buckets
}

fn nearly_equal(a: f64, b: f64) -> bool {
    let difference = (a - b).abs();
    let sum = a.abs() + b.abs();
    a == b || difference / sum.min(f64::MAX) < TOLERANCE
}
