//! `avg_over_time` and its like: one number from the values of a window.
//!
//! Part of evaluation, one window at a time; windows are never empty. It deliberately looks at values only:
//! what depends on times is in `counter` and `trend`.

use super::math::{self, Mean, Sum};
use super::windows::Window;

pub(super) fn avg(window: &Window<'_>) -> Option<f64> {
    let mut values = window.values();
    let mut mean = Mean::of_one(values.next()?);
    values.for_each(|value| mean.add(value));
    Some(mean.value())
}

pub(super) fn sum(window: &Window<'_>) -> Option<f64> {
    Some(window.values().fold(Sum::default(), Sum::add).value())
}

pub(super) fn count(window: &Window<'_>) -> Option<f64> {
    Some(window.samples.len() as f64)
}

/// NaN only if there is nothing else.
pub(super) fn min(window: &Window<'_>) -> Option<f64> {
    window.values().reduce(|least, value| if value < least || least.is_nan() { value } else { least })
}

/// NaN only if there is nothing else.
pub(super) fn max(window: &Window<'_>) -> Option<f64> {
    window.values().reduce(|most, value| if value > most || most.is_nan() { value } else { most })
}

pub(super) fn first(window: &Window<'_>) -> Option<f64> {
    window.values().next()
}

pub(super) fn last(window: &Window<'_>) -> Option<f64> {
    window.samples.last().map(|sample| sample.value)
}

pub(super) fn present(_: &Window<'_>) -> Option<f64> {
    Some(1.0)
}

pub(super) fn quantile(window: &Window<'_>) -> Option<f64> {
    let mut values: Vec<f64> = window.values().collect();
    Some(math::quantile(*window.params.first()?, &mut values))
}

/// The median of the distances from the median.
pub(super) fn mad(window: &Window<'_>) -> Option<f64> {
    let mut values: Vec<f64> = window.values().collect();
    if values.iter().any(|value| value.is_nan()) {
        return Some(f64::NAN);
    }
    let median = math::quantile(0.5, &mut values);
    values.iter_mut().for_each(|value| *value = (*value - median).abs());
    Some(math::quantile(0.5, &mut values))
}

pub(super) fn stddev(window: &Window<'_>) -> Option<f64> {
    stdvar(window).map(f64::sqrt)
}

/// The population's variance, by Welford.
pub(super) fn stdvar(window: &Window<'_>) -> Option<f64> {
    let (mut count, mut mean, mut squares) = (0.0, Sum::default(), Sum::default());
    for value in window.values() {
        count += 1.0;
        let delta = value - mean.value();
        mean = mean.add(delta / count);
        squares = squares.add(delta * (value - mean.value()));
    }
    Some(squares.value() / count)
}

/// How often a value differs from the one before.
pub(super) fn changes(window: &Window<'_>) -> Option<f64> {
    let differ = |(a, b): &(f64, f64)| a != b && !(a.is_nan() && b.is_nan());
    Some(window.steps().filter(differ).count() as f64)
}

/// How often a value is below the one before.
pub(super) fn resets(window: &Window<'_>) -> Option<f64> {
    Some(window.steps().filter(|(before, value)| value < before).count() as f64)
}
