//! Points in time: `now-1h`, `now/d`, RFC 3339, or milliseconds since the epoch.
//!
//! It deliberately takes every 64-bit number of milliseconds: what a plugin makes of absurd ones is worth seeing.

use graftwire_model::EpochMillis;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime, Time};

/// Which end of a range is meant: rounding (`now/d`) goes to the start of the unit for one, to its end for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    From,
    To,
}

/// Reads a point in time, as Grafana's time picker takes it. Weeks begin on Monday, everything is UTC.
pub(crate) fn parse(text: &str, now: EpochMillis, edge: Edge) -> Result<EpochMillis, String> {
    let text = text.trim();
    if let Ok(millis) = text.parse::<i64>() {
        return Ok(EpochMillis(millis));
    }
    let expected = || {
        format!(
            "found {text:?}, expected now, now-6h, now-1d/d, 2026-01-31T12:00:00Z, 2026-01-31 or milliseconds since \
             1970"
        )
    };
    let found = match text.strip_prefix("now") {
        Some(steps) => relative(steps, now, edge),
        None => absolute(text),
    };
    found.map(to_millis).ok_or_else(expected)
}

fn to_millis(instant: OffsetDateTime) -> EpochMillis {
    // Years up to 9999 are far within 64 bits of milliseconds.
    EpochMillis(i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX))
}

fn absolute(text: &str) -> Option<OffsetDateTime> {
    if let Ok(instant) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(instant);
    }
    // Without a zone: UTC. A date alone is its first moment.
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    OffsetDateTime::parse(&format!("{date}T{time}Z"), &Rfc3339).ok()
}

fn relative(steps: &str, now: EpochMillis, edge: Edge) -> Option<OffsetDateTime> {
    let mut instant = OffsetDateTime::from_unix_timestamp_nanos(i128::from(now.0) * 1_000_000).ok()?;
    let mut rest = steps;
    while let Some(operator) = rest.chars().next() {
        rest = rest.strip_prefix(operator)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit = tail.chars().next()?;
        rest = tail.strip_prefix(unit)?;
        let number = if number.is_empty() { 1 } else { number.parse::<i64>().ok()? };
        instant = match operator {
            '+' => shift(instant, number, unit)?,
            '-' => shift(instant, number.checked_neg()?, unit)?,
            '/' if digits == 0 => round(instant, unit, edge)?,
            _ => return None,
        };
    }
    Some(instant)
}

fn shift(instant: OffsetDateTime, by: i64, unit: char) -> Option<OffsetDateTime> {
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        'M' => return shift_months(instant, by),
        'Q' => return shift_months(instant, by.checked_mul(3)?),
        'y' => return shift_months(instant, by.checked_mul(12)?),
        _ => return None,
    };
    instant.checked_add(Duration::seconds(by.checked_mul(seconds)?))
}

/// The same day of another month, or that month's last day.
fn shift_months(instant: OffsetDateTime, by: i64) -> Option<OffsetDateTime> {
    let months = i64::from(instant.year()) * 12 + i64::from(u8::from(instant.month())) - 1;
    let months = months.checked_add(by)?;
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(months.rem_euclid(12)).ok()? + 1).ok()?;
    let day = instant.day().min(month.length(year));
    Some(instant.replace_date(Date::from_calendar_date(year, month, day).ok()?))
}

/// The start of the unit, or its last millisecond.
fn round(instant: OffsetDateTime, unit: char, edge: Edge) -> Option<OffsetDateTime> {
    let start = start_of(instant, unit)?;
    match edge {
        Edge::From => Some(start),
        Edge::To => shift(start, 1, unit)?.checked_sub(Duration::milliseconds(1)),
    }
}

fn start_of(instant: OffsetDateTime, unit: char) -> Option<OffsetDateTime> {
    let (hour, minute, second) = instant.to_hms();
    let of_day = |hour, minute, second| Time::from_hms(hour, minute, second).ok();
    let first = |month: Month| Date::from_calendar_date(instant.year(), month, 1).ok();
    let (date, time) = match unit {
        's' => (instant.date(), of_day(hour, minute, second)?),
        'm' => (instant.date(), of_day(hour, minute, 0)?),
        'h' => (instant.date(), of_day(hour, 0, 0)?),
        'd' => (instant.date(), Time::MIDNIGHT),
        'w' => {
            let past = i64::from(instant.weekday().number_days_from_monday());
            (instant.date().checked_sub(Duration::days(past))?, Time::MIDNIGHT)
        }
        'M' => (first(instant.month())?, Time::MIDNIGHT),
        'Q' => {
            let month = (u8::from(instant.month()) - 1) / 3 * 3 + 1;
            (first(Month::try_from(month).ok()?)?, Time::MIDNIGHT)
        }
        'y' => (first(Month::January)?, Time::MIDNIGHT),
        _ => return None,
    };
    Some(instant.replace_date(date).replace_time(time))
}

#[cfg(test)]
mod tests;
