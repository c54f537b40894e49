//! The elements of a JSON list, one by one, as slices of the text.
//!
//! It deliberately checks nothing: the text has been through a parser. On text that isn't a list it ends early.

use super::text::string_end;

/// Walks a list such as `[1, "a", {"b":[2]}]`.
#[derive(Debug, Clone)]
pub(super) struct Cells<'a> {
    rest: &'a str,
}

impl<'a> Cells<'a> {
    /// The elements of a list; `None` if the text isn't one.
    pub(super) fn of(list: &'a str) -> Option<Self> {
        list.trim_ascii().strip_prefix('[').map(|rest| Self { rest })
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_ascii_start();
        let end = value_end(rest);
        let (cell, after) = rest.split_at_checked(end)?;
        let after = after.trim_ascii_start();
        self.rest = after.strip_prefix(',').unwrap_or(after);
        (!cell.is_empty()).then_some(cell)
    }
}

/// Where the value ends that a text begins with; 0 if it begins with none.
fn value_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'"') => closed_string_end(bytes),
        Some(b'[' | b'{') => nested_end(bytes),
        _ => bytes
            .iter()
            .position(|byte| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace())
            .unwrap_or(bytes.len()),
    }
}

/// Past the closing quote of a string.
fn closed_string_end(bytes: &[u8]) -> usize {
    let inside = bytes.get(1..).unwrap_or_default();
    (string_end(inside) + 2).min(bytes.len())
}

/// Past the bracket that closes the first one.
fn nested_end(bytes: &[u8]) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += closed_string_end(bytes.get(at..).unwrap_or_default());
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 1 => return at + 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
