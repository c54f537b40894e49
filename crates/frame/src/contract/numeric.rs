//! Single numbers: wide, multi and long.

use super::{Findings, dimensions, is_value, item};
use crate::{Frame, ValueType};

pub(super) fn check_wide(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        check_one_row(findings, *index, frame);
        let values = findings.check_values(*index, frame);
        findings.check_items(values.into_iter().map(|(at, field)| (*index, Some(at), item(field))));
    }
}

/// One number per frame: its first value counts.
pub(super) fn check_multi(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        check_one_row(findings, *index, frame);
        findings.check_values(*index, frame);
    }
    let number = |(index, frame): &(usize, &Frame)| {
        let (at, field) = frame.fields.iter().enumerate().find(|(_, field)| is_value(field))?;
        Some((*index, Some(at), item(field)))
    };
    findings.check_items(frames.iter().filter_map(number));
}

pub(super) fn check_long(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        let values = findings.check_values(*index, frame);
        findings.check_no_labels(*index, &values);
        let rows = frame.rows().unwrap_or_default();
        if rows > 1 && !frame.fields.iter().any(|field| field.value_type() == ValueType::String) {
            findings.error(
                *index,
                None,
                format!("found {rows} rows without a string field, expected dimensions to tell them apart"),
            );
            continue;
        }
        let row = |row: usize| (*index, None, format!("the item {{{}}}", dimensions(frame, row)));
        findings.check_items((0..rows).map(row));
    }
}

fn check_one_row(findings: &mut Findings, index: usize, frame: &Frame) {
    let rows = frame.rows().unwrap_or_default();
    if rows > 1 {
        findings.error(index, None, format!("found {rows} rows, expected at most one"));
    }
}
