//! Frames → series of numbers over time: what charts are made of.
//!
//! It deliberately leaves out what is no number: a text column has no place in a chart.

use graftwire_frame::shape::{Fill, SeriesSchema, SeriesShape, long_to_wide};
use graftwire_frame::{Field, Frame, Timestamp, Values};

/// Numbers over time under one name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// Nulls are gaps, and so are NaN and infinities.
    pub(crate) points: Vec<(Timestamp, Option<f64>)>,
}

/// The series of a frame; none if it has no time column or no numbers. Long frames are made wide first; one that
/// can't be (rows out of order) is taken as it stands.
pub(crate) fn of_frame(frame: &Frame) -> Vec<Series> {
    let Some(schema) = SeriesSchema::of(frame) else { return Vec::new() };
    let wide = match schema.shape {
        SeriesShape::Long => long_to_wide(frame, Some(Fill::Null)).ok(),
        SeriesShape::Wide => return of_columns(frame),
    };
    let mut series = of_columns(wide.as_ref().unwrap_or(frame));
    // What the conversion filled in is no gap: each item has its own times.
    for one in &mut series {
        one.points.retain(|(_, value)| value.is_some());
    }
    series
}

fn of_columns(frame: &Frame) -> Vec<Series> {
    let Some(Values::Time(times)) =
        frame.fields.iter().map(|field| &field.values).find(|values| matches!(values, Values::Time(_)))
    else {
        return Vec::new();
    };
    let fields = frame.fields.iter().filter(|field| field.value_type().is_numeric());
    let series = fields.map(|field| {
        let points =
            times.iter().enumerate().filter_map(|(row, time)| Some((time?, number(&field.values, row))));
        Series { name: name(frame, field), points: points.collect() }
    });
    series.collect()
}

/// A finite number of a numeric column.
fn number(values: &Values, row: usize) -> Option<f64> {
    let number = match values {
        Values::Int8(column) => column.get(row).map(f64::from),
        Values::Int16(column) => column.get(row).map(f64::from),
        Values::Int32(column) => column.get(row).map(f64::from),
        // A chart shows far fewer digits than a double has.
        Values::Int64(column) => column.get(row).map(|value| value as f64),
        Values::Uint8(column) => column.get(row).map(f64::from),
        Values::Uint16(column) => column.get(row).map(f64::from),
        Values::Uint32(column) => column.get(row).map(f64::from),
        Values::Uint64(column) => column.get(row).map(|value| value as f64),
        Values::Float32(column) => column.get(row).map(f64::from),
        Values::Float64(column) => column.get(row),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// What people call a field: its display name, else its name with labels, else the frame's name.
pub(crate) fn name(frame: &Frame, field: &Field) -> String {
    if let Some(config) = &field.config {
        let shown = [&config.display_name, &config.display_name_from_ds];
        if let Some(name) = shown.into_iter().find(|name| !name.is_empty()) {
            return name.clone();
        }
    }
    let generic = field.name.is_empty() || field.name.eq_ignore_ascii_case("value");
    let base = if generic && !frame.name.is_empty() { &frame.name } else { &field.name };
    match field.labels.as_ref().filter(|labels| !labels.is_empty()) {
        Some(labels) => format!("{base}{{{labels}}}"),
        None if base.is_empty() => "value".to_owned(),
        None => base.clone(),
    }
}

/// Text without characters that steer a terminal: what a plugin sends is shown, never obeyed.
pub(crate) fn printable(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().flat_map(|c| if steers(c) { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests;
