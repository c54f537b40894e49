//! The functions of templates: which there are, what they take, what they give.
//!
//! Their names and rules are those that Loki documents. It deliberately compiles patterns once, so they must be
//! written in the template.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::vec::IntoIter;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::value::Value;
use super::{Operand, View, clock, printf, text};
use crate::logql::regexp::Regexp;
use crate::logql::units;

/// A function by its name, with its pattern if it has one.
#[derive(Debug, Clone)]
pub(super) struct Function {
    name: &'static str,
    pattern: Option<Box<Regexp>>,
}

/// Names, the least and the largest number of arguments; a pattern is the first of them and counts.
const FUNCTIONS: [(&str, usize, usize); 75] = [
    ("ToLower", 1, 1),
    ("ToUpper", 1, 1),
    ("Replace", 4, 4),
    ("Trim", 2, 2),
    ("TrimLeft", 2, 2),
    ("TrimRight", 2, 2),
    ("TrimPrefix", 2, 2),
    ("TrimSuffix", 2, 2),
    ("TrimSpace", 1, 1),
    ("lower", 1, 1),
    ("upper", 1, 1),
    ("title", 1, 1),
    ("trunc", 2, 2),
    ("substr", 3, 3),
    ("contains", 2, 2),
    ("hasPrefix", 2, 2),
    ("hasSuffix", 2, 2),
    ("indent", 2, 2),
    ("nindent", 2, 2),
    ("replace", 3, 3),
    ("repeat", 2, 2),
    ("trim", 1, 1),
    ("trimAll", 2, 2),
    ("trimSuffix", 2, 2),
    ("trimPrefix", 2, 2),
    ("alignLeft", 2, 2),
    ("alignRight", 2, 2),
    ("default", 2, 2),
    ("b64enc", 1, 1),
    ("b64dec", 1, 1),
    ("urlencode", 1, 1),
    ("urldecode", 1, 1),
    ("bytes", 1, 1),
    ("duration", 1, 1),
    ("duration_seconds", 1, 1),
    ("regexReplaceAll", 3, 3),
    ("regexReplaceAllLiteral", 3, 3),
    ("count", 2, 2),
    ("add", 1, MANY),
    ("sub", 2, 2),
    ("mul", 1, MANY),
    ("div", 2, 2),
    ("mod", 2, 2),
    ("addf", 1, MANY),
    ("subf", 1, MANY),
    ("mulf", 1, MANY),
    ("divf", 1, MANY),
    ("max", 1, MANY),
    ("min", 1, MANY),
    ("maxf", 1, MANY),
    ("minf", 1, MANY),
    ("ceil", 1, 1),
    ("floor", 1, 1),
    ("round", 2, 3),
    ("int", 1, 1),
    ("float64", 1, 1),
    ("date", 2, 2),
    ("unixEpoch", 1, 1),
    ("unixEpochMillis", 1, 1),
    ("unixEpochNanos", 1, 1),
    ("unixToTime", 1, 1),
    ("now", 0, 0),
    ("__line__", 0, 0),
    ("__timestamp__", 0, 0),
    ("and", 1, MANY),
    ("or", 1, MANY),
    ("not", 1, 1),
    ("eq", 2, MANY),
    ("ne", 2, 2),
    ("lt", 2, 2),
    ("le", 2, 2),
    ("gt", 2, 2),
    ("ge", 2, 2),
    ("len", 1, 1),
    ("printf", 1, MANY),
];

const MANY: usize = 64;

