//! Sums without loss, quantiles, and the functions of single values.
//!
//! Part of evaluation, called for each value or window. It deliberately knows no series and no labels.

/// A sum by Kahan and Neumaier: the small parts that adding would lose are kept beside it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(super) const fn new(sum: f64, lost: f64) -> Self {
        Self { sum, lost }
    }

    pub(super) fn add(self, value: f64) -> Self {
        let sum = self.sum + value;
        let lost = if sum.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.lost + ((self.sum - sum) + value)
        } else {
            self.lost + ((value - sum) + self.sum)
        };
        Self { sum, lost }
    }

    pub(super) fn value(self) -> f64 {
        self.sum + self.lost
    }
}

/// The mean of a growing number of values: sum by count, and where the sum would overflow, step by step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mean {
    count: f64,
    running: Sum,
    incremental: bool,
}

impl Mean {
    pub(super) const fn of_one(value: f64) -> Self {
        Self { count: 1.0, running: Sum::new(value, 0.0), incremental: false }
    }

    pub(super) fn add(&mut self, value: f64) {
        let before = self.count;
        self.count += 1.0;
        if !self.incremental {
            let sum = self.running.add(value);
            if !sum.sum.is_infinite() {
                self.running = sum;
                return;
            }
            self.incremental = true;
            self.running = Sum::new(self.running.sum / before, self.running.lost / before);
        }
        let share = before / self.count;
        let scaled = Sum::new(share * self.running.sum, share * self.running.lost);
        self.running = scaled.add(value / self.count);
    }

    pub(super) fn value(&self) -> f64 {
        if self.incremental {
            self.running.value()
        } else {
            self.running.sum / self.count + self.running.lost / self.count
        }
    }
}

/// The φ-quantile; sorts the values, NaN first. None: NaN. φ below 0: −Inf, above 1: +Inf.
pub(super) fn quantile(phi: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|a, b| order(*a, *b));
    let last = (values.len() - 1) as f64;
    let rank = phi * last;
    let weight = rank - rank.floor();
    let at = |index: f64| values.get(index.clamp(0.0, last) as usize).copied().unwrap_or(f64::NAN);
    let lower = at(rank.floor());
    if weight == 0.0 { lower } else { lower * (1.0 - weight) + at(rank.floor() + 1.0) * weight }
}

/// Ascending, NaN first.
fn order(a: f64, b: f64) -> std::cmp::Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Which way values are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    /// In this direction, NaN last either way.
    pub(super) fn compare(self, a: f64, b: f64) -> std::cmp::Ordering {
        let usual = match self {
            Self::Ascending => a.partial_cmp(&b),
            Self::Descending => b.partial_cmp(&a),
        };
        usual.unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
    }
}

pub(super) fn clamp(value: f64, bounds: &[f64]) -> Option<f64> {
    let [least, most] = bounds else { return None };
    if most < least { None } else { Some(greater(*least, smaller(*most, value))) }
}

pub(super) fn clamp_min(value: f64, bounds: &[f64]) -> Option<f64> {
    bounds.first().map(|least| greater(*least, value))
}

pub(super) fn clamp_max(value: f64, bounds: &[f64]) -> Option<f64> {
    bounds.first().map(|most| smaller(*most, value))
}

/// NaN if either is NaN.
fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// NaN if either is NaN.
fn greater(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// To the nearest multiple, halves upwards.
pub(super) fn round(value: f64, to: &[f64]) -> Option<f64> {
    let inverse = 1.0 / to.first().copied().unwrap_or(1.0);
    Some((value * inverse + 0.5).floor() / inverse)
}

/// −1, 0 or 1; NaN stays.
pub(super) fn sign(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

pub(super) fn degrees(radians: f64) -> f64 {
    radians * 180.0 / std::f64::consts::PI
}

pub(super) fn radians(degrees: f64) -> f64 {
    degrees * std::f64::consts::PI / 180.0
}
