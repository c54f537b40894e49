//! Frames → time series, for those frames that are some.
//!
//! A point has a number and no way to say that there is none. What isn't finite, and what is null, is left out: NaN
//! and infinities make whole answers fail at hosts whose JSON can't say them, and a missing point is what the panels
//! of Grafana 7 draw a gap or a line for, as they are told.

use graftwire_frame::shape::{Fill, SeriesSchema, SeriesShape, long_to_wide};
use graftwire_frame::{Field, Frame, FrameMeta, Values};

use super::generated as wire;

/// The series of a frame; `None` if it is to be shown as a table. Counts values that aren't finite.
///
/// Series are: frames declared as time series of any shape (long ones are made wide), as numbers at a time, or as
/// rows of a heat map; and frames that declare nothing, of a time field and numeric fields alone. Whatever prefers to
/// be shown as a table, as logs or as a trace is none.
pub(super) fn of_frame(frame: &Frame, not_finite: &mut usize) -> Option<Vec<wire::TimeSeries>> {
    let declared = frame.meta.as_ref().map_or("", |meta| meta.frame_type.as_str());
    if frame.meta.as_ref().is_some_and(prefers_another_view) {
        return None;
    }
    match declared {
        "timeseries-wide" | "timeseries-multi" | "timeseries-many" | "numeric-wide" | "numeric-multi"
        | "heatmap-rows" => of_columns(frame, not_finite),
        "timeseries-long" => match SeriesSchema::of(frame)?.shape {
            SeriesShape::Wide => of_columns(frame, not_finite),
            SeriesShape::Long => of_columns(&long_to_wide(frame, Some(Fill::Null)).ok()?, not_finite),
        },
        "" => {
            let schema = SeriesSchema::of(frame)?;
            let mut values = schema.values.iter().filter_map(|index| frame.fields.get(*index));
            let all_numbers =
                schema.shape == SeriesShape::Wide && values.all(|field| field.value_type().is_numeric());
            if all_numbers { of_columns(frame, not_finite) } else { None }
        }
        _ => None,
    }
}

fn prefers_another_view(meta: &FrameMeta) -> bool {
    let views =
        [FrameMeta::TABLE, FrameMeta::LOGS, FrameMeta::TRACE, FrameMeta::NODE_GRAPH, FrameMeta::FLAME_GRAPH];
    views.contains(&meta.preferred_visualization.as_str())
}

/// One series per field of numbers, over the first time field. Other fields are no part of a time series.
fn of_columns(frame: &Frame, not_finite: &mut usize) -> Option<Vec<wire::TimeSeries>> {
    let times = frame.fields.iter().find_map(|field| match &field.values {
        Values::Time(times) => Some(times),
        _ => None,
    })?;
    let millis: Vec<Option<i64>> = times.iter().map(|time| Some(time?.as_millis_and_nanos().0)).collect();
    let fields = frame.fields.iter().filter(|field| is_value(field));
    let series = fields.map(|field| wire::TimeSeries {
        name: name(frame, field),
        tags: field.labels.clone().map(Into::into).unwrap_or_default(),
        points: points(&millis, &field.values, not_finite),
    });
    let series: Vec<_> = series.collect();
    (!series.is_empty()).then_some(series)
}

fn is_value(field: &Field) -> bool {
    field.value_type().is_numeric() || matches!(field.values, Values::Bool(_))
}

fn points(millis: &[Option<i64>], values: &Values, not_finite: &mut usize) -> Vec<wire::Point> {
    let mut points = Vec::with_capacity(millis.len());
    for (row, timestamp) in millis.iter().enumerate() {
        let (Some(timestamp), Some(value)) = (*timestamp, number(values, row)) else { continue };
        if value.is_finite() {
            points.push(wire::Point { timestamp, value });
        } else {
            *not_finite = not_finite.saturating_add(1);
        }
    }
    points
}

/// The number of a row, as the double it becomes on the wire; `None` = null.
pub(super) fn number(values: &Values, row: usize) -> Option<f64> {
    Some(match values {
        Values::Int8(column) => column.get(row)?.into(),
        Values::Int16(column) => column.get(row)?.into(),
        Values::Int32(column) => column.get(row)?.into(),
        Values::Int64(column) => column.get(row)? as f64,
        Values::Uint8(column) => column.get(row)?.into(),
        Values::Uint16(column) => column.get(row)?.into(),
        Values::Uint32(column) => column.get(row)?.into(),
        Values::Uint64(column) => column.get(row)? as f64,
        Values::Float32(column) => column.get(row)?.into(),
        Values::Float64(column) => column.get(row)?,
        Values::Bool(column) => f64::from(u8::from(column.get(row)?)),
        _ => return None,
    })
}

/// What a panel shows: the name made for it, else the field's. `Value` says nothing, so a frame's name comes before it.
fn name(frame: &Frame, field: &Field) -> String {
    const NAMELESS: [&str; 2] = ["", "Value"];
    let config = field.config.as_ref();
    let made = config.map(|config| [&config.display_name_from_ds, &config.display_name]);
    let made = made.into_iter().flatten().find(|name| !name.is_empty());
    match made {
        Some(name) => name.clone(),
        None if NAMELESS.contains(&field.name.as_str()) && !frame.name.is_empty() => frame.name.clone(),
        None => field.name.clone(),
    }
}
