use serde_json::Value;

use super::*;

/// Tables made by the Go SDK.
fn table(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string("tests/golden/tables.json").unwrap();
    let tables: Value = serde_json::from_str(&text).unwrap();
    tables[name].as_array().unwrap().clone()
}

fn check(name: &str, read: impl Fn(&str) -> Result<Interval, IntervalError>) {
    let rows = table(name);
    assert!(rows.len() >= 10, "{name} has {} rows", rows.len());
    for row in rows {
        let text = row["in"].as_str().unwrap();
        match row["out"].as_i64() {
            Some(nanos) => assert_eq!(read(text).unwrap().as_nanos(), nanos, "{name}: {text:?}"),
            None => assert!(read(text).is_err(), "{name}: {text:?} must be refused"),
        }
    }
}

#[test]
fn durations_are_read_as_go_reads_them() {
    check("parse_duration_ns", Interval::parse_duration);
}

#[test]
fn interval_texts_are_read_as_go_reads_them() {
    check("parse_interval_string_ns", Interval::parse);
}

#[test]
fn intervals_are_rounded_as_go_rounds_them() {
    for row in table("round_interval_ms") {
        let rounded = Interval::from_millis(row["inMs"].as_i64().unwrap()).round();
        assert_eq!(rounded.as_millis(), row["out"].as_i64().unwrap(), "{row}");
    }
}

#[test]
fn intervals_are_written_as_go_writes_them() {
    for row in table("format_interval") {
        let written = Interval::from_millis(row["inMs"].as_i64().unwrap()).to_string();
        assert_eq!(written, row["out"].as_str().unwrap(), "{row}");
    }
}

#[test]
fn what_is_too_long_or_broken_is_refused() {
    for text in
        ["300y", "9223372036854775807s", "1..5s", ".s", "+", "-", "1e3s", "99999999999999999999d", "é"]
    {
        let error = Interval::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("found {text:?}, expected a length of time")), "{error}");
    }
    assert_eq!(Interval::parse("1.5s").unwrap().as_nanos(), 1_500_000_000);
    assert_eq!(Interval::parse(".5s").unwrap().as_nanos(), 500_000_000);
}

#[test]
fn months_follow_the_calendar() {
    // 2024-01-31T12:00:00Z: there is no 31st of February, so a month later is the 2nd of March.
    let now = 1_706_702_400 * SECOND;
    assert_eq!(Interval::parse_calendar("1M", now).unwrap().as_nanos(), 31 * DAY);
    assert_eq!(Interval::parse_calendar("1y", now).unwrap().as_nanos(), 366 * DAY);
    assert_eq!(Interval::parse_calendar("2w", now).unwrap().as_nanos(), 14 * DAY);
    assert!(Interval::parse_calendar("999999y", now).is_err());
}

#[test]
fn the_least_interval_is_chosen_in_order() {
    let (request, default) = (Millis(2_000), Interval::from_millis(60_000));
    let least =
        |query, request, source| Interval::least(query, request, source, default).unwrap().as_millis();
    assert_eq!(least("10s", request, "30s"), 10_000);
    assert_eq!(least("", request, "30s"), 2_000);
    assert_eq!(least("0s", Millis(0), "30s"), 30_000);
    assert_eq!(least("", Millis(0), ""), 60_000);
    assert!(Interval::least("x", request, "", default).is_err());
}

#[test]
fn points_of_a_panel() {
    let hour = Duration::from_secs(3_600);
    assert_eq!(Interval::for_points(hour, 1000, Interval::default()).as_millis(), 5_000);
    assert_eq!(Interval::for_points(hour, 1000, Interval::from_millis(15_000)).as_millis(), 15_000);
    assert_eq!(Interval::for_points(Duration::MAX, 0, Interval::default()).as_nanos(), 365 * DAY);
}
