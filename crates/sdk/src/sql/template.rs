//! A macro's template and its values → SQL text.
//!
//! It deliberately quotes nothing: arguments are the user's own SQL.

use graftwire_frame::Timestamp;
use graftwire_model::EpochMillis;

use super::MacroContext;
use crate::interval::Interval;

/// Fills a template. Names without a value can't occur in the tables of [`super::dialect`], which a test checks.
pub(super) fn filled(
    template: &str,
    arguments: &[String],
    step: Option<Interval>,
    cx: &MacroContext,
) -> String {
    let mut sql = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        sql.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        match value(name, arguments, step, cx) {
            Some(value) => sql.push_str(&value),
            None => {
                debug_assert!(false, "the template {template:?} names {name:?}, which has no value");
            }
        }
        rest = tail;
    }
    sql.push_str(rest);
    sql
}

fn value(name: &str, arguments: &[String], step: Option<Interval>, cx: &MacroContext) -> Option<String> {
    if let Ok(index) = name.parse::<usize>() {
        return arguments.get(index).cloned();
    }
    if let Some(form) = name.strip_prefix("from_") {
        return instant(form, cx.time_range.from);
    }
    if let Some(form) = name.strip_prefix("to_") {
        return instant(form, cx.time_range.to);
    }
    Some(match name {
        "interval" => cx.interval.to_string(),
        "interval_ms" => cx.interval.as_millis().to_string(),
        "table" => cx.table.clone(),
        "column" => cx.column.clone(),
        "step" => seconds(step?.as_nanos()),
        "step_whole" => (step?.as_nanos() / 1_000_000_000).to_string(),
        "step_millis" => {
            let millis = step?.as_millis();
            format!("{}.{:03}", millis / 1000, millis % 1000)
        }
        _ => return None,
    })
}

fn instant(form: &str, at: EpochMillis) -> Option<String> {
    let whole = at.0.div_euclid(1000);
    let time = Timestamp::from(at);
    Some(match form {
        "s" => whole.to_string(),
        "ms" => at.0.to_string(),
        "ns" => at.as_nanos().to_string(),
        "exact" => match at.0.rem_euclid(1000) {
            0 => whole.to_string(),
            // Milliseconds keep the sign right, and a division by a real number is exact enough for them.
            _ if at.0 < 0 => format!("({}/1000.0)", at.0),
            millis => format!("{whole}.{millis:03}"),
        },
        "rfc3339" => Timestamp::from_secs(whole).to_string(),
        "rfc3339_nano" => time.to_string(),
        "datetime" => time.to_string().trim_end_matches('Z').replace('T', " "),
        "unixtime" if whole < 0 => format!("DATE_ADD(FROM_UNIXTIME(0), INTERVAL {whole} SECOND)"),
        "unixtime" => format!("FROM_UNIXTIME({whole})"),
        _ => return None,
    })
}

/// Seconds with as many digits as they have: `300`, `0.5`.
fn seconds(nanos: i64) -> String {
    let (whole, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    if fraction == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{fraction:09}");
    text.trim_end_matches('0').to_owned()
}
