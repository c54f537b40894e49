//! Every golden frame, read and written in both formats. What we write as Arrow is read by arrow-rs as well.

use std::collections::BTreeMap;
use std::io::Cursor;

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use graftwire_frame::{
    Column, DecodeLimits, EncodedFrame, Frame, FrameFormat, Json, Values, arrow, json, json::Include,
};

use crate::golden::{Case, cases};
use crate::tree::Tree;

fn each(check: impl Fn(&str, &[u8], &str)) {
    for case in cases("frame") {
        check(&case.name, &case.bytes(&["arrow"]), &case.text(&["json"]));
    }
    for case in cases("conversion") {
        let sides = ["in", "out"].into_iter().filter(|side| case.files.get(side).is_some());
        for side in sides {
            let name = format!("{}.{side}", case.name);
            check(&name, &case.bytes(&[side, "arrow"]), &case.text(&[side, "json"]));
        }
    }
}

pub(crate) fn read_arrow(name: &str, bytes: &[u8]) -> Frame {
    arrow::read(bytes, &DecodeLimits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn read_json(name: &str, text: &str) -> Frame {
    json::read(text.as_bytes(), &DecodeLimits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn write_json(name: &str, frame: &Frame) -> String {
    let encoded = json::write(frame, Include::All).unwrap_or_else(|error| panic!("{name}: {error}"));
    String::from_utf8(encoded.into_bytes().to_vec()).unwrap()
}

pub(crate) fn write_arrow(name: &str, frame: &Frame) -> Vec<u8> {
    let encoded = arrow::write(frame).unwrap_or_else(|error| panic!("{name}: {error}"));
    encoded.into_bytes().to_vec()
}

/// JSON cells without what the formats may change: white space, and whether "nothing" is empty or `null`.
pub(crate) fn with_plain_json(mut frame: Frame) -> Frame {
    for field in &mut frame.fields {
        if let Values::Json(column) = &field.values {
            let plain = |cell: &str| {
                let text = if cell.is_empty() { "null" } else { cell };
                format!("{:?}", Tree::parse(text))
            };
            let cells = column.iter().map(|cell| cell.map(plain).filter(|cell| cell != "Null"));
            let cells = cells.map(|cell| cell.map(|cell| Json::of(&cell).unwrap()));
            let plain: Column<Json> = cells.collect();
            field.values = plain.into();
        }
    }
    frame
}

#[track_caller]
pub(crate) fn assert_same_json(name: &str, ours: &str, golden: &str) {
    let differences = Tree::parse(ours).differences(&Tree::parse(golden));
    assert!(differences.is_empty(), "{name} (ours / golden): {differences:#?}");
}

#[test]
fn both_formats_read_to_the_same_frame() {
    each(|name, arrow, json| {
        let (from_arrow, from_json) = (read_arrow(name, arrow), read_json(name, json));
        // Free JSON of meta and config is compared as text by `==`, so compare what is written from it.
        assert_same_json(name, &write_json(name, &from_arrow), &write_json(name, &from_json));
        let columns = |frame: Frame| {
            let frame = with_plain_json(frame);
            frame.fields.into_iter().map(|field| field.values).collect::<Vec<_>>()
        };
        assert_eq!(columns(from_arrow), columns(from_json), "{name}");
    });
}

#[test]
fn json_written_from_either_format_is_the_golden_one() {
    each(|name, arrow, json| {
        assert_same_json(name, &write_json(name, &read_arrow(name, arrow)), json);
        assert_same_json(name, &write_json(name, &read_json(name, json)), json);
    });
}

#[test]
fn arrow_written_from_either_format_is_the_golden_one_to_arrow_rs() {
    each(|name, arrow, json| {
        let golden = Independent::read(arrow);
        golden.assert_same(name, &Independent::read(&write_arrow(name, &read_arrow(name, arrow))));
        if golden.has_json_column() {
            return;
        }
        golden.assert_same(name, &Independent::read(&write_arrow(name, &read_json(name, json))));
    });
}

#[test]
fn moving_encoder_gives_the_same_bytes_in_segments() {
    each(|name, arrow, _| {
        let frame = read_arrow(name, arrow);
        let copied = frame.encode(FrameFormat::Arrow).unwrap();
        let moved = frame.into_encoded(FrameFormat::Arrow).unwrap();
        assert_eq!(copied.segments().len(), 1, "{name}");
        assert_eq!(copied.into_bytes(), moved.into_bytes(), "{name}");
    });
}

#[test]
fn large_columns_are_segments_of_their_own() {
    let values: Vec<f64> = (0..10_000).map(f64::from).collect();
    let address = values.as_ptr().cast::<u8>();
    let frame = Frame::new("large").with_field(graftwire_frame::Field::new("v", values));
    let copy = frame.clone();
    let encoded = frame.into_encoded(FrameFormat::Arrow).unwrap();
    assert_eq!(encoded.segments().len(), 3);
    assert_eq!(encoded.segments()[1].as_ptr(), address);
    assert_eq!(Frame::decode(&encoded).unwrap(), copy);
}

#[test]
fn golden_bytes_are_read_wherever_they_stand_in_memory() {
    each(|name, arrow, _| {
        for shift in 1..8 {
            let mut shifted = vec![0; shift];
            shifted.extend_from_slice(arrow);
            let bytes = bytes::Bytes::from(shifted).slice(shift..);
            let frame = Frame::decode(&EncodedFrame::new(FrameFormat::Arrow, bytes)).unwrap();
            assert_eq!(frame, read_arrow(name, arrow), "{name}");
        }
    });
}

/// What arrow-rs makes of a file.
struct Independent {
    schema: arrow_schema::SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Independent {
    fn read(file: &[u8]) -> Self {
        let reader = FileReader::try_new(Cursor::new(file), None).unwrap();
        Self { schema: reader.schema(), batches: reader.map(Result::unwrap).collect() }
    }

    fn has_json_column(&self) -> bool {
        self.schema.fields().iter().any(|field| *field.data_type() == arrow_schema::DataType::Binary)
    }

    fn assert_same(&self, name: &str, other: &Self) {
        same_metadata(name, self.schema.metadata(), other.schema.metadata());
        assert_eq!(self.schema.fields().len(), other.schema.fields().len(), "{name}");
        for (left, right) in self.schema.fields().iter().zip(other.schema.fields()) {
            assert_eq!(left.name(), right.name(), "{name}");
            assert_eq!(left.data_type(), right.data_type(), "{name}: {}", left.name());
            assert_eq!(left.is_nullable(), right.is_nullable(), "{name}: {}", left.name());
            same_metadata(name, left.metadata(), right.metadata());
        }
        assert_eq!(self.batches.len(), other.batches.len(), "{name}: batches");
        for (left, right) in self.batches.iter().zip(&other.batches) {
            for (column, (left, right)) in left.columns().iter().zip(right.columns()).enumerate() {
                // By their text, since NaN differs from itself otherwise.
                assert_eq!(format!("{left:?}"), format!("{right:?}"), "{name}: column {column}");
            }
        }
    }
}

fn same_metadata(name: &str, left: &arrow_schema::Metadata, right: &arrow_schema::Metadata) {
    let map = |metadata: &arrow_schema::Metadata| -> BTreeMap<String, String> {
        metadata.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    };
    let (left, right) = (map(left), map(right));
    let mut keys: Vec<_> = left.keys().chain(right.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let (Some(left), Some(right)) = (left.get(key), right.get(key)) else {
            panic!("{name}: metadata {key}: {:?} / {:?}", left.get(key), right.get(key));
        };
        if ["meta", "labels", "config"].contains(&key.as_str()) {
            assert_same_json(&format!("{name}: {key}"), left, right);
        } else {
            assert_eq!(left, right, "{name}: {key}");
        }
    }
}

#[test]
fn index_names_every_case_once() {
    let mut names: Vec<_> = cases("frame").into_iter().map(|case: Case| case.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), cases("frame").len());
}

#[test]
fn golden_frames_of_the_contract_keep_to_it() {
    let mut checked = 0;
    for case in cases("frame").into_iter().filter(|case| case.name.starts_with("contract_")) {
        let frame = read_json(&case.name, &case.text(&["json"]));
        let findings = graftwire_frame::contract::check(&[frame]);
        assert_eq!(findings, [], "{}", case.name);
        checked += 1;
    }
    assert!(checked >= 8, "{checked}");
}
