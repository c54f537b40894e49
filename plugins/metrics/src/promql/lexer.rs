//! The text of a query → tokens, each with its place.
//!
//! First half of parsing. It deliberately doesn't know which words are keywords: in PromQL that depends on
//! where they stand (`sum` may be an aggregation or a metric).

use super::error::{Place, PromqlError};
use super::literal;

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
    /// Metric, label, function or keyword; may hold colons.
    Word,
    Number(f64),
    /// Milliseconds.
    Duration(i64),
    /// Without its quotes, escapes resolved.
    Text(String),
    /// Brackets, commas and operators, told apart by their text.
    Symbol,
    /// After the last token.
    End,
}

/// Longest first, so that `=~` isn't read as `=`.
const SYMBOLS: [&str; 25] = [
    "==", "=~", "!=", "!~", ">=", "<=", "=", ">", "<", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[",
    "]", ",", ":", "@", "|",
];

/// All tokens, the last of them [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, PromqlError> {
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
            .map_err(|reason| PromqlError::Invalid { place: Place::of(text, at), reason })?;
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
        '"' | '\'' | '`' => {
            let (text, length) = literal::quoted(rest)?;
            Ok((TokenKind::Text(text), length))
        }
        ':' if is_word_start(second) => Ok((TokenKind::Word, word_length(rest))),
        _ if is_word_start(first) => Ok((TokenKind::Word, word_length(rest))),
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

fn word_length(rest: &str) -> usize {
    rest.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_' || char == ':'))
        .unwrap_or(rest.len())
}

/// A number or a duration. The whole run of letters, digits and points must be one or the other.
fn number(rest: &str) -> Result<(TokenKind, usize), String> {
    let mut length = 0;
    let mut before = ' ';
    for char in rest.chars() {
        let exponent_sign = matches!(char, '+' | '-') && matches!(before, 'e' | 'E') && !is_hex(rest);
        if !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_') || exponent_sign) {
            break;
        }
        length += char.len_utf8();
        before = char;
    }
    let run = rest.get(..length).unwrap_or_default();
    if let Some(number) = literal::number(run) {
        return Ok((TokenKind::Number(number), length));
    }
    literal::duration(run)
        .map(|duration| (TokenKind::Duration(duration), length))
        .map_err(|reason| format!("found `{run}`, which is neither a number nor a duration: {reason}"))
}

fn is_hex(text: &str) -> bool {
    text.starts_with("0x") || text.starts_with("0X")
}
