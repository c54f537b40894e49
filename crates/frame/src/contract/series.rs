//! Time series: wide, multi and long.

use super::{Findings, Repeats, dimensions, is_value, item};
use crate::{Frame, Values};

pub(super) fn check_wide(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        findings.check_time(*index, frame, Repeats::Forbidden);
        let values = findings.check_values(*index, frame);
        findings.check_items(values.into_iter().map(|(at, field)| (*index, Some(at), item(field))));
    }
}

/// One series per frame: its first time and its first value count.
pub(super) fn check_multi(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        findings.check_time(*index, frame, Repeats::Forbidden);
        findings.check_values(*index, frame);
    }
    let series = |(index, frame): &(usize, &Frame)| {
        let (at, field) = frame.fields.iter().enumerate().find(|(_, field)| is_value(field))?;
        Some((*index, Some(at), item(field)))
    };
    findings.check_items(frames.iter().filter_map(series));
}

pub(super) fn check_long(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        let time = findings.check_time(*index, frame, Repeats::Allowed);
        let values = findings.check_values(*index, frame);
        findings.check_no_labels(*index, &values);
        let Some(Values::Time(times)) = time.and_then(|at| frame.fields.get(at)).map(|field| &field.values)
        else {
            continue;
        };
        let row = |row: usize| {
            let time = times.get(row)?;
            Some((*index, None, format!("the item {{{}}} at {time}", dimensions(frame, row))))
        };
        findings.check_items((0..times.len()).filter_map(row));
    }
}
