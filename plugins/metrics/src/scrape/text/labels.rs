//! The labels of a series, told apart and unescaped.
//!
//! It deliberately makes no [`Labels`](crate::series::Labels): which labels a series has in the store is for the target
//! to say.

use std::borrow::Cow;

use super::cursor::{Cursor, excerpt, is_name_byte, is_name_start};
use super::{LineError, SampleLine};
use crate::series::METRIC_NAME;

/// How large the labels of one series may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelLimits {
    /// Labels of a series, its name not counted. Default 64.
    pub labels: usize,
    /// Bytes of a metric's or label's name. Default 256.
    pub name_bytes: usize,
    /// Bytes of a label's value, unescaped. Default 4096.
    pub value_bytes: usize,
}

impl Default for LabelLimits {
    fn default() -> Self {
        Self { labels: 64, name_bytes: 256, value_bytes: 4096 }
    }
}

impl LabelLimits {
    /// No limits.
    pub(super) const NONE: Self =
        Self { labels: usize::MAX, name_bytes: usize::MAX, value_bytes: usize::MAX };
}

impl<'a> SampleLine<'a> {
    /// The labels in the order they are written, the metric's name first as `__name__`.
    ///
    /// # Errors
    /// [`LineError`] when they can't be read, a name stands twice or a limit is passed.
    pub fn labels(&self, limits: LabelLimits) -> Result<Vec<(&'a str, Cow<'a, str>)>, LineError> {
        read(self.series, limits)
    }
}

/// Reads `name{label="value",…}` off the front of a text.
pub(super) fn read(series: &str, limits: LabelLimits) -> Result<Vec<(&str, Cow<'_, str>)>, LineError> {
    let mut cursor = Cursor::new(series);
    let name = within(cursor.take_while(is_name_byte), limits.name_bytes, "a metric's name")?;
    let mut labels = vec![(METRIC_NAME, Cow::Borrowed(name))];
    cursor.skip_blanks();
    if !cursor.eat('{') {
        return Ok(labels);
    }
    cursor.skip_blanks();
    while !cursor.eat('}') {
        let label = read_label(&mut cursor, limits)?;
        if labels.iter().any(|(known, _)| *known == label.0) {
            return Err(LineError::new(format!("the label {} twice", label.0), "each label once"));
        }
        if labels.len() > limits.labels {
            let expected = format!("at most {} labels", limits.labels);
            return Err(LineError::new("more labels of one series", expected));
        }
        labels.push(label);
        cursor.skip_blanks();
        if !cursor.eat(',') && !cursor.rest().starts_with('}') {
            return Err(LineError::new(excerpt(cursor.rest()), ", or } after a label's value"));
        }
        cursor.skip_blanks();
    }
    Ok(labels)
}

fn read_label<'a>(
    cursor: &mut Cursor<'a>,
    limits: LabelLimits,
) -> Result<(&'a str, Cow<'a, str>), LineError> {
    let at = cursor.rest();
    let name = cursor.take_while(|byte| is_name_byte(byte) && byte != b':');
    if !name.starts_with(is_name_start) {
        return Err(LineError::new(excerpt(at), "a label's name, or }"));
    }
    within(name, limits.name_bytes, "a label's name")?;
    cursor.skip_blanks();
    if !cursor.eat('=') {
        return Err(LineError::new(excerpt(cursor.rest()), format!("= after the label {name}")));
    }
    cursor.skip_blanks();
    if !cursor.eat('"') {
        return Err(LineError::new(
            excerpt(cursor.rest()),
            format!("the value of label {name} in double quotes"),
        ));
    }
    let Some(escaped) = cursor.take_quoted() else {
        return Err(LineError::new(
            "the end of the line",
            format!("a \" that closes the value of label {name}"),
        ));
    };
    let value = unescape(escaped, true);
    within(&value, limits.value_bytes, &format!("a value of label {name}"))?;
    Ok((name, value))
}

fn within<'a>(text: &'a str, limit: usize, what: &str) -> Result<&'a str, LineError> {
    match text.len() > limit {
        true => {
            Err(LineError::new(format!("{what} of {} bytes", text.len()), format!("at most {limit} bytes")))
        }
        false => Ok(text),
    }
}

/// Resolves `\\`, `\n` and, where quotes are escaped, `\"`. Other backslashes stand for themselves.
pub(super) fn unescape(text: &str, quotes: bool) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let resolved = match (letter, letters.as_str().chars().next()) {
            ('\\', Some('\\')) => Some('\\'),
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('"')) if quotes => Some('"'),
            _ => None,
        };
        if resolved.is_some() {
            letters.next();
        }
        plain.push(resolved.unwrap_or(letter));
    }
    Cow::Owned(plain)
}
