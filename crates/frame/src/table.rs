//! Frames as tables for a terminal.
//!
//! ```text
//! cpu (A): 2 fields, 3 rows
//! time                  usage
//!                       host=web
//! time.Time             float64, nullable
//! --------------------  -----------------
//! 2024-05-06T07:08:09Z               0.25
//! 2024-05-06T07:08:19Z               null
//! … 1 more row
//! ```
//!
//! Control characters are shown escaped: what a data source sends must not steer the terminal. It deliberately
//! knows nothing of colours or the terminal's width.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::{Field, Frame};

/// How much of a frame is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableLimits {
    /// Rows; the rest is counted below the table. Default: 50.
    pub rows: usize,
    /// Fields; the rest is counted in the first line. Default: 20.
    pub fields: usize,
    /// Columns of the terminal that a cell may take; longer ones end in `…`. Default: 60.
    pub cell_width: usize,
}

impl Default for TableLimits {
    fn default() -> Self {
        Self { rows: 50, fields: 20, cell_width: 60 }
    }
}

impl TableLimits {
    /// The same limits with another for rows.
    #[must_use]
    pub const fn with_rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// The same limits with another for fields.
    #[must_use]
    pub const fn with_fields(mut self, fields: usize) -> Self {
        self.fields = fields;
        self
    }

    /// The same limits with another for the width of cells.
    #[must_use]
    pub const fn with_cell_width(mut self, width: usize) -> Self {
        self.cell_width = width;
        self
    }
}

/// Shows a frame.
#[must_use]
pub fn render(frame: &Frame, limits: &TableLimits) -> String {
    let rows = frame.fields.iter().map(Field::len).max().unwrap_or_default();
    let mut text = headline(frame, rows, limits);
    let columns: Vec<_> = frame
        .fields
        .iter()
        .take(limits.fields)
        .map(|field| Column::of(field, rows.min(limits.rows), limits.cell_width))
        .collect();
    if columns.is_empty() {
        return text;
    }
    let any_labels = columns.iter().any(|column| !column.labels.is_empty());
    push_line(&mut text, columns.iter().map(|column| (column, column.name.as_str())), Align::Left);
    if any_labels {
        push_line(&mut text, columns.iter().map(|column| (column, column.labels.as_str())), Align::Left);
    }
    push_line(&mut text, columns.iter().map(|column| (column, column.kind.as_str())), Align::Left);
    let rules: Vec<_> = columns.iter().map(|column| "-".repeat(column.width)).collect();
    push_line(&mut text, columns.iter().zip(rules.iter().map(String::as_str)), Align::Left);
    for row in 0..rows.min(limits.rows) {
        let cells = columns.iter().map(|column| (column, column.cells.get(row).map_or("", String::as_str)));
        push_line(&mut text, cells, Align::ByColumn);
    }
    if rows > limits.rows {
        let _ = writeln!(text, "… {} more {}", rows - limits.rows, plural(rows - limits.rows, "row"));
    }
    text
}

/// Name, refId and size.
fn headline(frame: &Frame, rows: usize, limits: &TableLimits) -> String {
    let mut text = String::new();
    if !frame.name.is_empty() {
        text.push_str(&shown(&frame.name, limits.cell_width));
    }
    if !frame.ref_id.is_empty() {
        let space = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{space}({})", shown(&frame.ref_id, limits.cell_width));
    }
    if !text.is_empty() {
        text.push_str(": ");
    }
    let fields = frame.fields.len();
    let _ = write!(text, "{fields} {}, {rows} {}", plural(fields, "field"), plural(rows, "row"));
    if fields > limits.fields {
        let _ = write!(text, ", the first {} fields shown", limits.fields);
    }
    text.push('\n');
    text
}

/// A field with its cells ready to be shown.
struct Column {
    name: String,
    labels: String,
    kind: String,
    cells: Vec<String>,
    width: usize,
    numeric: bool,
}

impl Column {
    fn of(field: &Field, rows: usize, cell_width: usize) -> Self {
        let nullable = if field.is_nullable() { ", nullable" } else { "" };
        let labels = field.labels.as_ref().map(ToString::to_string).unwrap_or_default();
        let cell = |row| match field.text(row) {
            Some(text) => shown(&text, cell_width),
            None if row < field.len() => "null".to_owned(),
            None => String::new(),
        };
        let mut column = Self {
            name: shown(&field.name, cell_width),
            labels: shown(&labels, cell_width),
            kind: format!("{}{nullable}", field.value_type()),
            cells: (0..rows).map(cell).collect(),
            width: 0,
            numeric: field.value_type().is_numeric(),
        };
        let headers = [&column.name, &column.labels, &column.kind].into_iter();
        column.width = headers.chain(&column.cells).map(|text| text.width()).max().unwrap_or_default();
        column
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Align {
    Left,
    /// Numbers to the right.
    ByColumn,
}

fn push_line<'a>(out: &mut String, cells: impl Iterator<Item = (&'a Column, &'a str)>, align: Align) {
    let start = out.len();
    for (column, cell) in cells {
        if out.len() > start {
            out.push_str("  ");
        }
        let padding = " ".repeat(column.width.saturating_sub(cell.width()));
        let right = align == Align::ByColumn && column.numeric;
        let (before, after) = if right { (padding.as_str(), "") } else { ("", padding.as_str()) };
        out.push_str(before);
        out.push_str(cell);
        out.push_str(after);
    }
    out.truncate(start + out.get(start..).map_or(0, |line| line.trim_end().len()));
    out.push('\n');
}

/// A text without control characters, cut to a width.
fn shown(text: &str, width: usize) -> String {
    let visible: Cow<'_, str> = if text.contains(steers) {
        text.chars().map(|c| if steers(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
    } else {
        text.into()
    };
    if visible.width() <= width {
        return visible.into_owned();
    }
    let mut cut = String::new();
    for c in visible.chars() {
        if cut.width() + c.to_string().width() >= width {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// Control characters, and those that change the direction of text or break lines.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn plural(count: usize, one: &str) -> String {
    if count == 1 { one.to_owned() } else { format!("{one}s") }
}

#[cfg(test)]
mod tests;
