//! Numbers, durations and quoted texts, by the rules of Go, which are PromQL's.
//!
//! Part of reading tokens. It deliberately knows no place in the query: errors say what is wrong, the lexer where.

/// A thousand years, in milliseconds: no time range is longer, and no sum of a few of these leaves 64 bits.
pub(super) const LONGEST: i64 = 1000 * 365 * DAY;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Largest first; a duration names each unit once and in this order.
const UNITS: [(&str, i64); 7] =
    [("y", 365 * DAY), ("w", 7 * DAY), ("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)];

/// A number as PromQL writes it: decimal, `0x` hexadecimal, or octal with a leading zero as Go has it.
pub(super) fn number(text: &str) -> Option<f64> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(digits, 16).ok().map(|value| value as f64);
    }
    let octal = text.strip_prefix('0').filter(|rest| !rest.is_empty());
    if let Some(value) = octal.and_then(|digits| i64::from_str_radix(digits, 8).ok()) {
        return Some(value as f64);
    }
    // Rust reads words such as `inf` as numbers too; those never begin with a digit or a point.
    text.parse().ok()
}

/// A duration such as `1h30m`, in milliseconds.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    const EXPECTED: &str = "expected digits and a unit (ms, s, m, h, d, w, y), larger units first";
    let mut rest = text;
    let mut total = 0_i64;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).ok_or(EXPECTED)?;
        let (count, tail) = rest.split_at_checked(digits).ok_or(EXPECTED)?;
        let letters = tail.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters).ok_or(EXPECTED)?;
        let (_, millis) = units.find(|(name, _)| *name == unit).ok_or(EXPECTED)?;
        let count: i64 = count.parse().map_err(|_| EXPECTED)?;
        total = count
            .checked_mul(*millis)
            .and_then(|part| part.checked_add(total))
            .filter(|total| *total <= LONGEST)
            .ok_or("it is longer than 1000 years")?;
        rest = tail;
    }
    Ok(total)
}

/// Seconds in milliseconds; `None` if that is longer than any duration.
pub(super) fn seconds(value: f64) -> Option<i64> {
    let millis = (value * 1000.0).round();
    (millis.abs() <= LONGEST as f64).then_some(millis as i64)
}

/// The quoted text at the beginning of `rest`, and how many bytes it takes with its quotes.
pub(super) fn quoted(rest: &str) -> Result<(String, usize), String> {
    let mut chars = rest.char_indices();
    let quote = chars.next().map_or('"', |(_, quote)| quote);
    let mut bytes = Vec::new();
    while let Some((at, char)) = chars.next() {
        match char {
            _ if char == quote => {
                let text = String::from_utf8(bytes)
                    .map_err(|_| "found escapes that aren't UTF-8 together, expected text".to_owned())?;
                return Ok((text, at + quote.len_utf8()));
            }
            '\n' if quote != '`' => break,
            '\\' if quote != '`' => escape(&mut chars, quote, &mut bytes)?,
            _ => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err(format!("found a text without its end, expected a closing {quote}"))
}

/// Resolves what follows a backslash.
fn escape(chars: &mut std::str::CharIndices<'_>, quote: char, bytes: &mut Vec<u8>) -> Result<(), String> {
    let Some((_, char)) = chars.next() else {
        return Err("found a backslash at the end of the query".to_owned());
    };
    let byte = match char {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        _ if char == quote => quote as u8,
        'x' => digits(chars, "", 2, 16).and_then(|code| u8::try_from(code).ok()).ok_or_else(bad_escape)?,
        '0'..='7' => digits(chars, char.encode_utf8(&mut [0; 4]), 3, 8)
            .and_then(|code| u8::try_from(code).ok())
            .ok_or_else(bad_escape)?,
        'u' | 'U' => {
            let length = if char == 'u' { 4 } else { 8 };
            let char = digits(chars, "", length, 16).and_then(char::from_u32).ok_or_else(bad_escape)?;
            bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        _ => {
            let help =
                "expected one of \\a \\b \\f \\n \\r \\t \\v \\\\ \\x \\u \\U, octal digits or the quote";
            return Err(format!("found the escape `\\{char}`, {help} (in a pattern write `\\\\{char}`)"));
        }
    };
    bytes.push(byte);
    Ok(())
}

fn bad_escape() -> String {
    "found an escape with bad digits, expected \\xHH, \\uHHHH, \\UHHHHHHHH or \\ooo".to_owned()
}

/// The value of `length` digits, of which `first` were read already.
fn digits(chars: &mut std::str::CharIndices<'_>, first: &str, length: usize, radix: u32) -> Option<u32> {
    let mut text = first.to_owned();
    while text.len() < length {
        text.push(chars.next().map(|(_, char)| char).filter(|char| char.is_digit(radix))?);
    }
    u32::from_str_radix(&text, radix).ok()
}