impl Function {
    /// A function by its name. Its pattern is taken out of the operands.
    pub(super) fn named(name: &str, operands: &mut Vec<Operand>, piped: bool) -> Result<Self, String> {
        let Some((name, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            return Err(format!(
                "found the function `{name}`, which is not supported here; there are {}",
                names()
            ));
        };
        let given = operands.len() + usize::from(piped);
        if given < *least || given > *most {
            return Err(match least == most {
                true => format!("found `{name}` with {given} arguments, expected {least}"),
                false => format!("found `{name}` with {given} arguments, expected at least {least}"),
            });
        }
        let pattern = if matches!(*name, "regexReplaceAll" | "regexReplaceAllLiteral" | "count") {
            let Some(Operand::Text(source)) = operands.first() else {
                return Err(format!("found `{name}` with a pattern that is no quoted text, expected one"));
            };
            let pattern = Regexp::anywhere(source)?;
            operands.remove(0);
            Some(Box::new(pattern))
        } else {
            None
        };
        Ok(Self { name, pattern })
    }

    pub(super) fn call<'v>(
        &self,
        arguments: Vec<Value<'v>>,
        view: &'v dyn View,
    ) -> Result<Value<'v>, String> {
        let arguments = arguments.into_iter();
        let value = match self.pattern.as_deref() {
            Some(pattern) => with_pattern(self.name, pattern, arguments),
            None => call(self.name, arguments, view),
        };
        value.map_err(|reason| format!("{}: {reason}", self.name))
    }
}

/// Every function's name, as messages and completions show them.
pub(in crate::logql) fn all() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, ..)| *name)
}

fn names() -> String {
    all().collect::<Vec<_>>().join(", ")
}

fn with_pattern<'v>(
    name: &str,
    pattern: &Regexp,
    mut arguments: IntoIter<Value<'v>>,
) -> Result<Value<'v>, String> {
    let text = next(&mut arguments)?.text()?;
    if name == "count" {
        return Ok(Value::Int(i64::try_from(pattern.count(&text)).unwrap_or(i64::MAX)));
    }
    let replacement = next(&mut arguments)?.text()?;
    Ok(owned(pattern.replace_all(&text, &replacement, name == "regexReplaceAllLiteral")))
}

fn call<'v>(name: &str, mut arguments: IntoIter<Value<'v>>, view: &'v dyn View) -> Result<Value<'v>, String> {
    match name {
        "__line__" => return Ok(Value::Text(String::from_utf8_lossy(view.line()))),
        "__timestamp__" => return Ok(Value::Time(view.timestamp())),
        "now" => return Ok(Value::Time(clock::now())),
        _ => {}
    }
    let first = next(&mut arguments)?;
    Ok(match name {
        "add" => Value::Int(ints(first, arguments, i64::wrapping_add)),
        "sub" => Value::Int(ints(first, arguments, i64::wrapping_sub)),
        "mul" => Value::Int(ints(first, arguments, i64::wrapping_mul)),
        "max" => Value::Int(ints(first, arguments, i64::max)),
        "min" => Value::Int(ints(first, arguments, i64::min)),
        "addf" => Value::Float(floats(first, arguments, |a, b| a + b)),
        "subf" => Value::Float(floats(first, arguments, |a, b| a - b)),
        "mulf" => Value::Float(floats(first, arguments, |a, b| a * b)),
        "divf" => Value::Float(floats(first, arguments, |a, b| a / b)),
        "maxf" => Value::Float(floats(first, arguments, f64::max)),
        "minf" => Value::Float(floats(first, arguments, f64::min)),
        "div" | "mod" => {
            let (left, right) = (first.to_int(), next(&mut arguments)?.to_int());
            let result = if name == "div" { left.checked_div(right) } else { left.checked_rem(right) };
            Value::Int(result.ok_or("found a division by zero")?)
        }
        "ceil" => Value::Float(first.to_float().ceil()),
        "floor" => Value::Float(first.to_float().floor()),
        "round" => Value::Float(rounded(&first, arguments)?),
        "int" => Value::Int(first.to_int()),
        "float64" => Value::Float(first.to_float()),
        "date" => owned(clock::format(&first.text()?, instant(&next(&mut arguments)?))),
        "unixEpoch" => owned(instant(&first).div_euclid(1_000_000_000).to_string()),
        "unixEpochMillis" => owned(instant(&first).div_euclid(1_000_000).to_string()),
        "unixEpochNanos" => owned(instant(&first).to_string()),
        "unixToTime" => Value::Time(clock::of_epoch(&first.text()?)?),
        "and" | "or" => {
            let until = name == "or";
            let mut last = first;
            while last.is_true() != until {
                let Some(value) = arguments.next() else { break };
                last = value;
            }
            last
        }
        "not" => Value::Bool(!first.is_true()),
        "eq" => {
            let mut equal = false;
            for other in arguments {
                equal |= compared(&first, &other)? == Some(Ordering::Equal);
            }
            Value::Bool(equal)
        }
        "ne" | "lt" | "le" | "gt" | "ge" => {
            let ordering = compared(&first, &next(&mut arguments)?)?;
            Value::Bool(match name {
                "ne" => ordering != Some(Ordering::Equal),
                "lt" => ordering.is_some_and(Ordering::is_lt),
                "le" => ordering.is_some_and(Ordering::is_le),
                "gt" => ordering.is_some_and(Ordering::is_gt),
                _ => ordering.is_some_and(Ordering::is_ge),
            })
        }
        "len" => Value::Int(i64::try_from(first.text()?.len()).unwrap_or(i64::MAX)),
        "printf" => owned(printf::printf(&first.text()?, arguments)),
        "default" => {
            let given = next(&mut arguments)?;
            if given.is_true() { given } else { first }
        }
        "bytes" => {
            let size = first.text()?;
            Value::Float(units::bytes(&size).ok_or_else(|| format!("found {size:?}, expected a size"))? as f64)
        }
        "duration" | "duration_seconds" => {
            let duration = first.text()?;
            let nanos = units::go_duration(&duration);
            Value::Float(
                nanos.ok_or_else(|| format!("found {duration:?}, expected a duration"))? as f64 / 1e9,
            )
        }
        "b64enc" => owned(STANDARD.encode(first.text()?.as_bytes())),
        // What is no Base64 becomes the message of the decoder in Loki too.
        "b64dec" => owned(match STANDARD.decode(first.text()?.as_bytes()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => error.to_string(),
        }),
        _ => text::call(name, first, arguments)?,
    })
}

