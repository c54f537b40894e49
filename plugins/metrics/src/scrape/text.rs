//! One line of Prometheus text: a sample, or what is known of a metric.
//!
//! Reads the [text format 0.0.4](https://prometheus.io/docs/instrumenting/exposition_formats/) and what OpenMetrics
//! 1.0 adds to it. A sample's labels are only told apart when [`SampleLine::labels`] asks for them, since the text of a
//! series that is known needs no second look. It deliberately keeps nothing between two lines.

mod cursor;
mod labels;

use std::borrow::Cow;

use cursor::{Cursor, excerpt, is_name_byte, is_name_start};
pub use labels::LabelLimits;

use crate::store::MetricType;

/// Which of the two formats a page is in; they differ in the unit of timestamps and in the escapes of help texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4: timestamps are whole milliseconds.
    #[default]
    Text,
    /// OpenMetrics 1.0: timestamps are seconds, `# EOF` ends the page.
    OpenMetrics,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// A sample.
    Sample(SampleLine<'a>),
    /// `# HELP`: what a metric measures.
    Help {
        /// The metric.
        name: &'a str,
        /// The text, unescaped.
        text: Cow<'a, str>,
    },
    /// `# TYPE`
    Type {
        /// The metric.
        name: &'a str,
        /// Its type.
        kind: MetricType,
    },
    /// `# UNIT`, in OpenMetrics.
    Unit {
        /// The metric.
        name: &'a str,
        /// The unit; may be empty.
        unit: &'a str,
    },
    /// `# EOF`, in OpenMetrics.
    End,
    /// A comment or an empty line.
    Nothing,
}

/// A sample as it stands in its line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleLine<'a> {
    /// Name and labels, as written.
    pub series: &'a str,
    /// The value.
    pub value: f64,
    /// Milliseconds since the Unix epoch, if the target told the time.
    pub at: Option<i64>,
}

/// Why a line can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found}, expected {expected}")]
pub struct LineError {
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: Cow<'static, str>,
}

impl LineError {
    pub(super) fn new(found: impl Into<String>, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { found: found.into(), expected: expected.into() }
    }
}

/// Reads one line, given without its line break.
///
/// # Errors
/// [`LineError`] for a line that neither format allows. Any bytes may be given.
pub fn read_line(line: &[u8], format: Format) -> Result<Line<'_>, LineError> {
    let line = line.trim_ascii();
    match line.strip_prefix(b"#") {
        Some(comment) => read_comment(comment, format),
        None if line.is_empty() => Ok(Line::Nothing),
        None => read_sample(utf8(line)?, format).map(Line::Sample),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, LineError> {
    std::str::from_utf8(bytes).map_err(|error| {
        LineError::new(format!("bytes that aren't UTF-8 at byte {}", error.valid_up_to() + 1), "UTF-8 text")
    })
}

fn read_sample(line: &str, format: Format) -> Result<SampleLine<'_>, LineError> {
    let (series, rest) = split_series(line)?;
    let mut cursor = Cursor::new(rest);
    cursor.skip_blanks();
    let value = read_value(cursor.take_word())?;
    cursor.skip_blanks();
    let at = match cursor.rest() {
        "" => None,
        exemplar if exemplar.starts_with('#') => return Ok(SampleLine { series, value, at: None }),
        _ => Some(read_time(cursor.take_word(), format)?),
    };
    cursor.skip_blanks();
    match cursor.rest() {
        "" => Ok(SampleLine { series, value, at }),
        exemplar if exemplar.starts_with('#') => Ok(SampleLine { series, value, at }),
        more => Err(LineError::new(excerpt(more), "the end of the line after value and timestamp")),
    }
}

