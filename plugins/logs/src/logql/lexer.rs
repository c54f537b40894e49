//! The text of a query → tokens, each with its place.
//!
//! First half of parsing. It deliberately doesn't know which words are keywords: that depends on where they stand
//! (`json` may be a parser or a label).

use super::error::{ParseError, Place};
use super::units;

/// A piece of the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    /// As written.
    pub(super) text: &'t str,
    /// Byte offset of its first character.
    pub(super) at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Word,
    Number(f64),
    /// Nanoseconds, as Go or as Prometheus writes durations.
    Duration(i64),
    Bytes(u64),
    /// `[5m]`, in nanoseconds.
    Range(i64),
    /// Without its quotes, escapes resolved.
    Text(String),
    /// `--strict`
    Flag,
    /// Brackets, commas and operators, told apart by their text.
    Symbol,
    /// After the last token.
    End,
}

/// Longest first, so that `|=` isn't read as `|`.
const SYMBOLS: [&str; 28] = [
    "|=", "|~", "|>", "!>", "!=", "!~", "=~", "==", ">=", "<=", "|", "=", ">", "<", "+", "-", "*", "/", "%",
    "^", "(", ")", "{", "}", "]", ",", ".", ":",
];

/// All tokens, the last of them [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ParseError> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = after_blanks(text, at);
        let rest = text.get(at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            found.push(Token { kind: TokenKind::End, text: "", at });
            return Ok(found);
        };
        let (kind, length) = token(rest, first)
            .map_err(|reason| ParseError::Invalid { place: Place::of(text, at), reason })?;
        found.push(Token { kind, text: rest.get(..length).unwrap_or_default(), at });
        at += length;
    }
}

/// Skips white space and comments.
fn after_blanks(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with('#') {
            return at;
        }
        at += trimmed.find('\n').unwrap_or(trimmed.len());
    }
}

/// The kind and the length in bytes of the token at the beginning of `rest`.
fn token(rest: &str, first: char) -> Result<(TokenKind, usize), String> {
    let second = rest.chars().nth(1).unwrap_or(' ');
    match first {
        '0'..='9' => number(rest),
        '.' if second.is_ascii_digit() => number(rest),
        '"' | '`' => quoted(rest).map(|(text, length)| (TokenKind::Text(text), length)),
        '[' => range(rest),
        '-' if rest.get(2..).is_some_and(|tail| second == '-' && tail.starts_with(is_word_start)) => {
            Ok((TokenKind::Flag, 2 + word_length(rest.get(2..).unwrap_or_default(), true)))
        }
        _ if is_word_start(first) => Ok((TokenKind::Word, word_length(rest, false))),
        '$' => Err("found `$`, expected no variable: this one was not replaced by the dashboard".to_owned()),
        _ => SYMBOLS
            .iter()
            .find(|symbol| rest.starts_with(**symbol))
            .map(|symbol| (TokenKind::Symbol, symbol.len()))
            .ok_or_else(|| format!("found the character {first:?}, which has no meaning here")),
    }
}

const fn is_word_start(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_'
}

fn word_length(rest: &str, hyphens: bool) -> usize {
    let inside = |char: char| char.is_ascii_alphanumeric() || char == '_' || (hyphens && char == '-');
    rest.find(|char| !inside(char)).unwrap_or(rest.len())
}

/// A number, a duration or a size: the whole run of letters, digits and points must be one of them.
fn number(rest: &str) -> Result<(TokenKind, usize), String> {
    let mut length = 0;
    let mut before = ' ';
    for char in rest.chars() {
        let exponent_sign = matches!(char, '+' | '-') && matches!(before, 'e' | 'E');
        if !(char.is_alphanumeric() || char == '.' || exponent_sign) {
            break;
        }
        length += char.len_utf8();
        before = char;
    }
    let run = rest.get(..length).unwrap_or_default();
    let kind = if let Some(value) = units::number(run).filter(|value| value.is_finite()) {
        TokenKind::Number(value)
    } else if let Some(nanos) = units::go_duration(run).or_else(|| units::range_duration(run)) {
        TokenKind::Duration(nanos)
    } else if let Some(size) = units::bytes(run) {
        TokenKind::Bytes(size)
    } else {
        return Err(format!(
            "found `{run}`, expected a number, a duration such as `1m30s` or a size such as `20MB`"
        ));
    };
    Ok((kind, length))
}

/// `[5m]`
fn range(rest: &str) -> Result<(TokenKind, usize), String> {
    let end = rest.find(']').ok_or("found `[` without its end, expected a duration and `]`")?;
    let inside = rest.get(1..end).unwrap_or_default().trim();
    if inside.starts_with('$') {
        return Err(format!(
            "found `{inside}`, expected no variable: this one was not replaced by the dashboard"
        ));
    }
    let nanos =
        units::range_duration(inside).or_else(|| units::go_duration(inside)).filter(|nanos| *nanos > 0);
    let nanos = nanos.ok_or_else(|| {
        format!("found `[{inside}]`, expected a duration above 0 between the brackets, such as `[5m]` or `[1h30m]`")
    })?;
    Ok((TokenKind::Range(nanos), end + 1))
}

/// The quoted text at the beginning of `rest`, and how many bytes it takes with its quotes. Go's rules: escapes between
/// double and single quotes, none between backticks.
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
    let byte = |code: Option<u32>| code.and_then(|code| u8::try_from(code).ok()).ok_or_else(bad_escape);
    bytes.push(match char {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        '"' | '\'' if char == quote => quote as u8,
        'x' => byte(digits(chars, "", 2, 16))?,
        '0'..='7' => byte(digits(chars, char.encode_utf8(&mut [0; 4]), 3, 8))?,
        'u' | 'U' => {
            let length = if char == 'u' { 4 } else { 8 };
            let char = digits(chars, "", length, 16).and_then(char::from_u32).ok_or_else(bad_escape)?;
            bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        _ => {
            return Err(format!(
                "found the escape `\\{char}`, expected one of \\a \\b \\f \\n \\r \\t \\v \\\\ \\x \\u \\U, octal digits \
                 or the quote (in a pattern write `\\\\{char}`, or put it between backticks)"
            ));
        }
    });
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
