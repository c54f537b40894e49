//! A line → its time.
//!
//! Log files have no common way to write a time. These are known, wherever they begin in the first bytes of a line:
//!
//! | layout | example |
//! |---|---|
//! | ISO 8601 and its relatives | `2026-11-25T01:02:03.123456+01:00`, `2026-11-25 01:02:03,123`, `2026/11/25 01:02:03` |
//! | syslog | `Nov 25 01:02:03` (the year is that of the file, so that December read in January is last year's) |
//! | web servers | `[25/Nov/2026:01:02:03 +0100]` |
//! | seconds, ms, µs or ns since 1970 | `1795568523`, `1795568523.123`, `1795568523123` at the beginning |
//! | klog | `I1125 01:02:03.123456` |
//! | JSON | keys `time`, `ts`, `timestamp`, `@timestamp`, `t` with any of the above or a number |
//! | logfmt | `time=…`, `ts=…`, `t=…`, `timestamp=…` |
//!
//! A line without a time has that of the line before it: it continues it. It deliberately asks for no setting.

use super::zone::{WallTime, Zone, instant_at_offset};

/// How far into a line a time is looked for.
const LOOKED_AT: usize = 256;
/// The same in a line of JSON, whose keys stand in any order.
const LOOKED_AT_JSON: usize = 4096;

/// What is known of the file that a line is from.
#[derive(Debug, Clone)]
pub struct StampContext {
    /// The zone of times without one.
    pub zone: Zone,
    /// When the file was last written, in nanoseconds since 1970: times without a year are not later.
    pub written: i64,
}

/// The time of a line in nanoseconds since 1970, if it has one.
#[must_use]
pub fn stamp(line: &[u8], context: &StampContext) -> Option<i64> {
    let first = line.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let line = line.get(first..)?;
    match line.first()? {
        b'{' => of_json(line.get(..LOOKED_AT_JSON).unwrap_or(line), context),
        b'0'..=b'9' => iso(line, context).or_else(|| epoch(line)).or_else(|| inside(line, context)),
        b'I' | b'W' | b'E' | b'F' if line.get(1).is_some_and(u8::is_ascii_digit) => {
            klog(line, context).or_else(|| inside(line, context))
        }
        _ => syslog(line, context).or_else(|| inside(line, context)),
    }
}

/// A time that does not begin the line.
fn inside(line: &[u8], context: &StampContext) -> Option<i64> {
    let line = line.get(..LOOKED_AT).unwrap_or(line);
    of_logfmt(line, context).or_else(|| {
        let mut at = 0;
        // A time begins with a digit, and what stands before it is no part of a word or number.
        while let Some(step) = line.get(at..)?.iter().position(u8::is_ascii_digit) {
            let begin = at + step;
            let rest = line.get(begin..)?;
            let begins =
                begin == 0 || line.get(begin - 1).is_some_and(|before| !before.is_ascii_alphanumeric());
            if begins && let Some(found) = iso(rest, context).or_else(|| web(rest)) {
                return Some(found);
            }
            at = begin + rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        }
        None
    })
}

/// Reads bytes from the left.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn skip(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// Exactly so many digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut number = 0_u32;
        for digit in digits {
            number = number * 10 + u32::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        }
        self.0 = rest;
        Some(number)
    }

    fn two(&mut self) -> Option<u8> {
        self.digits(2).and_then(|number| u8::try_from(number).ok())
    }

    /// Digits after a point or comma as nanoseconds.
    fn fraction(&mut self) -> u32 {
        let mut ahead = *self;
        if ahead.skip(b".,").is_none() || !ahead.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return 0;
        }
        let (mut nanos, mut scale) = (0_u32, 100_000_000);
        while let Some(digit) = ahead.skip(b"0123456789") {
            nanos += u32::from(digit - b'0') * scale;
            scale /= 10;
        }
        *self = ahead;
        nanos
    }

    /// `hh:mm:ss`
    fn clock(&mut self) -> Option<(u8, u8, u8)> {
        let hour = self.two().filter(|hour| *hour < 24)?;
        self.skip(b":")?;
        let minute = self.two().filter(|minute| *minute < 60)?;
        self.skip(b":")?;
        let second = self.two().filter(|second| *second <= 60)?;
        Some((hour, minute, second))
    }

    /// `Z`, `UTC`, `+01:00`, `+0100`, `+01`; `None` if there is none.
    fn offset(&mut self) -> Option<i64> {
        let mut ahead = *self;
        let _ = ahead.skip(b" ");
        if ahead.0.starts_with(b"UTC") || ahead.0.starts_with(b"GMT") {
            return Some(0);
        }
        if ahead.skip(b"Z").is_some() {
            return Some(0).filter(|_| !ahead.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()));
        }
        let sign = if ahead.skip(b"+-")? == b'-' { -1 } else { 1 };
        let hours = ahead.two().filter(|hours| *hours <= 18)?;
        let _ = ahead.skip(b":");
        let minutes = ahead.two().filter(|minutes| *minutes < 60).unwrap_or(0);
        *self = ahead;
        Some(sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60))
    }
}

fn iso(line: &[u8], context: &StampContext) -> Option<i64> {
    let mut reader = Reader(line);
    let year = i32::try_from(reader.digits(4)?).ok()?;
    let dash = reader.skip(b"-/")?;
    let month = reader.two()?;
    reader.skip(&[dash])?;
    let day = reader.two()?;
    reader.skip(b"T t")?;
    while reader.skip(b" ").is_some() {}
    let (hour, minute, second) = reader.clock()?;
    let nanos = reader.fraction();
    let wall = WallTime { year, month, day, hour, minute, second, nanos };
    match reader.offset() {
        Some(offset) => instant_at_offset(wall, offset),
        None => context.zone.instant(wall),
    }
}

