//! Does an answer keep to the data plane contract? Findings for plugin authors, the test kit and the CLI.
//!
//! The contract ties the declared type of a frame (`meta.type`, `meta.typeVersion`) to its fields, so that alerting
//! and expressions can read it without guessing. What a type doesn't ask for is *remainder*: consumers pass over
//! it, and so does this check.
//!
//! It deliberately never fails: an answer that breaks the contract is still shown by panels.

mod log_lines;
mod numeric;
mod others;
mod series;

use std::fmt;

use crate::{Field, Frame, FrameKind, FrameType, FrameTypeVersion, ValueType, Values};

/// Checks the frames of one answer. No findings also when no frame declares a type, or one unknown to the contract.
#[must_use]
pub fn check(frames: &[Frame]) -> Vec<Finding> {
    let mut findings = Findings::default();
    let Some(declared) = frames.iter().find_map(declared_type) else { return Vec::new() };
    for (index, frame) in frames.iter().enumerate() {
        findings.check_common(index, frame, declared);
    }
    let of_type: Vec<_> =
        frames.iter().enumerate().filter(|(_, frame)| declared_type(frame) == Some(declared)).collect();
    let with_fields: Vec<_> = of_type.iter().copied().filter(|(_, frame)| !frame.fields.is_empty()).collect();
    if with_fields.is_empty() {
        // "No data": one typed frame without fields.
        findings.expect_one(declared, &of_type);
        return findings.list;
    }
    for (index, _) in of_type.iter().filter(|(_, frame)| frame.fields.is_empty()) {
        findings.error(*index, None, "found a frame without fields beside data; \"no data\" stands alone");
    }
    match declared.as_str() {
        "timeseries-wide" => series::check_wide(&mut findings, &with_fields),
        "timeseries-multi" | "timeseries-many" => series::check_multi(&mut findings, &with_fields),
        "timeseries-long" => series::check_long(&mut findings, &with_fields),
        "numeric-wide" => numeric::check_wide(&mut findings, &with_fields),
        "numeric-multi" => numeric::check_multi(&mut findings, &with_fields),
        "numeric-long" => numeric::check_long(&mut findings, &with_fields),
        "log-lines" => log_lines::check(&mut findings, &with_fields),
        "heatmap-rows" => others::check_heatmap_rows(&mut findings, &with_fields),
        "heatmap-cells" => others::check_heatmap_cells(&mut findings, &with_fields),
        "directory-listing" => others::check_directory(&mut findings, &with_fields),
        _ => {}
    }
    if !matches!(declared.as_str(), "timeseries-multi" | "timeseries-many" | "numeric-multi") {
        findings.expect_one(declared, &with_fields);
    }
    findings.list
}