pub(super) fn next<'v>(arguments: &mut IntoIter<Value<'v>>) -> Result<Value<'v>, String> {
    arguments.next().ok_or_else(|| "an argument is missing".to_owned())
}

pub(super) fn owned<'v>(text: String) -> Value<'v> {
    Value::Text(Cow::Owned(text))
}

fn ints(first: Value<'_>, rest: IntoIter<Value<'_>>, fold: impl Fn(i64, i64) -> i64) -> i64 {
    rest.fold(first.to_int(), |left, right| fold(left, right.to_int()))
}

fn floats(first: Value<'_>, rest: IntoIter<Value<'_>>, fold: impl Fn(f64, f64) -> f64) -> f64 {
    rest.fold(first.to_float(), |left, right| fold(left, right.to_float()))
}

/// To a number of digits; from `.5` on, or another fraction, upwards.
fn rounded(value: &Value<'_>, mut arguments: IntoIter<Value<'_>>) -> Result<f64, String> {
    let digits = i32::try_from(next(&mut arguments)?.int()?).map_err(|_| "found too many digits")?;
    let upwards_from = arguments.next().map_or(0.5, |value| value.to_float());
    let power = 10_f64.powi(digits);
    let shifted = value.to_float() * power;
    let rounded = if shifted.fract() >= upwards_from { shifted.ceil() } else { shifted.floor() };
    Ok(rounded / power)
}

/// A time as functions for dates take it: whole numbers are seconds.
fn instant(value: &Value<'_>) -> i64 {
    match value {
        Value::Time(nanos) => *nanos,
        other => other.to_int().saturating_mul(1_000_000_000),
    }
}

fn compared(left: &Value<'_>, right: &Value<'_>) -> Result<Option<Ordering>, String> {
    Ok(match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) | (Value::Time(left), Value::Time(right)) => {
            Some(left.cmp(right))
        }
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => {
            let (left, right) = (left.type_name(), right.type_name());
            return Err(format!("found values of type {left} and {right}, expected the same type"));
        }
    })
}
