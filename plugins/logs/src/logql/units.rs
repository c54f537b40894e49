//! Durations, sizes and numbers as texts: of queries, and of labels that filters and `unwrap` convert.
//!
//! It deliberately knows two ways to write a duration: Go's, which labels have, and Prometheus', which ranges have.

const NANOSECOND: i64 = 1;
const MICROSECOND: i64 = 1_000;
const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Units of Go's `time.ParseDuration`.
const GO_UNITS: [(&str, i64); 8] = [
    ("ns", NANOSECOND),
    ("us", MICROSECOND),
    ("µs", MICROSECOND),
    ("μs", MICROSECOND),
    ("ms", MILLISECOND),
    ("s", SECOND),
    ("m", MINUTE),
    ("h", HOUR),
];

/// Units of Prometheus' durations, largest first; each at most once and in this order.
const RANGE_UNITS: [(&str, i64); 7] = [
    ("y", 365 * DAY),
    ("w", 7 * DAY),
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
    ("ms", MILLISECOND),
];

/// Sizes by their unit in lower case, as the package `humanize` of Go has them.
const SIZES: [(&str, u64); 7] = [
    ("", 1),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("p", 1_000_000_000_000_000),
    ("e", 1_000_000_000_000_000_000),
];

/// A duration such as `1.5h` or `-2m30s`, in nanoseconds; `None` for anything else.
pub(super) fn go_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i64;
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(end)?;
        let end = tail.find(|char: char| char.is_ascii_digit() || char == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end)?;
        let (_, nanos) = GO_UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(scaled(number, *nanos)?)?;
        rest = tail;
    }
    Some(if negative { -total } else { total })
}

/// A decimal number times a unit, cut to whole nanoseconds as Go does it.
fn scaled(number: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Digits beyond what 64 bits hold change nothing.
    let (mut value, mut scale) = (0_i64, 1.0_f64);
    for digit in fraction.bytes() {
        let Some(next) = value.checked_mul(10).and_then(|v| v.checked_add(i64::from(digit - b'0'))) else {
            break;
        };
        value = next;
        scale *= 10.0;
    }
    let part = (value as f64 * (unit as f64 / scale)) as i64;
    whole.checked_mul(unit)?.checked_add(part)
}

/// A duration such as `5m`, `1h30m` or `1d`, in nanoseconds.
pub(super) fn range_duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0_i64;
    let mut units = RANGE_UNITS.iter();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_digit())?;
        let (count, tail) = rest.split_at_checked(end)?;
        let end = tail.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end)?;
        let (_, nanos) = units.find(|(name, _)| *name == unit)?;
        total = count.parse::<i64>().ok()?.checked_mul(*nanos)?.checked_add(total)?;
        rest = tail;
    }
    Some(total)
}

/// A size such as `1.5KiB`, `42 MB` or `1,024`, in bytes; `None` for anything else.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let end =
        text.find(|char: char| !char.is_ascii_digit() && !matches!(char, '.' | ',')).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let number: f64 =
        if number.contains(',') { number.replace(',', "").parse().ok()? } else { number.parse().ok()? };
    let size = number * unit_size(unit.trim())?;
    (size < u64::MAX as f64).then_some(size as u64)
}

fn unit_size(unit: &str) -> Option<f64> {
    let unit = unit.to_ascii_lowercase();
    let short = unit.strip_suffix('b').unwrap_or(&unit);
    let power = |short: &str| SIZES.iter().position(|(name, _)| *name == short);
    if let Some(binary) = short.strip_suffix('i') {
        let power = power(binary).filter(|power| *power > 0)?;
        return Some(1024_f64.powi(i32::try_from(power).ok()?));
    }
    SIZES.get(power(short)?).map(|(_, size)| *size as f64)
}

/// A number as Go's `strconv.ParseFloat` reads it.
pub(super) fn number(text: &str) -> Option<f64> {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    if bare.is_empty() || bare.starts_with(['+', '-']) {
        return None;
    }
    if !text.contains('_') {
        // Rust reads `inf`, `infinity` and `nan` too, as Go does. Hexadecimal, which Go knows, no log has.
        return text.parse().ok();
    }
    let digit = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    let between_digits = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    let well_placed = text.match_indices('_').all(|(at, _)| between_digits(at));
    if well_placed { text.replace('_', "").parse().ok() } else { None }
}

/// The shortest text that [`go_duration`] reads back to the same value, as Go prints it: `1h30m0s`, `1.5s`, `20ms`.
pub(super) fn print_go_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let left = nanos.unsigned_abs();
    let second = SECOND.unsigned_abs();
    if left == 0 {
        return "0s".to_owned();
    }
    if left < second {
        let (unit, name) = match left {
            0..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "µs"),
            _ => (1_000_000, "ms"),
        };
        return format!("{sign}{}{name}", decimal(left, unit));
    }
    let (hours, minutes) = (left / (3600 * second), left / (60 * second) % 60);
    let seconds = decimal(left % (60 * second), second);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

/// `value / unit` with as many digits as needed; the unit is a power of ten.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, fraction) = (value / unit, value % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    format!("{whole}.{fraction:0width$}").trim_end_matches('0').to_owned()
}

/// The text of a range: whole units, largest first.
pub(super) fn print_range_duration(nanos: i64) -> String {
    let mut left = nanos;
    let mut text = String::new();
    for (name, unit) in RANGE_UNITS {
        if left >= unit {
            text.push_str(&format!("{}{name}", left / unit));
            left %= unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
