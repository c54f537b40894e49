//! Grafana's own variables in expressions: `$__interval`, `$__range`, `$__rate_interval` and their forms.
//!
//! Between reading a query and parsing its expression. It is done here since alerts have no front end; it
//! deliberately leaves other variables alone, which then are errors at their place.

use graftwire_model::TimeRange;

use super::interval::{Steps, written};

/// The expression with the values of the variables.
pub(super) fn replaced(expr: &str, steps: &Steps, range: TimeRange) -> String {
    let mut text = String::with_capacity(expr.len());
    let mut rest = expr;
    while let Some((before, after)) = rest.split_once('$') {
        text += before;
        match variable(after).and_then(|(name, length)| Some((value(name, steps, range)?, length))) {
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

fn value(name: &str, steps: &Steps, range: TimeRange) -> Option<String> {
    let span = range.to.0.saturating_sub(range.from.0).max(0);
    // Rounded to the nearest, but never to nothing: a window of no seconds is an error.
    let span_seconds = ((span + 500) / 1000).max(1);
    Some(match name {
        "__interval" => written(steps.step),
        "__interval_ms" => steps.step.to_string(),
        "__range" => format!("{span_seconds}s"),
        "__range_s" => span_seconds.to_string(),
        "__range_ms" => span.max(1).to_string(),
        "__rate_interval" => written(steps.rate_interval),
        "__rate_interval_ms" => steps.rate_interval.to_string(),
        _ => return None,
    })
}
