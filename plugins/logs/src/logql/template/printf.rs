//! `printf` of templates: the verbs of Go that texts and numbers have.
//!
//! It deliberately never fails: as in Go, a verb that doesn't fit says so in the output.

use super::MAX_OUTPUT;
use super::value::{self, Value};

/// What stands between `%` and the verb.
#[derive(Debug, Default, Clone, Copy)]
struct Flags {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

pub(super) fn printf(format: &str, mut arguments: std::vec::IntoIter<Value<'_>>) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some((text, spec)) = rest.split_once('%') {
        out.push_str(text);
        let (flags, tail) = flags(spec);
        let Some(verb) = tail.chars().next() else {
            out.push_str("%!(NOVERB)");
            return out;
        };
        rest = tail.get(verb.len_utf8()..).unwrap_or_default();
        if verb == '%' {
            out.push('%');
            continue;
        }
        match arguments.next() {
            Some(value) => out.push_str(&padded(&written(verb, flags, &value), flags)),
            None => out.push_str(&format!("%!{verb}(MISSING)")),
        }
        if out.len() > MAX_OUTPUT {
            return out;
        }
    }
    out.push_str(rest);
    let extra: Vec<String> =
        arguments.map(|value| format!("{}={}", value.type_name(), value.printed())).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn flags(spec: &str) -> (Flags, &str) {
    let mut flags = Flags::default();
    let mut rest = spec;
    loop {
        match rest.bytes().next() {
            Some(b'-') => flags.minus = true,
            Some(b'+') => flags.plus = true,
            Some(b' ') => flags.space = true,
            Some(b'0') => flags.zero = true,
            Some(b'#') => {}
            _ => break,
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    let (width, tail) = digits(rest);
    flags.width = width.unwrap_or_default();
    rest = tail;
    if let Some(tail) = rest.strip_prefix('.') {
        let (precision, tail) = digits(tail);
        flags.precision = Some(precision.unwrap_or_default());
        rest = tail;
    }
    (flags, rest)
}

/// A number of at most a million, as Go has it.
fn digits(text: &str) -> (Option<usize>, &str) {
    let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or_default();
    (digits.parse().ok().map(|number: usize| number.min(1_000_000)), rest)
}

fn written(verb: char, flags: Flags, value: &Value<'_>) -> String {
    let sign = |negative: bool| match (negative, flags.plus, flags.space) {
        (true, ..) => "",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    match (verb, value) {
        ('s' | 'v', Value::Text(text)) => cut(text, flags.precision),
        ('q', Value::Text(text)) => crate::logql::print::Quoted(&cut(text, flags.precision)).to_string(),
        ('x', Value::Text(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('d' | 'v', Value::Int(number)) => format!("{}{number}", sign(*number < 0)),
        ('x', Value::Int(number)) => signed_radix(*number, |n| format!("{n:x}")),
        ('X', Value::Int(number)) => signed_radix(*number, |n| format!("{n:X}")),
        ('o', Value::Int(number)) => signed_radix(*number, |n| format!("{n:o}")),
        ('b', Value::Int(number)) => signed_radix(*number, |n| format!("{n:b}")),
        ('f' | 'F', Value::Float(number)) => {
            format!("{}{number:.*}", sign(number.is_sign_negative()), flags.precision.unwrap_or(6).min(1000))
        }
        ('v' | 'g', Value::Float(number)) if flags.precision.is_none() => {
            format!("{}{}", sign(number.is_sign_negative()), value::float(*number))
        }
        ('t' | 'v', Value::Bool(_)) | ('v' | 's', Value::Time(_)) => value.printed().into_owned(),
        _ => format!("%!{verb}({}={})", value.type_name(), value.printed()),
    }
}

fn cut(text: &str, precision: Option<usize>) -> String {
    text.chars().take(precision.unwrap_or(usize::MAX)).collect()
}

fn signed_radix(number: i64, write: impl Fn(u64) -> String) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", write(number.unsigned_abs()))
}

fn padded(text: &str, flags: Flags) -> String {
    let missing = flags.width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text.to_owned();
    }
    if flags.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if !flags.zero {
        return format!("{}{text}", " ".repeat(missing));
    }
    let sign = text
        .chars()
        .next()
        .filter(|first| matches!(first, '+' | '-'))
        .map_or("", |_| text.get(..1).unwrap_or_default());
    format!("{sign}{}{}", "0".repeat(missing), text.get(sign.len()..).unwrap_or_default())
}
