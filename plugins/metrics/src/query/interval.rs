//! How far apart points lie: the step, `$__rate_interval`, and durations as Grafana writes them.
//!
//! Between reading a query and evaluating it. The rules are those of Prometheus' data source in Grafana; it
//! deliberately goes further in one point: a step that would give too many points is always enlarged.

use std::time::Duration;

use graftwire_model::TimeRange;
use graftwire_sdk::interval::Interval;

use super::model::QueryModel;
use super::{QueryFailure, QuerySettings};

/// Steps that a series may have at most; a smaller step than this allows is enlarged. Prometheus' own limit.
const MOST_STEPS: i64 = 11_000;
/// Points that are aimed at when a query doesn't say.
const USUAL_POINTS: i64 = 1500;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;
/// No step is longer, whatever a query says.
const LONGEST: i64 = 100 * YEAR;

/// The distances of one query, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steps {
    /// Between the points of the answer.
    pub(super) step: i64,
    /// The window that holds enough samples for a rate at every step.
    pub(super) rate_interval: i64,
}

impl Steps {
    pub(super) fn of(
        model: &QueryModel,
        range: TimeRange,
        settings: &QuerySettings,
    ) -> Result<Self, QueryFailure> {
        let scrape = i64::try_from(settings.scrape_interval.as_millis()).unwrap_or(LONGEST).clamp(1, LONGEST);
        let variable = Variable::of(&model.min_step);
        let written = match variable {
            None if !model.min_step.is_empty() => Some(parsed(&model.min_step)?).filter(|least| *least > 0),
            _ => None,
        };
        let least =
            written.or(Some(model.interval.min(LONGEST)).filter(|interval| *interval > 0)).unwrap_or(scrape);
        let span = range.to.0.saturating_sub(range.from.0).max(0);
        let points = if model.max_data_points > 0 { model.max_data_points } else { USUAL_POINTS };
        let fitting = span / points;
        let step = if fitting < least { least } else { rounded(fitting) };
        let step = enlarged(step, span);
        let rate_interval =
            (step.saturating_add(written.unwrap_or(scrape))).max(4 * written.unwrap_or(scrape));
        let step = match variable {
            Some(Variable::RateInterval) => rate_interval,
            _ => enlarged(step * model.interval_factor, span),
        };
        Ok(Self { step, rate_interval })
    }
}

/// A variable in place of the least step.
enum Variable {
    Interval,
    RateInterval,
}

impl Variable {
    fn of(text: &str) -> Option<Self> {
        match text {
            "$__interval" | "${__interval}" => Some(Self::Interval),
            "$__rate_interval" | "${__rate_interval}" => Some(Self::RateInterval),
            _ => None,
        }
    }
}

/// The step, or the smallest round one above it with which the span has no more steps than are allowed.
fn enlarged(step: i64, span: i64) -> i64 {
    let least = span / MOST_STEPS + i64::from(span % MOST_STEPS > 0);
    if step >= least {
        return step.max(1);
    }
    let round = Interval::rounds().map(Interval::as_millis).find(|round| *round >= least);
    round.unwrap_or_else(|| (least / YEAR + 1) * YEAR)
}

/// A rounder distance near this one.
fn rounded(distance: i64) -> i64 {
    Interval::from_millis(distance).round().as_millis()
}

/// The least step that a live query asks for; `None` if it doesn't.
pub(crate) fn least_step(text: &str) -> Result<Option<Duration>, QueryFailure> {
    if text.trim().is_empty() || Variable::of(text).is_some() {
        return Ok(None);
    }
    parsed(text).map(|millis| Some(Duration::from_millis(millis.unsigned_abs())))
}

/// A least step as users write it: `15s`, `1m30s`, `1.5h`, `2d`, `>10s`, or a number of seconds.
fn parsed(text: &str) -> Result<i64, QueryFailure> {
    let bare = text.trim_matches(|char: char| matches!(char, '<' | '>') || char.is_whitespace());
    let read = Interval::parse(bare).ok().map(Interval::as_millis);
    read.filter(|millis| (0..=LONGEST).contains(millis)).ok_or_else(|| QueryFailure::Field {
        field: "interval",
        found: format!("{text:?}"),
        expected: "a duration such as 15s, 1m30s or 2d",
    })
}

/// A duration as PromQL reads it: `1m30s`. Nothing is rounded.
pub(super) fn written(millis: i64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms")];
    let mut rest = millis.max(0);
    let mut text = String::new();
    for (unit, name) in units {
        if rest >= unit {
            text += &format!("{}{name}", rest / unit);
            rest %= unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
