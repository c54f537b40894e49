//! Times as databases without a time type hold them: numbers whose unit is guessed, and ISO texts.
//!
//! It deliberately guesses by size alone, one value at a time, so that a streamed answer reads as a whole one.

use graftwire_frame::Timestamp;
use time::{Date, Month};

/// A number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by its size: below 10^11 it is
/// seconds (the year 5138), below 10^14 milliseconds, below 10^17 microseconds, else nanoseconds. `None` for NaN.
#[must_use]
pub fn epoch(number: f64) -> Option<Timestamp> {
    let nanos = match number.abs() {
        size if size < 1e11 => number * 1e9,
        size if size < 1e14 => number * 1e6,
        size if size < 1e17 => number * 1e3,
        _ => number,
    };
    // The cast saturates. Fractions of a second are good to a microsecond.
    (!number.is_nan()).then(|| {
        let whole = number.fract() == 0.0;
        Timestamp::from_nanos(if whole {
            nanos as i64
        } else {
            ((nanos / 1e3).round() as i64).saturating_mul(1000)
        })
    })
}

/// The same for a whole number, exact to the nanosecond.
#[must_use]
pub(super) fn epoch_whole(number: i64) -> Timestamp {
    let factor = match number.unsigned_abs() {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    Timestamp::from_nanos(number.saturating_mul(factor))
}

/// A text in one of SQLite's ISO forms: `YYYY-MM-DD`, then optionally `T` or blanks and `HH:MM[:SS[.fraction]]`, then
/// optionally `Z` or `±HH:MM`. Without a zone it is UTC. Also a text that is a number, see [`epoch`].
#[must_use]
pub fn iso_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let Some((date, rest)) = date(text) else {
        return text.parse::<i64>().ok().map(epoch_whole).or_else(|| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
            if plain { text.parse().ok().and_then(epoch) } else { None }
        });
    };
    let days = i64::from(date.to_julian_day())
        - i64::from(Date::from_calendar_date(1970, Month::January, 1).ok()?.to_julian_day());
    let rest = rest.strip_prefix('T').unwrap_or(rest).trim_start();
    let (nanos_of_day, zone) = if rest.is_empty() { (0, 0) } else { clock(rest)? };
    let total = i128::from(days) * 86_400_000_000_000 + i128::from(nanos_of_day) - i128::from(zone);
    i64::try_from(total).ok().map(Timestamp::from_nanos)
}

fn date(text: &str) -> Option<(Date, &str)> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = Month::try_from(u8::try_from(digits(parts.next()?, 2)?).ok()?).ok()?;
    let day = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, day).ok()?;
    (parts.next().is_none() && !rest.starts_with(|char: char| char.is_ascii_alphanumeric() && char != 'T'))
        .then_some((date, rest))
}

/// Nanoseconds of the day, and the zone's nanoseconds ahead of UTC.
fn clock(text: &str) -> Option<(i64, i64)> {
    const SECOND: i64 = 1_000_000_000;
    let end = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at_checked(end)?;
    let mut parts = clock.trim_end().split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(text) => {
            let (second, fraction) = text.split_once('.').unwrap_or((text, ""));
            (digits(second, 2).filter(|second| *second < 60)?, nanos(fraction)?)
        }
    };
    let zone = match zone.trim() {
        "" | "Z" | "z" => 0,
        zone => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let minutes = digits(hours, 2)? * 60 + digits(minutes, 2)?;
            sign * minutes * 60 * SECOND
        }
    };
    parts.next().is_none().then_some((((hour * 60 + minute) * 60 + second) * SECOND + fraction, zone))
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The digits behind a point as nanoseconds; what is smaller is dropped.
fn nanos(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nine: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    nine.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_a_number_is_guessed() {
        let at = 1_600_000_000_123_456_789_i64;
        assert_eq!(epoch_whole(at).as_nanos(), at);
        assert_eq!(epoch_whole(at / 1_000).as_nanos(), at / 1_000 * 1_000);
        assert_eq!(epoch_whole(at / 1_000_000).as_nanos(), at / 1_000_000 * 1_000_000);
        assert_eq!(epoch_whole(at / 1_000_000_000).as_nanos(), at / 1_000_000_000 * 1_000_000_000);
        assert_eq!(epoch_whole(0), Timestamp::EPOCH);
        assert_eq!(epoch_whole(-1).as_nanos(), -1_000_000_000);
        assert_eq!(epoch_whole(i64::MIN), Timestamp::MIN);
        assert_eq!(epoch(1_600_000_000.123).unwrap().as_nanos(), 1_600_000_000_123_000_000);
        assert_eq!(epoch(1.6e12).unwrap().as_nanos(), 1_600_000_000_000_000_000);
        assert_eq!(epoch(f64::NAN), None);
        assert_eq!(epoch(f64::INFINITY), Some(Timestamp::MAX));
    }

    #[test]
    fn texts_in_the_forms_of_sqlite() {
        for (text, shown) in [
            ("2020-09-13", "2020-09-13T00:00:00Z"),
            ("2020-09-13 12:26", "2020-09-13T12:26:00Z"),
            ("2020-09-13 12:26:40", "2020-09-13T12:26:40Z"),
            ("2020-09-13T12:26:40.123456789Z", "2020-09-13T12:26:40.123456789Z"),
            ("2020-09-13 12:26:40.5", "2020-09-13T12:26:40.5Z"),
            ("2020-09-13T12:26:40+02:00", "2020-09-13T10:26:40Z"),
            ("2020-09-13 12:26 -05:30", "2020-09-13T17:56:00Z"),
            ("1960-02-29 00:00:00", "1960-02-29T00:00:00Z"),
            (" 1600000000 ", "2020-09-13T12:26:40Z"),
            ("1600000000.5", "2020-09-13T12:26:40.5Z"),
        ] {
            assert_eq!(iso_time(text).map(|time| time.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in [
            "",
            "now",
            "12:26:40",
            "2020-13-01",
            "2021-02-29",
            "2020-09-13 25:00",
            "2020-09-13X",
            "13.09.2020",
            "2020-09-13 12:26:40 CET",
            "2020-09-13T12:26:40+2",
            "20é0-09-13",
            "3000-01-01",
            "1e9",
            "inf",
            "-",
        ] {
            assert_eq!(iso_time(text), None, "{text}");
        }
    }
}
