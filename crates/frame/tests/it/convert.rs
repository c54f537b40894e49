//! Conversions between shapes, with the codes of their errors.

use std::time::Duration;

use graftwire_frame::Timestamp;
use graftwire_frame::shape::{self, Fill, Resample, ShapeError};
use serde_json::Value;

use crate::frames::{assert_same_json, read_arrow, read_json, with_plain_json, write_json};
use crate::golden::{Case, cases};

#[test]
fn conversions_give_the_golden_frame_or_its_error() {
    for case in cases("conversion") {
        let name = &case.name;
        for frame in
            [read_arrow(name, &case.bytes(&["in", "arrow"])), read_json(name, &case.text(&["in", "json"]))]
        {
            let before = frame.clone();
            let result = convert(&case, &frame);
            assert_eq!(frame, before, "{name}: the input changed");
            match (&case.error, result) {
                (None, Ok(frame)) => {
                    let golden = read_arrow(name, &case.bytes(&["out", "arrow"]));
                    assert_same_json(name, &write_json(name, &frame), &case.text(&["out", "json"]));
                    assert_eq!(with_plain_json(frame), with_plain_json(golden), "{name}");
                }
                (Some(expected), Err(error)) => assert_eq!(code(&error), expected, "{name}: {error}"),
                (expected, result) => panic!("{name}: found {result:?}, expected error {expected:?}"),
            }
        }
    }
}

fn convert(case: &Case, frame: &graftwire_frame::Frame) -> Result<graftwire_frame::Frame, ShapeError> {
    let millis = |key: &str| case.args[key].as_i64().unwrap();
    match case.op.as_str() {
        "long_to_wide" => shape::long_to_wide(frame, fill(&case.args)),
        "wide_to_long" => shape::wide_to_long(frame),
        "resample" => shape::resample(
            frame,
            &Resample {
                from: Timestamp::from_millis(millis("fromUnixMs")),
                to: Timestamp::from_millis(millis("toUnixMs")),
                step: Duration::from_millis(millis("intervalMs").try_into().unwrap()),
                fill: fill(&case.args),
            },
        ),
        other => panic!("unknown operation {other}"),
    }
}

fn fill(args: &Value) -> Option<Fill> {
    match args["fill"].as_str().unwrap() {
        "none" => None,
        "null" => Some(Fill::Null),
        "previous" => Some(Fill::Previous),
        "value" => Some(Fill::Value(args["fillValue"].as_f64().unwrap())),
        other => panic!("unknown fill {other}"),
    }
}

fn code(error: &ShapeError) -> &'static str {
    match error {
        ShapeError::NoRows => "no-rows",
        ShapeError::NullTime { .. } => "null-time",
        ShapeError::NotAscending { .. } => "time-not-ascending",
        _ => "rejected",
    }
}
