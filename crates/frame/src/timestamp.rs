//! Points in time as frames hold them: nanoseconds since the Unix epoch in 64 bits, 1677 to 2262.
//!
//! It deliberately knows no time zones: a frame holds instants.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use graftwire_model::EpochMillis;

const NANOS_PER_MILLI: i64 = 1_000_000;
const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// 0001-01-01T00:00:00Z in milliseconds since the Unix epoch.
const YEAR_ONE_MILLIS: i64 = -62_135_596_800_000;

/// A point in time, in nanoseconds since the Unix epoch.
///
/// Shown as RFC 3339 in UTC with as many digits of the second as it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// 0001-01-01T00:00:00Z, the "no time" of plugins written in Go.
    ///
    /// It lies outside of what 64 bits of nanoseconds can hold. In Arrow such plugins send the number that is
    /// left after the overflow (an instant in 1754), in JSON the true milliseconds. Both are read as this
    /// constant, and each encoder writes its own form again.
    pub const YEAR_ONE: Self = Self(YEAR_ONE_MILLIS.wrapping_mul(NANOS_PER_MILLI));

    /// The earliest point, in the year 1677.
    pub const MIN: Self = Self(i64::MIN);

    /// The latest point, in the year 2262.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds since the epoch; saturates at [`MIN`](Self::MIN) and [`MAX`](Self::MAX).
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self::from_millis_and_nanos(millis, 0)
    }

    /// From seconds since the epoch; saturates like [`from_millis`](Self::from_millis).
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// From milliseconds since the epoch and nanoseconds to add, as frame JSON has them; saturates.
    #[must_use]
    pub const fn from_millis_and_nanos(millis: i64, nanos: i64) -> Self {
        if millis == YEAR_ONE_MILLIS && nanos == 0 {
            return Self::YEAR_ONE;
        }
        // Both factors fit 64 bits, so 128 bits can't overflow.
        let total = millis as i128 * NANOS_PER_MILLI as i128 + nanos as i128;
        if total < i64::MIN as i128 {
            Self::MIN
        } else if total > i64::MAX as i128 {
            Self::MAX
        } else {
            Self(total as i64)
        }
    }

    /// The current time.
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down, and the nanoseconds (0 to 999,999) that remain.
    #[must_use]
    pub const fn as_millis_and_nanos(self) -> (i64, u32) {
        if self.0 == Self::YEAR_ONE.0 {
            return (YEAR_ONE_MILLIS, 0);
        }
        (self.0.div_euclid(NANOS_PER_MILLI), self.0.rem_euclid(NANOS_PER_MILLI) as u32)
    }

    /// This time plus nanoseconds; saturates.
    #[must_use]
    pub const fn saturating_add_nanos(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let nanos = |distance: Duration| i64::try_from(distance.as_nanos());
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => nanos(after).unwrap_or(i64::MAX),
            Err(before) => nanos(before.duration()).map_or(i64::MIN, |nanos| -nanos),
        })
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let distance = Duration::from_nanos(time.0.unsigned_abs());
        let shifted =
            if time.0 < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
        shifted.unwrap_or(UNIX_EPOCH)
    }
}

impl From<EpochMillis> for Timestamp {
    fn from(millis: EpochMillis) -> Self {
        Self::from_millis(millis.0)
    }
}

impl From<Timestamp> for EpochMillis {
    fn from(time: Timestamp) -> Self {
        Self(time.as_millis_and_nanos().0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = if *self == Self::YEAR_ONE {
            (YEAR_ONE_MILLIS / 1000, 0)
        } else {
            (self.0.div_euclid(NANOS_PER_SECOND), self.0.rem_euclid(NANOS_PER_SECOND))
        };
        let (year, month, day) = civil_date(seconds.div_euclid(SECONDS_PER_DAY));
        let second = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if nanos != 0 {
            write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// Year, month and day of a day counted from the epoch, in the Gregorian calendar (Howard Hinnant's algorithm:
/// years begin in March, so that the leap day is a year's last).
const fn civil_date(day: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    let shifted = day + 719_468;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (DAYS_PER_ERA - 1)) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests;
