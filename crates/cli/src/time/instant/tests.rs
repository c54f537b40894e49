//! Points in time: every form that Grafana's time picker takes.

use graftwire_model::EpochMillis;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Edge, parse};

/// A Saturday, the last day of a month.
const NOW: &str = "2026-01-31T15:04:05.678Z";

fn now() -> EpochMillis {
    parse(NOW, EpochMillis(0), Edge::From).unwrap()
}

fn text(input: &str, edge: Edge) -> String {
    let millis = parse(input, now(), edge).unwrap();
    let nanos = i128::from(millis.0) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap().format(&Rfc3339).unwrap()
}

#[test]
fn relative_times_go_by_the_calendar() {
    for (input, expected) in [
        ("now", NOW),
        ("now-90s", "2026-01-31T15:02:35.678Z"),
        ("now-1h", "2026-01-31T14:04:05.678Z"),
        ("now-d", "2026-01-30T15:04:05.678Z"),
        ("now+1M", "2026-02-28T15:04:05.678Z"),
        ("now-1Q", "2025-10-31T15:04:05.678Z"),
        ("now-2y+1w", "2024-02-07T15:04:05.678Z"),
    ] {
        assert_eq!(text(input, Edge::From), expected, "{input}");
    }
}

#[test]
fn rounding_goes_down_for_from_and_up_for_to() {
    for (input, from, to) in [
        ("now/m", "2026-01-31T15:04:00Z", "2026-01-31T15:04:59.999Z"),
        ("now/h", "2026-01-31T15:00:00Z", "2026-01-31T15:59:59.999Z"),
        ("now/d", "2026-01-31T00:00:00Z", "2026-01-31T23:59:59.999Z"),
        ("now/w", "2026-01-26T00:00:00Z", "2026-02-01T23:59:59.999Z"),
        ("now/M", "2026-01-01T00:00:00Z", "2026-01-31T23:59:59.999Z"),
        ("now/Q", "2026-01-01T00:00:00Z", "2026-03-31T23:59:59.999Z"),
        ("now/y", "2026-01-01T00:00:00Z", "2026-12-31T23:59:59.999Z"),
        ("now-1d/d", "2026-01-30T00:00:00Z", "2026-01-30T23:59:59.999Z"),
    ] {
        assert_eq!(text(input, Edge::From), from, "{input}");
        assert_eq!(text(input, Edge::To), to, "{input}");
    }
}

#[test]
fn absolute_times_are_utc_unless_they_say_otherwise() {
    assert_eq!(text("2026-01-31T16:00:00+01:00", Edge::From), "2026-01-31T15:00:00Z");
    assert_eq!(text("2026-01-31", Edge::From), "2026-01-31T00:00:00Z");
    assert_eq!(text("2026-01-31 12:30:00", Edge::To), "2026-01-31T12:30:00Z");
    assert_eq!(parse("-9223372036854775808", now(), Edge::From), Ok(EpochMillis(i64::MIN)));
}

#[test]
fn what_is_no_time_is_refused() {
    for input in [
        "",
        "yesterday",
        "now-",
        "now-1",
        "now-1x",
        "now/2d",
        "now*2h",
        "now-99999999999999999999h",
        "now-999999y",
    ] {
        assert!(parse(input, now(), Edge::From).is_err(), "{input}");
    }
    assert!(parse("now-1h", EpochMillis(i64::MAX), Edge::From).is_err());
}
