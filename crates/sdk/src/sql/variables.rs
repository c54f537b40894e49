//! `${__from}`, `${__to}` and their date forms, which front ends fill in for panels and nobody does for alerts.
//!
//! It deliberately leaves every other variable alone.

use graftwire_frame::Timestamp;
use graftwire_model::{EpochMillis, TimeRange};
use time::{OffsetDateTime, Weekday};

/// Replaces `${__from}` and `${__to}` (milliseconds since 1970), `${__from:date}` and `${__from:date:iso}` (ISO 8601) and
/// `${__from:date:FORMAT}` with tokens of moment.js, everywhere in a text, and trims it.
#[must_use]
pub fn replace_globals(text: &str, range: TimeRange) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some((before, after)) = rest.split_once("${__") {
        out.push_str(before);
        let replaced = after.split_once('}').and_then(|(inner, tail)| Some((value(inner, range)?, tail)));
        rest = match replaced {
            Some((value, tail)) => {
                out.push_str(&value);
                tail
            }
            None => {
                out.push_str("${__");
                after
            }
        };
    }
    out + rest
}

fn value(inner: &str, range: TimeRange) -> Option<String> {
    let (name, form) = match inner.split_once(':') {
        Some((name, form)) => (name, Some(form)),
        None => (inner, None),
    };
    let at = match name {
        "from" => range.from,
        "to" => range.to,
        _ => return None,
    };
    match form {
        None => Some(at.0.to_string()),
        Some("date" | "date:iso") => Some(iso(at)),
        Some(form) => formatted(at, form.strip_prefix("date:")?),
    }
}

/// ISO 8601 in UTC with milliseconds, whose trailing zeros are cut.
fn iso(at: EpochMillis) -> String {
    Timestamp::from(at).to_string()
}

fn formatted(at: EpochMillis, format: &str) -> Option<String> {
    // Longer tokens come before those they begin with.
    const TOKENS: [&str; 20] = [
        "YYYY", "MMMM", "dddd", "MMM", "ddd", "YY", "MM", "DD", "HH", "hh", "mm", "ss", "M", "D", "h", "m",
        "s", "S", "A", "z",
    ];
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000).ok()?;
    let mut out = String::new();
    let mut rest = format;
    while let Some(char) = rest.chars().next() {
        match TOKENS.iter().find_map(|token| Some((token, rest.strip_prefix(token)?))) {
            Some((token, tail)) => {
                out.push_str(&token_value(token, time));
                rest = tail;
            }
            None => {
                out.push(char);
                rest = rest.strip_prefix(char)?;
            }
        }
    }
    Some(out)
}

fn token_value(token: &str, time: OffsetDateTime) -> String {
    let (hour, minute, second) = time.to_hms();
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let first = |name: &str| name.chars().take(3).collect();
    match token {
        "YYYY" => format!("{:04}", time.year()),
        "YY" => format!("{:02}", time.year().rem_euclid(100)),
        "MMMM" => time.month().to_string(),
        "MMM" => first(&time.month().to_string()),
        "MM" => format!("{:02}", u8::from(time.month())),
        "M" => u8::from(time.month()).to_string(),
        "DD" => format!("{:02}", time.day()),
        "D" => time.day().to_string(),
        "dddd" => weekday(time.weekday()).to_owned(),
        "ddd" => first(weekday(time.weekday())),
        "HH" => format!("{hour:02}"),
        "hh" => format!("{half:02}"),
        "h" => half.to_string(),
        "mm" => format!("{minute:02}"),
        "m" => minute.to_string(),
        "ss" => format!("{second:02}"),
        "s" => second.to_string(),
        "S" => (time.millisecond() / 100).to_string(),
        "A" => (if hour < 12 { "AM" } else { "PM" }).to_owned(),
        _ => "UTC".to_owned(),
    }
}

const fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_variables_are_filled_as_go_fills_them() {
        let text = std::fs::read_to_string("tests/golden/tables.json").unwrap();
        let tables: serde_json::Value = serde_json::from_str(&text).unwrap();
        let range = TimeRange { from: EpochMillis(1_600_000_000_123), to: EpochMillis(1_600_003_600_000) };
        for row in tables["global_macros"].as_array().unwrap() {
            let found = replace_globals(row["in"].as_str().unwrap(), range);
            assert_eq!(found, row["out"].as_str().unwrap(), "{row}");
        }
    }

    #[test]
    fn what_is_not_known_stays() {
        let range = TimeRange::default();
        for text in ["${__fro}", "${__from", "${__from:csv}", "${x}", "${__to:date"] {
            assert_eq!(replace_globals(text, range), text);
        }
        let far = TimeRange { from: EpochMillis(i64::MAX), to: EpochMillis(i64::MIN) };
        assert_eq!(replace_globals("${__from:date:YYYY}", far), "${__from:date:YYYY}");
    }
}
