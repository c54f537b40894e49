//! Dates of the Gregorian calendar in UTC, for `hour()`, `day_of_week()` and their like.
//!
//! Part of evaluation. It deliberately knows no time zones and no leap seconds, as PromQL doesn't.

/// A point in time, broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    year: i64,
    /// 1 to 12
    month: i64,
    /// 1 to 31
    day: i64,
    /// Days since 1970-01-01.
    days: i64,
    second_of_day: i64,
}

const DAY: i64 = 86_400;

impl Date {
    /// From seconds since the epoch; fractions are cut off. NaN and what 64 bits can't hold have no date.
    pub(super) fn of(seconds: f64) -> Option<Self> {
        // About 300 million years each way: far more than Go's calendar, and no sum below overflows.
        if seconds.is_nan() || seconds.abs() > 1e16 {
            return None;
        }
        let seconds = seconds as i64;
        let (days, second_of_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        // Years begin in March here, so that the leap day is the last; eras have 400 years.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Some(Self { year, month, day, days, second_of_day })
    }

    const fn is_leap_year(self) -> bool {
        self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0)
    }

    const fn month_length(self, month: i64) -> i64 {
        match month {
            2 if self.is_leap_year() => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

pub(super) fn minute(date: Date) -> f64 {
    (date.second_of_day / 60 % 60) as f64
}

pub(super) fn hour(date: Date) -> f64 {
    (date.second_of_day / 3600) as f64
}

/// 0 is Sunday.
pub(super) fn day_of_week(date: Date) -> f64 {
    (date.days + 4).rem_euclid(7) as f64
}

pub(super) fn day_of_month(date: Date) -> f64 {
    date.day as f64
}

/// 1 is the first of January.
pub(super) fn day_of_year(date: Date) -> f64 {
    let before: i64 = (1..date.month).map(|month| date.month_length(month)).sum();
    (before + date.day) as f64
}

pub(super) fn days_in_month(date: Date) -> f64 {
    date.month_length(date.month) as f64
}

pub(super) fn month(date: Date) -> f64 {
    date.month as f64
}

pub(super) fn year(date: Date) -> f64 {
    date.year as f64
}
