//! Local times without an offset → instants.
//!
//! Many log files write local time and no offset. The zone is this machine's (`/etc/localtime`), or what the settings
//! say. It deliberately reads nothing of the environment: Grafana passes no `TZ` to plugins.

use tz::{DateTime, TimeZone};

use super::ReadError;

const NANOS: i64 = 1_000_000_000;

/// A time zone.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

/// A time as a clock on the wall shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallTime {
    /// Year of the common era.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
    /// 0 to 999,999,999.
    pub nanos: u32,
}

impl Zone {
    /// This machine's zone; UTC where it says none.
    #[must_use]
    pub fn local() -> Self {
        Self(TimeZone::from_posix_tz("localtime").unwrap_or_else(|_| TimeZone::utc()))
    }

    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::utc())
    }

    /// A zone by what the settings say: empty or `local`, `UTC`, a name such as `Europe/Berlin`, or a POSIX rule.
    ///
    /// # Errors
    /// This machine knows no such zone.
    pub fn named(name: &str) -> Result<Self, ReadError> {
        match name.trim() {
            "" | "local" => Ok(Self::local()),
            "UTC" | "utc" | "Z" => Ok(Self::utc()),
            name => TimeZone::from_posix_tz(name).map(Self).map_err(|_| ReadError::Setting {
                what: "timeZone",
                found: name.to_owned(),
                expected: "`local`, `UTC` or a zone that this machine knows, such as `Europe/Berlin`",
            }),
        }
    }

    /// The instant, in nanoseconds since 1970, at which clocks in this zone show a time. Where clocks were set back it
    /// is the first of the two, where they were set forward the instant of that.
    #[must_use]
    pub fn instant(&self, wall: WallTime) -> Option<i64> {
        let found = DateTime::find(
            wall.year,
            wall.month,
            wall.day,
            wall.hour,
            wall.minute,
            wall.second.min(59),
            wall.nanos,
            self.0.as_ref(),
        );
        let seconds = found.ok()?.earliest()?.unix_time();
        seconds.checked_mul(NANOS)?.checked_add(i64::from(wall.nanos))
    }

    /// The year that clocks in this zone show at an instant.
    #[must_use]
    pub fn year_at(&self, at: i64) -> i32 {
        DateTime::from_timespec(at.div_euclid(NANOS), 0, self.0.as_ref()).map_or(1970, |time| time.year())
    }
}

/// The instant of a time at an offset from UTC in seconds.
#[must_use]
pub fn instant_at_offset(wall: WallTime, offset: i64) -> Option<i64> {
    let days = days_since_1970(wall.year, wall.month, wall.day)?;
    let of_day = i64::from(wall.hour) * 3_600 + i64::from(wall.minute) * 60 + i64::from(wall.second);
    let seconds = days.checked_mul(86_400)?.checked_add(of_day)?.checked_sub(offset)?;
    seconds.checked_mul(NANOS)?.checked_add(i64::from(wall.nanos))
}

fn days_since_1970(year: i32, month: u8, day: u8) -> Option<i64> {
    let month = time::Month::try_from(month).ok()?;
    let date = time::Date::from_calendar_date(year, month, day).ok()?;
    Some(i64::from(date.to_julian_day()) - 2_440_588)
}
