//! Frames as CSV (RFC 4180): one line of titles, one line per row, each ended by CRLF.
//!
//! A null is an empty field, the empty text is `""`. Values are as in [`Field::text`](crate::Field::text). It
//! deliberately is one-way: types, config and meta don't survive.

use std::io;

use crate::Frame;

/// Writes a frame.
///
/// # Errors
/// What the writer says. Columns of different length are no error: missing rows are empty.
pub fn write(frame: &Frame, out: &mut impl io::Write) -> io::Result<()> {
    if frame.fields.is_empty() {
        return Ok(());
    }
    let titles = frame.fields.iter().map(|field| Some(field.title()));
    write_line(titles, out)?;
    let rows = frame.fields.iter().map(crate::Field::len).max().unwrap_or_default();
    for row in 0..rows {
        write_line(frame.fields.iter().map(|field| field.text(row)), out)?;
    }
    Ok(())
}

/// The CSV of a frame.
#[must_use]
pub fn to_string(frame: &Frame) -> String {
    let mut out = Vec::new();
    // Memory takes everything, and every piece of it is UTF-8.
    drop(write(frame, &mut out));
    String::from_utf8(out).unwrap_or_default()
}

fn write_line<T: AsRef<str>>(
    cells: impl Iterator<Item = Option<T>>,
    out: &mut impl io::Write,
) -> io::Result<()> {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        if let Some(text) = cell {
            write_cell(text.as_ref(), out)?;
        }
    }
    out.write_all(b"\r\n")
}

fn write_cell(text: &str, out: &mut impl io::Write) -> io::Result<()> {
    let padded = text.starts_with(' ') || text.ends_with(' ');
    if text.is_empty() || padded || text.contains([',', '"', '\n', '\r']) {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests;
