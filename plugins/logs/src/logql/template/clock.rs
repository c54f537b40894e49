//! Times in templates: Go's layouts, and numbers of seconds since the epoch.
//!
//! It deliberately knows one time zone, UTC: what a template prints must not depend on the machine.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{OffsetDateTime, UtcDateTime};

const NANOS: i64 = 1_000_000_000;

/// The pieces of a layout, the longer of two that begin alike first.
const PIECES: [&str; 24] = [
    "January", "Jan", "Monday", "Mon", "MST", "2006", "-07:00", "-0700", "-07", "Z07:00", "Z0700", "01",
    "02", "03", "04", "05", "06", "15", "PM", "pm", "_2", "1", "2", "3",
];

pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// As Go prints a time that nobody asked to format.
pub(super) fn print(nanos: i64) -> String {
    format("2006-01-02 15:04:05.999999999 -0700 MST", nanos)
}

/// A time in a layout of Go, which is the time 2006-01-02 15:04:05 written as wanted.
pub(super) fn format(layout: &str, nanos: i64) -> String {
    let moment = UtcDateTime::from_unix_timestamp_nanos(i128::from(nanos)).unwrap_or(UtcDateTime::UNIX_EPOCH);
    let mut out = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some((digits, zeros, length)) = fraction(rest, &out) {
            out.push_str(&fraction_of(nanos.rem_euclid(NANOS), digits, zeros));
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        if let Some(piece) = PIECES.iter().find(|piece| rest.starts_with(**piece)) {
            push(&mut out, piece, moment);
            rest = rest.get(piece.len()..).unwrap_or_default();
        } else if let Some(tail) = rest.strip_prefix(['4', '5']) {
            let value = if first == '4' { moment.minute() } else { moment.second() };
            out.push_str(&value.to_string());
            rest = tail;
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

fn push(out: &mut String, piece: &str, at: UtcDateTime) {
    let hour = (at.hour() + 11) % 12 + 1;
    let month = u8::from(at.month());
    let short = |name: String| name.get(..3).map(str::to_owned).unwrap_or_default();
    out.push_str(&match piece {
        "January" => at.month().to_string(),
        "Jan" => short(at.month().to_string()),
        "Monday" => at.weekday().to_string(),
        "Mon" => short(at.weekday().to_string()),
        "MST" => "UTC".to_owned(),
        "2006" => format!("{:04}", at.year()),
        "06" => format!("{:02}", at.year().rem_euclid(100)),
        "-07:00" => "+00:00".to_owned(),
        "-0700" => "+0000".to_owned(),
        "-07" => "+00".to_owned(),
        "Z07:00" | "Z0700" => "Z".to_owned(),
        "01" => format!("{month:02}"),
        "1" => month.to_string(),
        "02" => format!("{:02}", at.day()),
        "_2" => format!("{:2}", at.day()),
        "2" => at.day().to_string(),
        "15" => format!("{:02}", at.hour()),
        "03" => format!("{hour:02}"),
        "3" => hour.to_string(),
        "04" => format!("{:02}", at.minute()),
        "05" => format!("{:02}", at.second()),
        "PM" => if at.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        "pm" => if at.hour() < 12 { "am" } else { "pm" }.to_owned(),
        _ => String::new(),
    });
}

/// A fraction of a second at the beginning of a layout: digits, whether zeros at the end stay, and its length.
fn fraction(layout: &str, before: &str) -> Option<(usize, bool, usize)> {
    let digits = layout.strip_prefix(['.', ','])?;
    let kind = digits.bytes().next().filter(|digit| matches!(digit, b'0' | b'9'))?;
    let count = digits.bytes().take_while(|digit| *digit == kind).count();
    let ends = digits.as_bytes().get(count).is_none_or(|next| !next.is_ascii_digit());
    let after_second = before.ends_with(|char: char| char.is_ascii_digit());
    (ends && after_second).then_some((count.min(9), kind == b'0', count + 1))
}

fn fraction_of(nanos: i64, digits: usize, zeros: bool) -> String {
    let all = format!("{nanos:09}");
    let kept = all.get(..digits).unwrap_or(&all);
    let kept = if zeros { kept } else { kept.trim_end_matches('0') };
    if kept.is_empty() { String::new() } else { format!(".{kept}") }
}

/// A number since the epoch as text: its length says whether it is days, seconds, or parts of seconds.
pub(super) fn of_epoch(text: &str) -> Result<i64, String> {
    let number: i64 =
        text.parse().map_err(|_| format!("found {text:?}, expected a number since the epoch"))?;
    let scale = match text.len() {
        5 => 86_400 * NANOS,
        10 => NANOS,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        digits => return Err(format!("found {digits} digits, expected 5, 10, 13, 16 or 19")),
    };
    let nanos = number.checked_mul(scale).ok_or("found a time that is too far away")?;
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanos)).map_err(|error| error.to_string())?;
    Ok(nanos)
}
