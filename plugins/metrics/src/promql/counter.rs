//! `rate`, `increase`, `delta`, `irate`, `idelta`: how much changed within a window.
//!
//! Part of evaluation, one window at a time. It deliberately trusts the caller that samples are in order, without
//! stale markers, and that `drops` are those of this window.

use super::windows::Window;

pub(super) fn rate(window: &Window<'_>) -> Option<f64> {
    extrapolated(window, true, window.seconds())
}

pub(super) fn increase(window: &Window<'_>) -> Option<f64> {
    extrapolated(window, true, 1.0)
}

pub(super) fn delta(window: &Window<'_>) -> Option<f64> {
    extrapolated(window, false, 1.0)
}

/// The change between the first and the last sample, stretched to the whole window, divided by `per`.
///
/// A gap at an edge of up to 1.1 mean distances counts as covered; beyond a larger gap the series is taken to
/// begin or end half a mean distance away. A counter isn't stretched to before the point where it was 0.
/// Source: `extrapolatedRate` of Prometheus 3.
fn extrapolated(window: &Window<'_>, counter: bool, per: f64) -> Option<f64> {
    let [first, .., last] = window.samples else { return None };
    let mut change = last.value - first.value;
    if counter {
        change = window.drops.iter().fold(change, |sum, drop| sum + drop.before);
    }
    let covered = seconds(last.at - first.at);
    let distance = covered / (window.samples.len() - 1) as f64;
    let edge = |gap: f64| if gap >= distance * 1.1 { distance / 2.0 } else { gap };
    let mut before = edge(seconds(first.at - window.from));
    if counter && change > 0.0 && first.value >= 0.0 {
        before = before.min(covered * (first.value / change));
    }
    let after = edge(seconds(window.to - last.at));
    Some(change * ((covered + before + after) / covered / per))
}

pub(super) fn irate(window: &Window<'_>) -> Option<f64> {
    let [.., before, last] = window.samples else { return None };
    let reset = last.value < before.value;
    let change = if reset { last.value } else { last.value - before.value };
    Some(change / seconds(last.at - before.at))
}

pub(super) fn idelta(window: &Window<'_>) -> Option<f64> {
    let [.., before, last] = window.samples else { return None };
    Some(last.value - before.value)
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
