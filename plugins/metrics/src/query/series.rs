//! Values → one frame per series.
//!
//! The step "frame" for the formats that show series. The frames follow the data plane contract:
//! `timeseries-multi` for ranges, `numeric-multi` for instants. It deliberately fills no gaps: the time field says
//! how far apart points should be, and the front end draws accordingly.

use graftwire_frame::{
    Column, Field, FieldConfig, FieldLabels, Frame, FrameMeta, FrameType, FrameTypeVersion, Json, Timestamp,
};

use super::{Asked, legend};
use crate::promql::Value;
use crate::series::{Labels, Sample};

const VERSION: FrameTypeVersion = FrameTypeVersion::new(0, 1);

/// `instant`: whether the query asked for one instant; decides the type of an answer without series.
pub(super) fn frames(asked: &Asked, value: Value, instant: bool) -> Vec<Frame> {
    let kind = kind(&value);
    let frame_type = match (&value, instant) {
        (Value::Matrix(_), _) | (_, false) => FrameType::TIMESERIES_MULTI,
        _ => FrameType::NUMERIC_MULTI,
    };
    let meta =
        || FrameMeta { custom: Some(result_type(kind)), ..FrameMeta::of_type(frame_type.clone(), VERSION) };
    let frame = |labels: &Labels, samples: &[Sample]| {
        let frame = Frame::default().with_meta(meta());
        let interval = if instant { 0.0 } else { asked.step as f64 };
        let name = legend::name(&asked.model.legend, labels, &asked.text);
        frame.with_field(times(samples, interval)).with_field(values(labels, samples, name))
    };
    let frames: Vec<Frame> = match value {
        Value::Text(text) => return vec![text_frame(asked, &text)],
        Value::Scalar(sample) => vec![frame(&Labels::default(), &[sample])],
        Value::Vector(samples) => samples.iter().map(|(labels, sample)| frame(labels, &[*sample])).collect(),
        Value::Matrix(series) => series.iter().map(|series| frame(&series.labels, &series.samples)).collect(),
    };
    if frames.is_empty() { vec![Frame::default().with_meta(meta())] } else { frames }
}

/// Prometheus' name of a value's kind.
pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Scalar(_) => "scalar",
        Value::Text(_) => "string",
        Value::Vector(_) => "vector",
        Value::Matrix(_) => "matrix",
    }
}

/// What Prometheus' own front end looks for.
pub(super) fn result_type(kind: &str) -> Json {
    serde_json::json!({ "resultType": kind }).into()
}

/// The time field; `interval` in milliseconds, 0 = not said.
pub(super) fn times(samples: &[Sample], interval: f64) -> Field {
    let times: Column<Timestamp> = samples.iter().map(|sample| Timestamp::from_millis(sample.at)).collect();
    let field = Field::new("Time", times);
    if interval > 0.0 { field.with_config(FieldConfig { interval, ..FieldConfig::default() }) } else { field }
}

fn values(labels: &Labels, samples: &[Sample], name: Option<String>) -> Field {
    let mut field = Field::new("Value", samples.iter().map(|sample| sample.value).collect::<Column<f64>>());
    if !labels.is_empty() {
        field.labels = Some(labels.iter().collect::<FieldLabels>());
    }
    if let Some(name) = name {
        field.config_mut().display_name_from_ds = name;
    }
    field
}

fn text_frame(asked: &Asked, text: &str) -> Frame {
    let sample = Sample { at: asked.time_range.to.0, value: 0.0 };
    let meta = FrameMeta { custom: Some(result_type("string")), ..FrameMeta::default() };
    Frame::default()
        .with_meta(meta)
        .with_field(times(&[sample], 0.0))
        .with_field(Field::new("Value", vec![text]))
}