/// Something in an answer that doesn't keep to the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The frame, by its index in the answer.
    pub frame: usize,
    /// The field, by its index in the frame; `None` if it is about the frame as a whole.
    pub field: Option<usize>,
    /// What was found and what the contract asks for.
    pub message: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Consumers may cope.
    Warning,
    /// The answer isn't what it declares to be.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: frames[{}]", self.severity, self.frame)?;
        if let Some(field) = self.field {
            write!(f, ".fields[{field}]")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The declared type of a frame, if there is one.
fn declared_type(frame: &Frame) -> Option<&FrameType> {
    frame.meta.as_ref().map(|meta| &meta.frame_type).filter(|declared| !declared.is_unknown())
}

#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    fn error(&mut self, frame: usize, field: Option<usize>, message: impl Into<String>) {
        self.list.push(Finding { severity: Severity::Error, frame, field, message: message.into() });
    }

    fn warning(&mut self, frame: usize, field: Option<usize>, message: impl Into<String>) {
        self.list.push(Finding { severity: Severity::Warning, frame, field, message: message.into() });
    }

    fn check_common(&mut self, index: usize, frame: &Frame, declared: &FrameType) {
        if let Err(error) = frame.rows() {
            self.error(index, None, error.to_string());
        }
        match declared_type(frame) {
            Some(own) if own != declared => {
                self.warning(
                    index,
                    None,
                    format!("found type {own} in an answer of {declared}; types are not to be mixed"),
                );
            }
            Some(own) => {
                let version =
                    frame.meta.as_ref().map_or_else(FrameTypeVersion::default, |meta| meta.type_version);
                let versioned = matches!(own.kind(), Some(FrameKind::TimeSeries | FrameKind::Numeric));
                if versioned && version == FrameTypeVersion::default() {
                    self.warning(index, None, format!("found {own} {version}, expected version 0.1, which promises to keep to the contract"));
                }
            }
            None => {}
        }
    }

    fn expect_one(&mut self, declared: &FrameType, frames: &[(usize, &Frame)]) {
        for (index, _) in frames.iter().skip(1) {
            self.error(*index, None, format!("found a second frame of type {declared}, expected one"));
        }
    }

    /// Checks the first time field of a frame: no nulls, no labels, ascending. Gives its index.
    fn check_time(&mut self, index: usize, frame: &Frame, repeats: Repeats) -> Option<usize> {
        let Some((at, field, column)) =
            frame.fields.iter().enumerate().find_map(|(at, field)| match &field.values {
                Values::Time(column) => Some((at, field, column)),
                _ => None,
            })
        else {
            self.error(index, None, "found no time field, expected one");
            return None;
        };
        if column.null_count() > 0 {
            self.error(index, Some(at), "found null times, expected none");
        }
        if field.labels.as_ref().is_some_and(|labels| !labels.is_empty()) {
            self.error(index, Some(at), "found labels on the time field, expected none");
        }
        let times: Vec<_> = column.iter().flatten().collect();
        let rows = |wrong: fn(i64, i64) -> bool| {
            times.iter().zip(times.iter().skip(1)).position(|(a, b)| wrong(a.as_nanos(), b.as_nanos()))
        };
        if let Some(row) = rows(|before, after| before > after) {
            self.error(
                index,
                Some(at),
                format!("row {}: the time goes back, expected ascending times", row + 1),
            );
        } else if repeats == Repeats::Forbidden
            && let Some(row) = rows(|before, after| before == after)
        {
            self.error(index, Some(at), format!("row {}: found the time of the row above again", row + 1));
        }
        Some(at)
    }

    /// Gives the value fields, of which there must be one.
    fn check_values<'a>(&mut self, index: usize, frame: &'a Frame) -> Vec<(usize, &'a Field)> {
        let values: Vec<_> = frame.fields.iter().enumerate().filter(|(_, field)| is_value(field)).collect();
        if values.is_empty() {
            self.error(index, None, "found no value field, expected a numeric or bool one");
        }
        values
    }

    /// Warns of items that occur twice, by what identifies them.
    fn check_items(&mut self, items: impl IntoIterator<Item = (usize, Option<usize>, String)>) {
        let mut seen = std::collections::BTreeSet::new();
        for (frame, field, item) in items {
            if seen.contains(&item) {
                self.warning(frame, field, format!("found {item} a second time"));
            }
            seen.insert(item);
        }
    }

    /// Warns of labels where dimensions stand in columns.
    fn check_no_labels(&mut self, index: usize, fields: &[(usize, &Field)]) {
        for (at, field) in fields {
            if field.labels.as_ref().is_some_and(|labels| !labels.is_empty()) {
                self.warning(
                    index,
                    Some(*at),
                    "found labels, which a long frame doesn't use; dimensions are string fields",
                );
            }
        }
    }
}

/// Whether a time may occur in several rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Allowed,
    Forbidden,
}

fn is_value(field: &Field) -> bool {
    field.value_type().is_numeric() || field.value_type() == ValueType::Bool
}

/// What identifies the item of a field with labels.
fn item(field: &Field) -> String {
    let labels = field.labels.clone().unwrap_or_default();
    format!("the item {:?} {{{labels}}}", field.name)
}

/// What identifies the items of a row of a long frame: its dimensions.
fn dimensions(frame: &Frame, row: usize) -> String {
    let text = |field: &Field| match &field.values {
        Values::String(column) => Some(format!("{}={:?}", field.name, column.get(row).unwrap_or_default())),
        _ => None,
    };
    frame.fields.iter().filter_map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
