//! Texts coming in, and texts and free JSON on their way out, with what could end a script or a line escaped: `<`, `>`, `&`, U+2028 and
//! U+2029.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use super::number;
use crate::column::replace_invalid;

/// A document as text, with U+FFFD for each byte that isn't UTF-8.
pub(crate) fn as_text(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| replace_invalid(bytes).into(), Into::into)
}

/// Writes any serialisable value.
pub(crate) fn push_value(out: &mut Vec<u8>, value: &impl Serialize) -> Result<(), serde_json::Error> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Escaping))
}

/// Any serialisable value as JSON.
pub(crate) fn to_string(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut out = Vec::new();
    push_value(&mut out, value)?;
    // Texts come in as UTF-8, and everything added is ASCII.
    Ok(String::from_utf8(out).unwrap_or_default())
}

/// Writes a text with its quotes.
pub(crate) fn push_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text, Source::Plain);
    out.push(b'"');
}

/// Writes one JSON value that is known to be one: white space between tokens goes, texts are escaped.
pub(crate) fn push_json(out: &mut Vec<u8>, json: &str) {
    let mut rest = json;
    while let Some((outside, after)) = rest.split_once('"') {
        push_compact(out, outside);
        let end = string_end(after.as_bytes());
        let (inside, remaining) = after.split_at_checked(end).unwrap_or((after, ""));
        out.push(b'"');
        push_escaped(out, inside, Source::Json);
        out.push(b'"');
        rest = remaining.strip_prefix('"').unwrap_or(remaining);
    }
    push_compact(out, rest);
}

/// Where the quote stands that ends a JSON string of which the first quote has been passed.
pub(crate) fn string_end(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    bytes.len()
}

fn push_compact(out: &mut Vec<u8>, outside: &str) {
    out.extend(outside.bytes().filter(|byte| !byte.is_ascii_whitespace()));
}

/// What a text is when it comes in.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    /// Plain text: quotes, backslashes and control characters are escaped too.
    Plain,
    /// The inside of a JSON string: only what JSON allows but pages and scripts don't.
    Json,
}

fn push_escaped(out: &mut Vec<u8>, text: &str, source: Source) {
    let suspects = match source {
        Source::Plain => &SUSPECT_IN_TEXT,
        Source::Json => &SUSPECT_IN_JSON,
    };
    let is_suspect = |byte: &u8| suspects.get(usize::from(*byte)).is_none_or(|suspect| *suspect);
    let mut rest = text.as_bytes();
    loop {
        let plain = rest.iter().position(is_suspect).unwrap_or(rest.len());
        let (copied, remaining) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        out.extend_from_slice(copied);
        rest = match remaining {
            [] => return,
            [0xe2, 0x80, last @ (0xa8 | 0xa9), after @ ..] => {
                push_unicode_escape(out, 0x2000 | u16::from(last & 0x3f));
                after
            }
            [byte, after @ ..] => {
                push_byte(out, *byte);
                after
            }
        };
    }
}

/// [`is_suspect`] for each byte: a look into a table is what this loop can do fastest.
static SUSPECT_IN_TEXT: [bool; 256] = suspects(Source::Plain);
static SUSPECT_IN_JSON: [bool; 256] = suspects(Source::Json);

const fn suspects(source: Source) -> [bool; 256] {
    let mut table = [false; 256];
    let (mut rest, mut byte) = (table.as_mut_slice(), 0_u8);
    while let [entry, after @ ..] = rest {
        *entry = is_suspect(byte, source);
        byte = byte.wrapping_add(1);
        rest = after;
    }
    table
}

/// Whether a byte is to be escaped, or may begin a character that is.
const fn is_suspect(byte: u8, source: Source) -> bool {
    match byte {
        b'<' | b'>' | b'&' | 0xe2 => true,
        0..0x20 | b'"' | b'\\' => matches!(source, Source::Plain),
        _ => false,
    }
}

fn push_byte(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..0x20 | b'<' | b'>' | b'&' => push_unicode_escape(out, u16::from(byte)),
        _ => out.push(byte),
    }
}

fn push_unicode_escape(out: &mut Vec<u8>, unit: u16) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.extend(DIGITS.get(usize::from(unit >> shift & 0xf)));
    }
}

/// How serde_json writes config and meta: texts escaped as above, floats in Go's spelling, free JSON compact.
struct Escaping;

impl Formatter for Escaping {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let mut out = Vec::new();
        number::push_f64(&mut out, value);
        writer.write_all(&out)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut out = Vec::with_capacity(fragment.len());
        push_escaped(&mut out, fragment, Source::Json);
        writer.write_all(&out)
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut out = Vec::with_capacity(fragment.len());
        push_json(&mut out, fragment);
        writer.write_all(&out)
    }
}