fn web(line: &[u8]) -> Option<i64> {
    let mut reader = Reader(line);
    let day = reader.two()?;
    reader.skip(b"/")?;
    let month = month(&mut reader)?;
    reader.skip(b"/")?;
    let year = i32::try_from(reader.digits(4)?).ok()?;
    reader.skip(b":")?;
    let (hour, minute, second) = reader.clock()?;
    let wall = WallTime { year, month, day, hour, minute, second, nanos: reader.fraction() };
    instant_at_offset(wall, reader.offset().unwrap_or(0))
}

fn syslog(line: &[u8], context: &StampContext) -> Option<i64> {
    let mut reader = Reader(line);
    // `<13>` of the wire form is no part of the time.
    if reader.skip(b"<").is_some() {
        while reader.skip(b"0123456789").is_some() {}
        reader.skip(b">")?;
    }
    let month = month(&mut reader)?;
    reader.skip(b" ")?;
    let day = match reader.skip(b" ") {
        Some(_) => u8::try_from(reader.digits(1)?).ok()?,
        None => reader.two()?,
    };
    reader.skip(b" ")?;
    let (hour, minute, second) = reader.clock()?;
    let nanos = reader.fraction();
    in_the_past(context, |year| WallTime { year, month, day, hour, minute, second, nanos })
}

fn klog(line: &[u8], context: &StampContext) -> Option<i64> {
    let mut reader = Reader(line.get(1..)?);
    let (month, day) = (reader.two()?, reader.two()?);
    reader.skip(b" ")?;
    let (hour, minute, second) = reader.clock()?;
    let nanos = reader.fraction();
    in_the_past(context, |year| WallTime { year, month, day, hour, minute, second, nanos })
}

/// A time without a year is in the year of the file, or in the one before if it would be in the file's future. A day
/// of room is left for zones.
fn in_the_past(context: &StampContext, wall: impl Fn(i32) -> WallTime) -> Option<i64> {
    const DAY: i64 = 86_400_000_000_000;
    let year = context.zone.year_at(context.written);
    let this_year = context.zone.instant(wall(year));
    match this_year {
        Some(at) if at <= context.written.saturating_add(DAY) => Some(at),
        _ => context.zone.instant(wall(year - 1)).or(this_year),
    }
}

fn month(reader: &mut Reader<'_>) -> Option<u8> {
    const NAMES: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let (name, rest) = reader.0.split_at_checked(3)?;
    let at = NAMES.chunks_exact(3).position(|month| month == name)?;
    reader.0 = rest;
    u8::try_from(at + 1).ok()
}

/// A number since 1970 whose unit follows from its length: 10 digits are seconds, 13 ms, 16 µs, 19 ns.
fn epoch(line: &[u8]) -> Option<i64> {
    let count = line.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(line.len());
    let (digits, rest) = line.split_at_checked(count)?;
    let number: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let ends = |rest: &[u8]| rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric());
    match count {
        10 => {
            let mut reader = Reader(rest);
            let nanos = reader.fraction();
            ends(reader.0).then(|| number.checked_mul(1_000_000_000)?.checked_add(i64::from(nanos))).flatten()
        }
        13 => ends(rest).then(|| number.checked_mul(1_000_000)).flatten(),
        16 => ends(rest).then(|| number.checked_mul(1_000)).flatten(),
        19 => ends(rest).then_some(number),
        _ => None,
    }
}

/// A value as text: what all layouts of one value have in common.
fn value(text: &[u8], context: &StampContext) -> Option<i64> {
    iso(text, context).or_else(|| epoch(text)).or_else(|| web(text)).or_else(|| syslog(text, context))
}

fn of_json(line: &[u8], context: &StampContext) -> Option<i64> {
    const KEYS: [&[u8]; 5] = [b"\"time\"", b"\"ts\"", b"\"timestamp\"", b"\"@timestamp\"", b"\"t\""];
    KEYS.iter().find_map(|key| {
        let mut begin = 0;
        // A key may also stand inside of a value; the next one may be the right one.
        while let Some(step) = memchr::memmem::find(line.get(begin..)?, key) {
            begin += step + key.len();
            let mut reader = Reader(line.get(begin..)?);
            while reader.skip(b" \t").is_some() {}
            if reader.skip(b":").is_some() {
                while reader.skip(b" \t").is_some() {}
                let _ = reader.skip(b"\"");
                if let Some(found) = value(reader.0, context) {
                    return Some(found);
                }
            }
        }
        None
    })
}

fn of_logfmt(line: &[u8], context: &StampContext) -> Option<i64> {
    const KEYS: [&[u8]; 4] = [b"time=", b"ts=", b"timestamp=", b"t="];
    KEYS.iter().find_map(|key| {
        let mut begin = 0;
        while let Some(step) = memchr::memmem::find(line.get(begin..)?, key) {
            let at = begin + step;
            begin = at + key.len();
            if at == 0 || line.get(at - 1) == Some(&b' ') {
                let mut reader = Reader(line.get(begin..)?);
                let _ = reader.skip(b"\"");
                if let Some(found) = value(reader.0, context) {
                    return Some(found);
                }
            }
        }
        None
    })
}

#[cfg(test)]
mod tests;
