use super::*;
use crate::{FrameMeta, Json, Timestamp};

fn typed(frame_type: FrameType) -> Frame {
    Frame::new("").with_meta(FrameMeta::of_type(frame_type, FrameTypeVersion::new(0, 1)))
}

fn times(seconds: impl IntoIterator<Item = i64>) -> Field {
    Field::new("time", seconds.into_iter().map(Timestamp::from_secs).collect::<Vec<_>>())
}

fn messages(frames: &[Frame]) -> Vec<String> {
    check(frames).iter().map(ToString::to_string).collect()
}

#[test]
fn frames_that_keep_to_the_contract_have_no_findings() {
    let labelled = |host: &str| Field::new("v", vec![1.0, 2.0]).with_labels([("host", host)]);
    let wide = typed(FrameType::TIMESERIES_WIDE)
        .with_field(times([1, 2]))
        .with_field(labelled("a"))
        .with_field(labelled("b"))
        .with_field(Field::new("remainder", vec!["x", "y"]));
    let multi =
        |host| typed(FrameType::TIMESERIES_MULTI).with_field(times([1, 2])).with_field(labelled(host));
    let long = typed(FrameType::TIMESERIES_LONG)
        .with_field(times([1, 1]))
        .with_field(Field::new("v", vec![Some(1i64), None]))
        .with_field(Field::new("host", vec!["a", "b"]));
    let numeric = typed(FrameType::NUMERIC_LONG)
        .with_field(Field::new("v", vec![true, false]))
        .with_field(Field::new("host", vec!["a", "b"]));
    let logs = typed(FrameType::LOG_LINES)
        .with_field(Field::new("timestamp", vec![Timestamp::EPOCH]))
        .with_field(Field::new("body", vec!["line"]))
        .with_field(Field::new("labels", vec![Json::parse("{}").unwrap()]));
    for frames in [
        vec![],
        vec![Frame::new("untyped").with_field(times([2, 1]))],
        vec![typed(FrameType::new("invented")).with_field(times([2, 1]))],
        vec![typed(FrameType::TIMESERIES_WIDE)],
        vec![wide.clone(), Frame::new("remainder")],
        vec![multi("a"), multi("b")],
        vec![long],
        vec![numeric],
        vec![logs],
    ] {
        assert_eq!(messages(&frames), [""; 0], "{frames:?}");
    }
}

#[test]
fn every_breach_is_found_where_it_is() {
    let value = || Field::new("v", vec![1.0, 2.0]);
    let wide = |time: Field| typed(FrameType::TIMESERIES_WIDE).with_field(time).with_field(value());
    let cases: [(Vec<Frame>, &str); 17] = [
        (
            vec![wide(times([2, 1]))],
            "error: frames[0].fields[0]: row 1: the time goes back, expected ascending times",
        ),
        (
            vec![wide(times([1, 1]))],
            "error: frames[0].fields[0]: row 1: found the time of the row above again",
        ),
        (
            vec![wide(Field::new("t", vec![Some(Timestamp::EPOCH), None]))],
            "error: frames[0].fields[0]: found null times, expected none",
        ),
        (
            vec![wide(times([1, 2]).with_labels([("a", "b")]))],
            "error: frames[0].fields[0]: found labels on the time field, expected none",
        ),
        (vec![wide(Field::new("t", vec!["x", "y"]))], "error: frames[0]: found no time field, expected one"),
        (
            vec![typed(FrameType::TIMESERIES_WIDE).with_field(times([1]))],
            "error: frames[0]: found no value field, expected a numeric or bool one",
        ),
        (
            vec![wide(times([1, 2])), wide(times([1, 2]))],
            "error: frames[1]: found a second frame of type timeseries-wide, expected one",
        ),
        (
            vec![wide(times([1, 2])), typed(FrameType::TIMESERIES_WIDE)],
            "error: frames[1]: found a frame without fields beside data; \"no data\" stands alone",
        ),
        (
            vec![wide(times([1, 2])).with_field(value())],
            "warning: frames[0].fields[2]: found the item \"v\" {} a second time",
        ),
        (
            vec![wide(times([1, 2])), typed(FrameType::NUMERIC_WIDE)],
            "warning: frames[1]: found type numeric-wide in an answer of timeseries-wide; types are not to be mixed",
        ),
        (
            vec![
                Frame::new("")
                    .with_meta(FrameMeta::of_type(FrameType::NUMERIC_WIDE, FrameTypeVersion::default()))
                    .with_field(Field::new("v", vec![1.0])),
            ],
            "warning: frames[0]: found numeric-wide 0.0, expected version 0.1, which promises to keep to the contract",
        ),
        (
            vec![typed(FrameType::NUMERIC_WIDE).with_field(value())],
            "error: frames[0]: found 2 rows, expected at most one",
        ),
        (
            vec![typed(FrameType::NUMERIC_LONG).with_field(value())],
            "error: frames[0]: found 2 rows without a string field, expected dimensions to tell them apart",
        ),
        (
            vec![
                typed(FrameType::TIMESERIES_LONG)
                    .with_field(times([1, 1]))
                    .with_field(value())
                    .with_field(Field::new("host", vec!["a", "a"])),
            ],
            "warning: frames[0]: found the item {host=\"a\"} at 1970-01-01T00:00:01Z a second time",
        ),
        (
            vec![
                typed(FrameType::LOG_LINES)
                    .with_field(Field::new("timestamp", vec![Timestamp::EPOCH]))
                    .with_field(Field::new("body", vec![None::<&str>])),
            ],
            "error: frames[0].fields[1]: found nulls in body, expected none",
        ),
        (
            vec![typed(FrameType::HEATMAP_ROWS).with_field(times([1, 2])).with_field(value())],
            "warning: frames[0].fields[1]: found no label le, expected the bound of the row",
        ),
        (
            vec![typed(FrameType::DIRECTORY_LISTING).with_field(Field::new("name", vec!["a"]))],
            "error: frames[0]: found no field, expected the media types as strings",
        ),
    ];
    for (frames, expected) in cases {
        assert_eq!(messages(&frames), [expected]);
    }
}

#[test]
fn log_lines_need_times_and_texts() {
    let frame = typed(FrameType::LOG_LINES)
        .with_field(Field::new("tsNs", vec!["1"]))
        .with_field(Field::new("labels", vec![Json::parse("[]").unwrap()]));
    assert_eq!(
        messages(&[frame]),
        [
            "warning: frames[0]: found no field timestamp, expected one of type time.Time",
            "warning: frames[0]: found no field body, expected one of type string",
            "error: frames[0].fields[1]: row 0: found labels that isn't a JSON object",
            "error: frames[0]: found no time field, expected timestamp",
            "error: frames[0].fields[0]: found tsNs of type string, expected a number",
        ]
    );
}
