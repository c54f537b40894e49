//! Grafana's own variables in expressions, and how far apart points lie.
//!
//! `$__interval`, `$__range`, `$__auto` and their forms. It is done here since alerts have no front end; it deliberately
//! leaves other variables alone, which then are errors at their place.

use graftwire_sdk::interval::Interval;
use graftwire_sdk::model::Query;

use super::QueryFailure;
use super::model::QueryModel;
use crate::read::Window;

/// Steps that a series may have at most; Loki's own limit. A smaller step is enlarged.
const MOST_STEPS: i64 = 11_000;
/// Points that are aimed at when a query doesn't say.
const USUAL_POINTS: i64 = 1_500;
/// No step is longer, whatever a query says: a hundred years in milliseconds.
const LONGEST: i64 = 3_155_760_000_000;

/// The distances of one query, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) step: i64,
}

impl Steps {
    pub(super) fn of(model: &QueryModel, query: &Query, window: Window) -> Result<Self, QueryFailure> {
        let span = window.to.saturating_sub(window.from).max(0) / 1_000_000;
        let points = if model.max_data_points > 0 { model.max_data_points } else { USUAL_POINTS };
        let fitting = Interval::from_millis((span / points).max(1)).round().as_millis();
        let asked = model.interval.max(query.interval.0).clamp(0, LONGEST);
        let written = if model.step.is_empty() || model.step.starts_with('$') {
            None
        } else {
            let read = Interval::parse(&model.step).ok().map(Interval::as_millis);
            Some(read.filter(|millis| (1..=LONGEST).contains(millis)).ok_or_else(|| QueryFailure::Field {
                field: "step",
                found: format!("{:?}", model.step),
                expected: "a duration such as 15s, 1m30s or 2d",
            })?)
        };
        let step = written.unwrap_or_else(|| fitting.max(asked)).max(1);
        let least = span / MOST_STEPS + i64::from(span % MOST_STEPS > 0);
        if step >= least {
            return Ok(Self { step });
        }
        let round = Interval::rounds().map(Interval::as_millis).find(|round| *round >= least);
        Ok(Self { step: round.unwrap_or(least) })
    }
}

/// The expression with the values of the variables.
pub(super) fn replaced(expr: &str, steps: &Steps, window: Window) -> String {
    let mut text = String::with_capacity(expr.len());
    let mut rest = expr;
    while let Some((before, after)) = rest.split_once('$') {
        text += before;
        match variable(after).and_then(|(name, length)| Some((value(name, steps, window)?, length))) {
            Some((value, length)) => {
                text += &value;
                rest = after.get(length..).unwrap_or_default();
            }
            None => {
                text.push('$');
                rest = after;
            }
        }
    }
    text + rest
}

/// The name behind a `$`, and how many bytes it takes with its braces: `name` or `{name}`.
fn variable(text: &str) -> Option<(&str, usize)> {
    if let Some(braced) = text.strip_prefix('{') {
        let (name, _) = braced.split_once('}')?;
        return Some((name, name.len() + 2));
    }
    let end = text.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).unwrap_or(text.len());
    text.get(..end).map(|name| (name, end))
}

fn value(name: &str, steps: &Steps, window: Window) -> Option<String> {
    let span = (window.to.saturating_sub(window.from).max(0) / 1_000_000).max(1);
    // Never nothing: a window of no seconds is an error.
    let span_seconds = ((span + 500) / 1_000).max(1);
    Some(match name {
        "__interval" | "__auto" => format!("{}ms", steps.step),
        "__interval_ms" => steps.step.to_string(),
        "__range" => format!("{span_seconds}s"),
        "__range_s" => span_seconds.to_string(),
        "__range_ms" => span.to_string(),
        _ => return None,
    })
}
