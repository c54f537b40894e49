//! Lengths of time as Grafana's users write them (`15s`, `1m30s`, `2d`, `<10m>`), and the distances of points that panels ask for.
//!
//! The rules are those of Grafana's SDK for Go, whose tables are the tests. It deliberately knows no time zones: days
//! and months of a calendar are those of UTC.

use std::fmt;
use std::time::Duration;

use graftwire_model::Millis;
use time::{Date, Month, OffsetDateTime};

const MICRO: i64 = 1_000;
const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLI;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
/// A year of the Julian calendar, 365.25 days; a month is a twelfth of it.
const JULIAN_YEAR: i64 = 365 * DAY + 6 * HOUR;

/// A length of time: signed nanoseconds. Shown in the largest whole unit that fits, rounded down, as `$__interval` is:
/// `1500ms` is `1s`, less than a millisecond is `1ms`, a year has 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Interval(i64);

/// A text that is no length of time. Users mend it, so it counts as downstream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found:?}, expected a length of time such as 500ms, 15s, 1m30s, 2d, 1w, 1M or 1y")]
pub struct IntervalError {
    found: String,
}

impl Interval {
    /// From nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds; saturates at 292 years.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(MILLI))
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0 / MILLI
    }

    /// As a `Duration`; negative lengths are zero.
    #[must_use]
    pub fn to_duration(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// Reads Go's form (units `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`, in sequence, with fractions and a sign), or a whole
    /// number of `d`, `w`, `M` (30.4375 days) or `y` (365.25 days), which stand alone.
    ///
    /// # Errors
    /// [`IntervalError`] for anything else, and for lengths beyond 292 years.
    pub fn parse_duration(text: &str) -> Result<Self, IntervalError> {
        let nanos = match dated(text) {
            Some((count, 'd')) => count.checked_mul(DAY),
            Some((count, 'w')) => count.checked_mul(WEEK),
            Some((count, 'M')) => count.checked_mul(JULIAN_YEAR / 12),
            Some((count, _)) => count.checked_mul(JULIAN_YEAR),
            None => timed(text),
        };
        nanos.map(Self).ok_or_else(|| IntervalError { found: text.to_owned() })
    }

    /// Like [`parse_duration`](Self::parse_duration), except that a number alone is seconds and one `<` before and one `>`
    /// after are left out: the form of settings and query options.
    ///
    /// # Errors
    /// [`IntervalError`].
    pub fn parse(text: &str) -> Result<Self, IntervalError> {
        let bare = text.strip_prefix('<').unwrap_or(text);
        let bare = bare.strip_suffix('>').unwrap_or(bare);
        if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::parse_duration(&format!("{bare}s"));
        }
        Self::parse_duration(bare).map_err(|_| IntervalError { found: text.to_owned() })
    }

    /// Like [`parse_duration`](Self::parse_duration), with the days, months and years that the calendar has after `now`
    /// (nanoseconds since the epoch).
    ///
    /// # Errors
    /// [`IntervalError`].
    pub fn parse_calendar(text: &str, now: i64) -> Result<Self, IntervalError> {
        let wrong = || IntervalError { found: text.to_owned() };
        let (count, months) = match dated(text) {
            Some((count, 'M')) => (count, 1),
            Some((count, 'y')) => (count, 12),
            _ => return Self::parse_duration(text),
        };
        count.checked_mul(months).and_then(|months| after_months(now, months)).map(Self).ok_or_else(wrong)
    }

    /// The rounder distance near this one that panels use, from 1 ms to a year.
    #[must_use]
    pub fn round(self) -> Self {
        let rounded = ROUNDED.iter().find(|(most, _)| self.0 <= *most).map_or(365 * DAY, |(_, round)| *round);
        Self(rounded)
    }

    /// The rounder distances, ascending.
    pub fn rounds() -> impl Iterator<Item = Self> {
        ROUNDED.iter().map(|(_, round)| Self(*round)).chain([Self(365 * DAY)])
    }

    /// The distance with which a range gives about so many points, rounded, never below `least`.
    #[must_use]
    pub fn for_points(range: Duration, points: u64, least: Self) -> Self {
        let nanos = range.as_nanos() / u128::from(points.max(1));
        Self(i64::try_from(nanos).unwrap_or(i64::MAX)).round().max(least)
    }

    /// The least distance of a query: its own text unless that is empty or `0s`, then what the request says in
    /// milliseconds unless that is 0, then the data source's text, then a default.
    ///
    /// # Errors
    /// [`IntervalError`] for a text that is read and is no length of time.
    pub fn least(
        query: &str,
        request: Millis,
        data_source: &str,
        default: Self,
    ) -> Result<Self, IntervalError> {
        match (query, request.0, data_source) {
            ("" | "0s", 0, "") => Ok(default),
            ("" | "0s", 0, data_source) => Self::parse(data_source),
            ("" | "0s", millis, _) => Ok(Self::from_millis(millis)),
            (query, ..) => Self::parse(query),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(365 * DAY, "y"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (MILLI, "ms")];
        match units.iter().find(|(unit, _)| self.0 >= *unit) {
            Some((unit, name)) => write!(f, "{}{name}", self.0 / unit),
            None => f.write_str("1ms"),
        }
    }
}

