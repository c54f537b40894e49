//! Log lines. They may come in any order, so their times aren't checked for one.

use super::Findings;
use crate::{Frame, Json, ValueType, Values};

/// Fields that have a meaning by their name, and their type. The first two must be there, without nulls.
const FIELDS: [(&str, ValueType, bool); 6] = [
    ("timestamp", ValueType::Time, true),
    ("body", ValueType::String, true),
    ("severity", ValueType::String, false),
    ("id", ValueType::String, false),
    ("labels", ValueType::Json, false),
    ("labelTypes", ValueType::Json, false),
];

pub(super) fn check(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        for (name, expected, required) in FIELDS {
            check_field(findings, *index, frame, name, expected, required);
        }
        let has = |wanted| frame.fields.iter().any(|field| field.value_type() == wanted);
        if !has(ValueType::Time) {
            findings.error(*index, None, "found no time field, expected timestamp");
        }
        if !has(ValueType::String) {
            findings.error(*index, None, "found no string field, expected body");
        }
        let legacy = frame.fields.iter().enumerate().find(|(_, field)| field.name == "tsNs");
        if let Some((at, field)) = legacy.filter(|(_, field)| !field.value_type().is_numeric()) {
            let found = field.value_type();
            findings.error(*index, Some(at), format!("found tsNs of type {found}, expected a number"));
        }
    }
}

fn check_field(
    findings: &mut Findings,
    index: usize,
    frame: &Frame,
    name: &str,
    expected: ValueType,
    required: bool,
) {
    let Some((at, field)) = frame.fields.iter().enumerate().find(|(_, field)| field.name == name) else {
        if required {
            findings.warning(index, None, format!("found no field {name}, expected one of type {expected}"));
        }
        return;
    };
    let found = field.value_type();
    if found != expected {
        findings.error(index, Some(at), format!("found {name} of type {found}, expected {expected}"));
    } else if required && field.values.null_count() > 0 {
        findings.error(index, Some(at), format!("found nulls in {name}, expected none"));
    }
    if let Values::Json(column) = &field.values
        && let Some(row) = column.iter().position(|cell| cell.is_some_and(|cell| !is_object(cell)))
    {
        findings.error(index, Some(at), format!("row {row}: found {name} that isn't a JSON object"));
    }
}

fn is_object(cell: &str) -> bool {
    cell.trim_ascii_start().starts_with('{') && Json::parse(cell).is_ok()
}
