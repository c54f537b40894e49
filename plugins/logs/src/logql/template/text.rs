//! The functions of templates that work on texts alone.
//!
//! Counts and positions are of characters, as in Go; deliberately no function here depends on a locale.

use std::borrow::Cow;
use std::vec::IntoIter;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::MAX_OUTPUT;
use super::functions::{next, owned};
use super::value::Value;

/// What `url.QueryEscape` of Go leaves as it is, besides letters and digits.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

pub(super) fn call<'v>(
    name: &str,
    first: Value<'v>,
    mut arguments: IntoIter<Value<'v>>,
) -> Result<Value<'v>, String> {
    Ok(match name {
        "trunc" | "indent" | "nindent" | "repeat" | "alignLeft" | "alignRight" => {
            let count = first.int()?;
            let text = next(&mut arguments)?.text()?;
            owned(counted(name, count, &text)?)
        }
        "substr" => {
            let end = next(&mut arguments)?.int()?;
            let text = next(&mut arguments)?.text()?;
            owned(substring(first.int()?, end, &text))
        }
        "ToLower" | "lower" => owned(first.text()?.chars().map(lower).collect()),
        "ToUpper" | "upper" => owned(first.text()?.chars().map(upper).collect()),
        "title" => owned(title(&first.text()?)),
        "TrimSpace" | "trim" => part(first.text()?, str::trim),
        "urlencode" => owned(utf8_percent_encode(&first.text()?, QUERY).to_string().replace(' ', "+")),
        "urldecode" => {
            let plain = first.text()?.replace('+', " ");
            owned(percent_decode_str(&plain).decode_utf8_lossy().into_owned())
        }
        _ => two_texts(name, first.text()?, next(&mut arguments)?.text()?, arguments)?,
    })
}

fn two_texts<'v>(
    name: &str,
    first: Cow<'v, str>,
    second: Cow<'v, str>,
    mut arguments: IntoIter<Value<'v>>,
) -> Result<Value<'v>, String> {
    let of = |set: &str, char: char| set.contains(char);
    Ok(match name {
        // The old names take the text first, the new ones last.
        "Trim" => part(first, |text| text.trim_matches(|char| of(&second, char))),
        "TrimLeft" => part(first, |text| text.trim_start_matches(|char| of(&second, char))),
        "TrimRight" => part(first, |text| text.trim_end_matches(|char| of(&second, char))),
        "TrimPrefix" => part(first, |text| text.strip_prefix(second.as_ref()).unwrap_or(text)),
        "TrimSuffix" => part(first, |text| text.strip_suffix(second.as_ref()).unwrap_or(text)),
        "trimAll" => part(second, |text| text.trim_matches(|char| of(&first, char))),
        "trimPrefix" => part(second, |text| text.strip_prefix(first.as_ref()).unwrap_or(text)),
        "trimSuffix" => part(second, |text| text.strip_suffix(first.as_ref()).unwrap_or(text)),
        "contains" => Value::Bool(second.contains(first.as_ref())),
        "hasPrefix" => Value::Bool(second.starts_with(first.as_ref())),
        "hasSuffix" => Value::Bool(second.ends_with(first.as_ref())),
        "replace" => {
            let text = next(&mut arguments)?.text()?;
            replaced(&text, &first, &second, usize::MAX)?
        }
        "Replace" => {
            let new = next(&mut arguments)?.text()?;
            let times = next(&mut arguments)?.int()?;
            replaced(&first, &second, &new, usize::try_from(times).unwrap_or(usize::MAX))?
        }
        _ => return Err("the function has no meaning".to_owned()),
    })
}

/// Keeps a borrowed text borrowed.
fn part<'v>(text: Cow<'v, str>, of: impl Fn(&str) -> &str) -> Value<'v> {
    Value::Text(match text {
        Cow::Borrowed(text) => {
            let kept = of(text);
            let begin = kept.as_ptr().addr() - text.as_ptr().addr();
            Cow::Borrowed(text.get(begin..begin + kept.len()).unwrap_or_default())
        }
        Cow::Owned(text) => Cow::Owned(of(&text).to_owned()),
    })
}

fn replaced<'v>(text: &str, old: &str, new: &str, times: usize) -> Result<Value<'v>, String> {
    let most = text.len().saturating_add(1).saturating_mul(new.len().max(1));
    if most > MAX_OUTPUT && text.matches(old).count().saturating_mul(new.len()) > MAX_OUTPUT {
        return Err(format!("it makes more than {MAX_OUTPUT} bytes"));
    }
    Ok(owned(text.replacen(old, new, times)))
}

fn counted(name: &str, count: i64, text: &str) -> Result<String, String> {
    let width = usize::try_from(count).unwrap_or_default();
    let lines = text.matches('\n').count() + 1;
    let makes = match name {
        "repeat" => text.len().saturating_mul(width),
        "indent" | "nindent" => lines.saturating_mul(width),
        _ => width,
    };
    if name != "trunc" && makes > MAX_OUTPUT {
        return Err(format!("it makes more than {MAX_OUTPUT} bytes"));
    }
    let length = || text.chars().count();
    Ok(match name {
        "trunc" if count < 0 => {
            let skip = length().saturating_sub(usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX));
            text.chars().skip(skip).collect()
        }
        "trunc" => text.chars().take(width).collect(),
        "repeat" if count < 0 => return Err("found a negative count".to_owned()),
        "repeat" => text.repeat(width),
        "alignLeft" if count < 0 => text.to_owned(),
        "alignLeft" => text.chars().chain(std::iter::repeat(' ')).take(width).collect(),
        "alignRight" if count < 0 => text.to_owned(),
        "alignRight" => {
            let (length, blank) = (length(), ' ');
            let pad = std::iter::repeat_n(blank, width.saturating_sub(length));
            pad.chain(text.chars().skip(length.saturating_sub(width))).collect()
        }
        _ if count < 0 => return Err("found a negative count".to_owned()),
        _ => {
            let pad = " ".repeat(width);
            let begin = if name == "nindent" { "\n" } else { "" };
            format!("{begin}{pad}{}", text.replace('\n', &format!("\n{pad}")))
        }
    })
}

/// Characters from `start` up to `end`; a negative end is the end of the text, a negative start counts from nothing.
fn substring(start: i64, end: i64, text: &str) -> String {
    let clamped = |at: i64| usize::try_from(at).unwrap_or_default();
    match (start < 0, end < 0) {
        (true, true) => String::new(),
        (true, false) => text.chars().take(clamped(end)).collect(),
        (false, true) => text.chars().skip(clamped(start)).collect(),
        (false, false) => text.chars().take(clamped(end)).skip(clamped(start)).collect(),
    }
}

fn lower(char: char) -> char {
    only(char.to_lowercase()).unwrap_or(char)
}

/// Go maps characters to characters: one that would become two stays.
fn upper(char: char) -> char {
    only(char.to_uppercase()).unwrap_or(char)
}

fn only(mut cases: impl Iterator<Item = char>) -> Option<char> {
    let case = cases.next();
    case.filter(|_| cases.next().is_none())
}

/// The first letter of each word in upper case.
fn title(text: &str) -> String {
    let mut before = ' ';
    let mut raise = |char: char| {
        let begins =
            !(before.is_alphanumeric() || before == '_') && (before.is_ascii() || before.is_whitespace());
        before = char;
        if begins { upper(char) } else { char }
    };
    text.chars().map(&mut raise).collect()
}
