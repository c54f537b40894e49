//! A frame as a table for a terminal.
//!
//! It deliberately leaves the layout to `graftwire_frame`.

use graftwire_frame::Frame;

use crate::series::{cell, name};

/// The frame's heading and rows.
pub(crate) fn render(frame: &Frame) -> String {
    let mut text = format!("{} {}\n", frame.name, frame.ref_id);
    for field in &frame.fields {
        text.push_str(&name(frame, field));
        text.push('\t');
    }
    for row in 0..frame.rows().unwrap_or_default() {
        text.push('\n');
        for field in &frame.fields {
            text.push_str(&cell(field, row));
            text.push('\t');
        }
    }
    text.push('\n');
    text
}