/// Splits behind the labels' closing brace, or behind the name if there are none.
fn split_series(line: &str) -> Result<(&str, &str), LineError> {
    let mut cursor = Cursor::new(line);
    let name = cursor.take_while(is_name_byte);
    if !name.starts_with(is_name_start) {
        return Err(LineError::new(excerpt(line), "a metric's name, or a comment that begins with #"));
    }
    let after_name = cursor.rest();
    cursor.skip_blanks();
    if !cursor.rest().starts_with('{') {
        return Ok((name, after_name));
    }
    match closing_brace(cursor.rest())
        .and_then(|end| line.split_at_checked(line.len() - cursor.rest().len() + end))
    {
        Some(parts) => Ok(parts),
        // The careful reader knows what is wrong.
        None => match labels::read(line, LabelLimits::NONE) {
            Err(error) => Err(error),
            Ok(_) => Err(LineError::new("the end of the line", "}")),
        },
    }
}

/// Where the braces that `text` begins with have been closed.
fn closing_brace(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn read_value(word: &str) -> Result<f64, LineError> {
    let wrong = || LineError::new(excerpt(word), "a value: a decimal number, +Inf, -Inf or NaN");
    let value: f64 = word.parse().map_err(|_| wrong())?;
    // Rust reads 1e999 as infinite; here it's a number out of range.
    match value.is_infinite() && !word.contains(['i', 'I']) {
        true => Err(wrong()),
        false => Ok(value),
    }
}

fn read_time(word: &str, format: Format) -> Result<i64, LineError> {
    match format {
        Format::Text => word.parse().ok(),
        Format::OpenMetrics => word.parse().ok().and_then(|seconds: f64| milliseconds(seconds * 1000.0)),
    }
    .ok_or_else(|| {
        let expected = match format {
            Format::Text => "a timestamp in whole milliseconds, or the end of the line",
            Format::OpenMetrics => "a timestamp in seconds, or the end of the line",
        };
        LineError::new(excerpt(word), expected)
    })
}

fn milliseconds(millis: f64) -> Option<i64> {
    // Beyond 2^53 a float doesn't hold milliseconds any more; no clock gets there.
    (millis.abs() < 9_007_199_254_740_992.0).then(|| millis.round() as i64)
}

/// A line after its `#`.
fn read_comment(comment: &[u8], format: Format) -> Result<Line<'_>, LineError> {
    let words = comment.trim_ascii_start();
    // `#HELP` without a blank is an ordinary comment.
    if words.len() == comment.len() {
        return Ok(Line::Nothing);
    }
    let keyword = words.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let rest = words.get(keyword.len()..).unwrap_or_default();
    let open_metrics = format == Format::OpenMetrics;
    match keyword {
        // A keyword alone is an ordinary comment too.
        b"HELP" | b"TYPE" if rest.is_empty() => Ok(Line::Nothing),
        b"HELP" => {
            let (name, text) = named(rest)?;
            Ok(Line::Help { name, text: labels::unescape(text, open_metrics) })
        }
        b"TYPE" => {
            let (name, word) = named(rest)?;
            Ok(Line::Type { name, kind: read_type(word)? })
        }
        b"UNIT" if open_metrics => named(rest).map(|(name, unit)| Line::Unit { name, unit }),
        b"EOF" if open_metrics && rest.is_empty() => Ok(Line::End),
        _ => Ok(Line::Nothing),
    }
}

fn read_type(word: &str) -> Result<MetricType, LineError> {
    match (word, MetricType::from_name(word)) {
        ("untyped" | "unknown", kind) => Ok(kind),
        (_, MetricType::Unknown) => Err(LineError::new(
            excerpt(word),
            "a type: counter, gauge, histogram, summary, untyped, gaugehistogram, info, stateset or unknown",
        )),
        (_, kind) => Ok(kind),
    }
}

/// A metric's name and what follows it.
fn named(rest: &[u8]) -> Result<(&str, &str), LineError> {
    let mut cursor = Cursor::new(utf8(rest)?);
    cursor.skip_blanks();
    let (line, name) = (cursor.rest(), cursor.take_while(is_name_byte));
    if !name.starts_with(is_name_start) || !cursor.at_blank() {
        return Err(LineError::new(excerpt(line), "a metric's name"));
    }
    cursor.skip_blanks();
    Ok((name, cursor.rest()))
}

#[cfg(test)]
mod tests;
