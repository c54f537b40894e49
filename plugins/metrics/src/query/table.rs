//! Values → one table: time, a column per label, value.
//!
//! The step "frame" for the format `table`. The frame follows the data plane contract: `timeseries-long` for ranges
//! (rows in order of time), `numeric-long` for instants. It deliberately has a column for every label of any
//! series; where a series lacks the label, the cell is null.

use std::collections::BTreeSet;

use graftwire_frame::{Column, Field, Frame, FrameMeta, FrameType, FrameTypeVersion};

use super::series;
use crate::promql::Value;
use crate::series::{Labels, Sample};

pub(super) fn frames(value: Value, instant: bool) -> Vec<Frame> {
    let kind = series::kind(&value);
    let frame_type = match (&value, instant) {
        (Value::Matrix(_), _) | (_, false) => FrameType::TIMESERIES_LONG,
        _ => FrameType::NUMERIC_LONG,
    };
    let meta = FrameMeta {
        custom: Some(series::result_type(kind)),
        preferred_visualization: FrameMeta::TABLE.to_owned(),
        ..FrameMeta::of_type(frame_type, FrameTypeVersion::new(0, 1))
    };
    let frame = Frame::default().with_meta(meta);
    let rows = match value {
        Value::Text(text) => return vec![frame.with_field(Field::new("Value", vec![text]))],
        value => rows(value),
    };
    if rows.is_empty() { vec![frame] } else { vec![filled(frame, &rows)] }
}

/// One row per sample, in order of time.
fn rows(value: Value) -> Vec<(Labels, Sample)> {
    let mut rows = match value {
        Value::Scalar(sample) => vec![(Labels::default(), sample)],
        Value::Vector(samples) => samples,
        Value::Matrix(series) => {
            let with_labels = |series: crate::series::SeriesData| {
                let labels = series.labels;
                series.samples.into_iter().map(move |sample| (labels.clone(), sample))
            };
            series.into_iter().flat_map(with_labels).collect()
        }
        Value::Text(_) => Vec::new(),
    };
    rows.sort_by_key(|(_, sample)| sample.at);
    rows
}

fn filled(frame: Frame, rows: &[(Labels, Sample)]) -> Frame {
    let samples: Vec<Sample> = rows.iter().map(|(_, sample)| *sample).collect();
    let names: BTreeSet<&str> =
        rows.iter().flat_map(|(labels, _)| labels.iter()).map(|(name, _)| name).collect();
    let mut frame = frame.with_field(series::times(&samples, 0.0));
    for name in names {
        let column: Column<String> = rows.iter().map(|(labels, _)| labels.get(name)).collect();
        frame = frame.with_field(Field::new(name, column));
    }
    let values: Column<f64> = samples.iter().map(|sample| sample.value).collect();
    frame.with_field(Field::new("Value", values))
}
