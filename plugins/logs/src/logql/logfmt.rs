//! `| logfmt`: `key=value key="a value" key`.
//!
//! A stage of the pipeline. By default it passes over what it can't read, as Loki since 3.0; `--strict` ends with an
//! error at the first such place, as older ones. It deliberately knows no nesting.

use super::ast::Logfmt;
use super::scope::{MAX_LABELS, Scope, TooManyLabels, Wanted, push_lossy, push_sanitized};

/// The value of `__error__` if a line is no logfmt.
const LOGFMT_ERROR: &str = "LogfmtParserErr";

/// Gives a label for every pair, or for those that are named.
pub(super) fn logfmt(line: &[u8], options: &Logfmt, scope: &mut Scope<'_>) {
    if *scope.wanted == Wanted::None {
        return;
    }
    scope.begin_parser();
    let mut pairs = Pairs { line, at: 0 };
    let mut name = String::new();
    let mut value = String::new();
    loop {
        value.clear();
        let pair = match pairs.next(&mut value) {
            None => break,
            Some(Ok(key)) => key,
            Some(Err(reason)) if options.strict => {
                let at = pairs.at + 1;
                scope.fail(LOGFMT_ERROR, &format!("logfmt syntax error at pos {at}: {reason}"));
                break;
            }
            Some(Err(_)) => {
                pairs.skip_pair();
                continue;
            }
        };
        name.clear();
        push_sanitized(&mut name, pair, false);
        if put(pair, &name, &value, options, scope).is_err() {
            scope.fail(LOGFMT_ERROR, &format!("the line has more than {MAX_LABELS} keys"));
            break;
        }
    }
    for field in &options.fields {
        if scope.get(&field.label).is_none() && scope.set(&field.label, "").is_err() {
            scope.fail(LOGFMT_ERROR, &format!("the line has more than {MAX_LABELS} keys"));
            return;
        }
    }
}

fn put(
    key: &str,
    name: &str,
    value: &str,
    options: &Logfmt,
    scope: &mut Scope<'_>,
) -> Result<(), TooManyLabels> {
    if !options.fields.is_empty() {
        for field in options.fields.iter().filter(|field| field.from == key || field.from == name) {
            scope.extract_bytes(&field.label, value.as_bytes())?;
        }
        return Ok(());
    }
    if name.is_empty() || (value.is_empty() && !options.keep_empty) || !scope.wanted.label(name) {
        return Ok(());
    }
    scope.extract_bytes(name, value.as_bytes())
}

/// Walks over the pairs of a line.
struct Pairs<'l> {
    line: &'l [u8],
    at: usize,
}

impl<'l> Pairs<'l> {
    /// The next key, with its value put into the buffer. `None` at the end of the line.
    fn next(&mut self, value: &mut String) -> Option<Result<&'l str, &'static str>> {
        let rest = self.rest();
        self.at += rest.iter().position(|byte| *byte > b' ').unwrap_or(rest.len());
        if self.rest().is_empty() {
            return None;
        }
        Some(self.pair(value))
    }

    fn pair(&mut self, value: &mut String) -> Result<&'l str, &'static str> {
        let rest = self.rest();
        let length =
            rest.iter().position(|byte| matches!(byte, b'=' | b'"' | 0..=b' ')).unwrap_or(rest.len());
        let key = rest.get(..length).unwrap_or_default();
        self.at += length;
        match rest.get(length) {
            Some(b'"') => return Err("unexpected '\"'"),
            Some(b'=') if key.is_empty() => return Err("unexpected '='"),
            _ => {}
        }
        let key = std::str::from_utf8(key).ok().filter(|key| !key.contains(char::REPLACEMENT_CHARACTER));
        let key = key.ok_or("invalid key")?;
        if rest.get(length) != Some(&b'=') {
            return Ok(key);
        }
        self.at += 1;
        match self.rest().first() {
            None | Some(0..=b' ') => Ok(key),
            Some(b'"') => self.quoted(value).map(|()| key),
            Some(_) => self.plain(value).map(|()| key),
        }
    }

    fn plain(&mut self, value: &mut String) -> Result<(), &'static str> {
        let rest = self.rest();
        let length =
            rest.iter().position(|byte| matches!(byte, b'=' | b'"' | 0..=b' ')).unwrap_or(rest.len());
        self.at += length;
        match rest.get(length) {
            Some(b'=') => Err("unexpected '='"),
            Some(b'"') => Err("unexpected '\"'"),
            _ => {
                push_lossy(value, rest.get(..length).unwrap_or_default());
                Ok(())
            }
        }
    }

    fn quoted(&mut self, value: &mut String) -> Result<(), &'static str> {
        let rest = self.rest().get(1..).unwrap_or_default();
        let (mut escaped, mut has_escapes) = (false, false);
        for (at, byte) in rest.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => (escaped, has_escapes) = (true, true),
                b'"' => {
                    self.at += at + 2;
                    let inside = rest.get(..at).unwrap_or_default();
                    if !has_escapes {
                        push_lossy(value, inside);
                        return Ok(());
                    }
                    return unescape(inside, value).ok_or("invalid quoted value");
                }
                _ => {}
            }
        }
        self.at = self.line.len();
        Err("unterminated quoted value")
    }

    fn rest(&self) -> &'l [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    /// After an error: on to the next blank.
    fn skip_pair(&mut self) {
        let rest = self.rest();
        self.at += rest.iter().position(|byte| *byte <= b' ').unwrap_or(rest.len());
    }
}

/// Resolves the escapes of JSON and `\'`. `None` for others and for control characters.
fn unescape(text: &[u8], value: &mut String) -> Option<()> {
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        if *first < b' ' {
            return None;
        }
        if *first != b'\\' {
            let length = rest.iter().position(|byte| matches!(byte, b'\\' | 0..b' ')).unwrap_or(rest.len());
            push_lossy(value, rest.get(..length)?);
            rest = rest.get(length..)?;
            continue;
        }
        let (escape, tail) = tail.split_first()?;
        rest = tail;
        value.push(match escape {
            b'"' | b'\\' | b'/' | b'\'' => char::from(*escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = hexadecimal(rest)?;
                rest = rest.get(4..)?;
                let low = rest
                    .strip_prefix(b"\\u")
                    .and_then(hexadecimal)
                    .filter(|low| (0xdc00..0xe000).contains(low));
                match (unit, low) {
                    (0xd800..0xdc00, Some(low)) => {
                        rest = rest.get(6..)?;
                        char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?
                    }
                    _ => char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            _ => return None,
        });
    }
    Some(())
}

/// The value of four digits.
fn hexadecimal(text: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(..4)?).ok()?;
    digits
        .bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(digits, 16).ok())
        .flatten()
}
