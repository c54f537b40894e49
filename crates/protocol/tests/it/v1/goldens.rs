//! Every golden frame of the Go SDK on the wire of version 1, held against the golden JSON of the same frame.

use std::path::{Path, PathBuf};

use graftwire_frame::{Frame, FrameFormat};
use graftwire_model::{DataResponse, EncodedFrame, QueryResponse};
use graftwire_protocol::v1::generated::row_value::Kind;
use graftwire_protocol::v1::{from_wire, generated as wire, to_wire};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../frame/tests/golden/frames")
}

fn each(check: impl Fn(&str, EncodedFrame, &Value)) -> usize {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "arrow"));
    files.sort();
    for path in &files {
        let name = path.file_stem().unwrap().to_string_lossy();
        let json = std::fs::read_to_string(path.with_extension("json")).unwrap();
        // Numbers beyond 64 bits of an integer are no part of the goldens; serde_json reads the rest exactly.
        let json: Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&name, EncodedFrame::new(FrameFormat::Arrow, std::fs::read(path).unwrap()), &json);
    }
    files.len()
}

fn sent(frame: EncodedFrame) -> wire::QueryResult {
    let responses = [("A".to_owned(), DataResponse::ok(vec![frame]))].into();
    to_wire::query_response(QueryResponse { responses }).results.remove(0)
}

fn column(json: &Value, index: usize) -> Vec<Value> {
    json["data"]["values"][index].as_array().cloned().unwrap_or_default()
}

/// serde_json's quick parser may miss the last bit.
fn close(one: f64, other: f64) -> bool {
    one == other || (one - other).abs() <= one.abs() * f64::EPSILON
}

/// Whether a cell says what the golden JSON says.
fn agrees(cell: &wire::RowValue, golden: &Value, kind: &str) -> bool {
    match cell.kind() {
        // NaN and infinities are null in the list of values, and stand beside it.
        Kind::TypeNull => golden.is_null(),
        Kind::TypeInt64 => golden.as_i64() == Some(cell.int64_value),
        Kind::TypeDouble if kind.ends_with("float32") => {
            golden.as_f64().map(|value| value as f32) == Some(cell.double_value as f32)
        }
        Kind::TypeDouble => golden.as_f64().is_some_and(|golden| close(golden, cell.double_value)),
        Kind::TypeBool => golden.as_bool() == Some(cell.bool_value),
        // Free JSON leaves as its text, an enum as the text of its index.
        Kind::TypeString if kind.ends_with("json.RawMessage") => {
            serde_json::from_str::<Value>(&cell.string_value).unwrap_or_default() == *golden
        }
        Kind::TypeString if kind.ends_with("enum") => golden.is_u64(),
        Kind::TypeString => golden.as_str() == Some(&cell.string_value),
        Kind::TypeBytes => false,
    }
}

#[test]
fn tables_hold_what_the_golden_json_holds() {
    let (tables, series) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let all = each(|name, frame, json| {
        let result = sent(frame);
        assert_eq!(result.error, "", "{name}");
        let fields = json["schema"]["fields"].as_array().cloned().unwrap_or_default();
        for one in &result.series {
            series.set(series.get() + 1);
            assert!(one.points.iter().all(|point| point.value.is_finite()), "{name}");
            let values: Vec<_> = (0..fields.len()).map(|index| column(json, index)).collect();
            // Long frames are taken apart; else every point is a value of some column.
            let found = |value: f64| {
                values.iter().flatten().any(|golden| match golden {
                    Value::Bool(golden) => f64::from(u8::from(*golden)) == value,
                    golden => golden
                        .as_f64()
                        .is_some_and(|golden| close(golden, value) || golden as f32 == value as f32),
                })
            };
            assert!(one.points.iter().all(|point| found(point.value)), "{name}: {one:?}");
        }
        for table in &result.tables {
            tables.set(tables.get() + 1);
            assert_eq!(table.columns.len(), fields.len(), "{name}");
            for (index, field) in fields.iter().enumerate() {
                let kind = field["typeInfo"]["frame"].as_str().unwrap_or_default();
                let golden = column(json, index);
                assert_eq!(table.rows.len(), golden.len(), "{name}");
                for (row, expected) in table.rows.iter().zip(&golden) {
                    let cell = &row.values[index];
                    assert!(agrees(cell, expected, kind), "{name}: {field}: {cell:?}, golden {expected}");
                }
            }
        }
    });
    println!("{all} golden frames: {} tables, {} series", tables.get(), series.get());
    assert!(all > 60 && tables.get() > 20 && series.get() > 10);
}

#[test]
fn what_comes_back_goes_out_as_the_same_again() {
    each(|name, frame, _| {
        let once = wire::DatasourceResponse { results: vec![sent(frame)] };
        let answer = from_wire::query_response(once.clone(), FrameFormat::Arrow);
        assert!(answer.responses.values().all(|answer| answer.status == 200), "{name}");
        for encoded in answer.responses.values().flat_map(|answer| &answer.frames) {
            Frame::decode(encoded).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let again = to_wire::query_response(answer);
        for (once, again) in once.results.iter().zip(&again.results) {
            assert_eq!((&once.meta_json, &once.series), (&again.meta_json, &again.series), "{name}");
            let columns = |result: &wire::QueryResult| {
                result.tables.iter().flat_map(|table| table.columns.clone()).collect::<Vec<_>>()
            };
            assert_eq!(columns(once), columns(again), "{name}");
            let cells = |result: &wire::QueryResult| {
                let rows = result.tables.iter().flat_map(|table| table.rows.clone());
                rows.flat_map(|row| row.values).collect::<Vec<_>>()
            };
            let differing = cells(once).into_iter().zip(cells(again)).find(|(once, again)| once != again);
            assert_eq!(differing, None, "{name}");
        }
        assert!(once == again, "{name}");
    });
}
