//! `deriv`, `predict_linear`, `double_exponential_smoothing`: the line through a window.
//!
//! Part of evaluation, one window at a time. It deliberately fits nothing but straight lines, by least squares.

use super::math::Sum;
use super::windows::Window;

/// Slope per second.
pub(super) fn deriv(window: &Window<'_>) -> Option<f64> {
    // Times are counted from the first sample: near zero, so that nothing is lost in their squares.
    let zero = window.samples.first()?.at;
    regression(window, zero).map(|(slope, _)| slope)
}

/// The line's value some seconds after the step's time.
pub(super) fn predicted(window: &Window<'_>) -> Option<f64> {
    let ahead = *window.params.first()?;
    regression(window, window.now).map(|(slope, at_zero)| slope * ahead + at_zero)
}

/// Slope, and value at the time `zero`.
fn regression(window: &Window<'_>, zero: i64) -> Option<(f64, f64)> {
    let [first, _, ..] = window.samples else { return None };
    if window.values().all(|value| value == first.value) {
        return Some(if first.value.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first.value) });
    }
    let none = Sum::default();
    let (mut xs, mut ys, mut products, mut squares) = (none, none, none, none);
    for sample in window.samples {
        let x = (sample.at - zero) as f64 / 1000.0;
        xs = xs.add(x);
        ys = ys.add(sample.value);
        products = products.add(x * sample.value);
        squares = squares.add(x * x);
    }
    let count = window.samples.len() as f64;
    let (xs, ys) = (xs.value(), ys.value());
    let slope = (products.value() - xs * ys / count) / (squares.value() - xs * xs / count);
    Some((slope, ys / count - slope * xs / count))
}

/// Holt-Winters without seasons; parameters are the factors of smoothing and of trend, both between 0 and 1.
pub(super) fn smoothed(window: &Window<'_>) -> Option<f64> {
    let [smoothing, trending] = window.params else { return None };
    let [first, second, ..] = window.samples else { return None };
    let (mut before, mut level) = (0.0, first.value);
    let mut trend = second.value - first.value;
    for (index, value) in window.values().enumerate().skip(1) {
        if index > 1 {
            trend = trending * (level - before) + (1.0 - trending) * trend;
        }
        let next = smoothing * value + (1.0 - smoothing) * (level + trend);
        before = level;
        level = next;
    }
    Some(level)
}
