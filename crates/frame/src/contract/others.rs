//! Heat maps and directory listings.

use super::Findings;
use crate::{Frame, ValueType};

/// The first field is x; each further number is one row of the map, bound by the label `le`.
pub(super) fn check_heatmap_rows(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        let rows =
            || frame.fields.iter().enumerate().skip(1).filter(|(_, field)| field.value_type().is_numeric());
        if rows().next().is_none() {
            findings.error(
                *index,
                None,
                "found no numeric field after the first, expected one per row of the map",
            );
        }
        for (at, field) in rows() {
            if field.labels.as_ref().and_then(|labels| labels.get("le")).is_none() {
                findings.warning(*index, Some(at), "found no label le, expected the bound of the row");
            }
        }
    }
}

/// One row per cell, with its place by x and y.
pub(super) fn check_heatmap_cells(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        for axis in ["x", "y"] {
            let names = [format!("{axis}Max"), format!("{axis}Min"), axis.to_owned()];
            if !frame.fields.iter().any(|field| names.contains(&field.name)) {
                findings.error(
                    *index,
                    None,
                    format!("found no field for {axis}, expected {}", names.join(", ")),
                );
            }
        }
        let is_value = |name: &str| !["x", "xMax", "xMin", "y", "yMax", "yMin"].contains(&name);
        if !frame.fields.iter().any(|field| is_value(&field.name) && field.value_type().is_numeric()) {
            findings.error(
                *index,
                None,
                "found no numeric field beside x and y, expected the values of the cells",
            );
        }
    }
}

/// The first field is the name, the second the media type.
pub(super) fn check_directory(findings: &mut Findings, frames: &[(usize, &Frame)]) {
    for (index, frame) in frames {
        for (at, what) in [(0, "the names"), (1, "the media types")] {
            let field = frame.fields.get(at);
            if field.is_none_or(|field| field.value_type() != ValueType::String) {
                let found = field.map_or("no field", |field| field.value_type().name());
                findings.error(
                    *index,
                    field.map(|_| at),
                    format!("found {found}, expected {what} as strings"),
                );
            }
        }
    }
}