/// Up to which length (inclusive) which distance is taken; beyond the last it is a year.
const ROUNDED: [(i64, i64); 30] = [
    (10 * MILLI, MILLI),
    (15 * MILLI, 10 * MILLI),
    (35 * MILLI, 20 * MILLI),
    (75 * MILLI, 50 * MILLI),
    (150 * MILLI, 100 * MILLI),
    (350 * MILLI, 200 * MILLI),
    (750 * MILLI, 500 * MILLI),
    (1_500 * MILLI, SECOND),
    (3_500 * MILLI, 2 * SECOND),
    (7_500 * MILLI, 5 * SECOND),
    (12_500 * MILLI, 10 * SECOND),
    (17_500 * MILLI, 15 * SECOND),
    (25 * SECOND, 20 * SECOND),
    (45 * SECOND, 30 * SECOND),
    (90 * SECOND, MINUTE),
    (210 * SECOND, 2 * MINUTE),
    (450 * SECOND, 5 * MINUTE),
    (750 * SECOND, 10 * MINUTE),
    (1_050 * SECOND, 15 * MINUTE),
    (25 * MINUTE, 20 * MINUTE),
    (45 * MINUTE, 30 * MINUTE),
    (90 * MINUTE, HOUR),
    (150 * MINUTE, 2 * HOUR),
    (270 * MINUTE, 3 * HOUR),
    (9 * HOUR, 6 * HOUR),
    (DAY, 12 * HOUR),
    (WEEK, DAY),
    (3 * WEEK, WEEK),
    (730 * DAY - 1, 30 * DAY),
    (i64::MAX, 365 * DAY),
];

/// A whole number of days, weeks, months or years.
fn dated(text: &str) -> Option<(i64, char)> {
    let unit = text.chars().next_back().filter(|unit| matches!(unit, 'd' | 'w' | 'M' | 'y'))?;
    let count = text.strip_suffix(unit)?;
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| count.parse().ok().map(|count| (count, unit)))?
}

/// Go's form: `[-+]` and then numbers with units.
fn timed(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let end = rest.find(|char: char| !(char.is_ascii_digit() || char == '.'))?;
        let (number, tail) = rest.split_at_checked(end)?;
        let letters = tail.find(|char: char| char.is_ascii_digit() || char == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        total = total.checked_add(part(number, unit_nanos(unit)?)?)?;
        rest = tail;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

fn unit_nanos(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => MICRO,
        "ms" => MILLI,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}

/// A number such as `90`, `1.5` or `.5` in a unit; the whole part is exact.
fn part(number: &str, unit: i64) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: f64 = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().ok()? };
    // At most an hour of nanoseconds, which the cast holds.
    Some(i128::from(whole) * i128::from(unit) + (fraction * unit as f64) as i128)
}

/// How long it is from `now` to the same day so many months later. Days that month lacks flow over into the next.
fn after_months(now: i64, months: i64) -> Option<i64> {
    let from = OffsetDateTime::from_unix_timestamp_nanos(now.into()).ok()?;
    let total = i64::from(from.year()) * 12 + i64::from(u8::from(from.month())) - 1 + months;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(total.rem_euclid(12) + 1).ok()?).ok()?;
    let first = Date::from_calendar_date(year, month, 1).ok()?;
    let first_of_now = from.date().replace_day(1).ok()?;
    let days = i64::from(first.to_julian_day()) - i64::from(first_of_now.to_julian_day());
    days.checked_mul(DAY)
}

#[cfg(test)]
mod tests;
