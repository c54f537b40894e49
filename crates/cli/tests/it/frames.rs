//! `graftwire frame` over every golden frame, and over files that are broken in every way we could think of.

use std::fs;
use std::path::{Path, PathBuf};

use graftwire_frame::{DecodeLimits, Frame, FrameFormat, ValueType, arrow, json};
use serde_json::Value;

use crate::run::{golden, run, run_with_input};

/// Every golden that exists as Arrow and as JSON.
fn pairs() -> Vec<(PathBuf, PathBuf)> {
    let mut pairs = Vec::new();
    for folder in ["frames", "convert"] {
        for entry in fs::read_dir(golden(folder)).unwrap() {
            let arrow = entry.unwrap().path();
            if arrow.extension().is_some_and(|extension| extension == "arrow") {
                let json = arrow.with_extension("json");
                assert!(json.exists(), "{arrow:?}");
                pairs.push((arrow, json));
            }
        }
    }
    pairs.sort();
    assert!(pairs.len() > 150, "the goldens are there: {}", pairs.len());
    pairs
}

fn convert(file: &Path, to: &str) -> Vec<u8> {
    run(&["frame", "convert", file.to_str().unwrap(), "--to", to]).expect_code(0).stdout
}

/// Numbers spelled differently are equal, all else must be the same text. Floats are compared after parsing, which
/// is exact for everything that was written from a double.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || (left.is_f64() || right.is_f64()) && left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        (left, right) => left == right,
    }
}

fn value(json: &[u8]) -> Value {
    serde_json::from_str(&String::from_utf8_lossy(json)).unwrap()
}

#[test]
fn every_golden_converts_from_arrow_to_json() {
    for (arrow, json) in pairs() {
        let got = value(&convert(&arrow, "json"));
        assert!(same(&got, &value(&fs::read(&json).unwrap())), "{arrow:?}: {got}");
    }
}

#[test]
fn every_golden_converts_from_json_to_arrow_and_stays_the_same_frame() {
    let read = |bytes: &[u8]| arrow::read(bytes, &DecodeLimits::NONE).unwrap();
    for (arrow, json) in pairs() {
        let converted = read(&convert(&json, "arrow"));
        let again = converted.encode(FrameFormat::Json).unwrap().into_bytes();
        assert!(same(&value(&again), &value(&fs::read(&json).unwrap())), "{json:?}");
        // JSON can't tell a null cell from a cell that holds the JSON text `null`; all other
        // columns are equal to the last bit.
        for (field, golden) in converted.fields.iter().zip(&read(&fs::read(&arrow).unwrap()).fields) {
            let equal = field.values == golden.values || field.value_type() == ValueType::Json;
            assert!(equal, "{json:?}: column {:?} differs", field.name);
        }
    }
}

#[test]
fn every_golden_can_be_shown_and_written_as_csv() {
    for (arrow, json) in pairs() {
        run(&["frame", "show", json.to_str().unwrap()]).expect_code(0);
        let rows = json::read(&fs::read(&json).unwrap(), &DecodeLimits::NONE).unwrap().rows().unwrap();
        let shown = run(&["--json", "frame", "show", arrow.to_str().unwrap()]).expect_code(0).json();
        assert_eq!(shown["frames"][0]["rows"], rows, "{arrow:?}");
        convert(&arrow, "csv");
    }
}

#[test]
fn a_list_stays_a_list_and_one_of_it_can_be_chosen() {
    let frames: Vec<Frame> = ["contract_numeric_wide", "single_cell"]
        .iter()
        .map(|name| {
            let bytes = fs::read(golden("frames").join(format!("{name}.json"))).unwrap();
            json::read(&bytes, &DecodeLimits::NONE).unwrap()
        })
        .collect();
    let list = json::write_list(&frames).unwrap();
    let all = run_with_input(&["frame", "convert", "-", "--to", "json"], &list).expect_code(0);
    assert_eq!(json::read_list(&all.stdout, &DecodeLimits::NONE).unwrap(), frames);
    let second =
        run_with_input(&["frame", "convert", "-", "--to", "arrow", "--frame", "1"], &list).expect_code(0);
    assert_eq!(arrow::read(&second.stdout, &DecodeLimits::NONE).unwrap(), frames[1]);
    let none =
        run_with_input(&["frame", "convert", "-", "--to", "arrow", "--frame", "2"], &list).expect_code(2);
    assert!(none.stderr.contains("holds 2 frame(s)"), "{none:?}");
    let several = run_with_input(&["frame", "convert", "-", "--to", "arrow"], &list).expect_code(2);
    assert!(several.stderr.contains("--out"), "{several:?}");
}

#[test]
fn several_frames_go_into_numbered_files() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("x.arrow");
    let list = br#"[{"schema":{"name":"a","fields":[]}},{"schema":{"name":"b","fields":[]}}]"#;
    let args = ["--json", "frame", "convert", "-", "--to", "arrow", "--out", out.to_str().unwrap()];
    let report = run_with_input(&args, list).expect_code(0).json();
    assert_eq!(report["frames"], 2);
    for (index, name) in ["a", "b"].iter().enumerate() {
        let bytes = fs::read(folder.path().join(format!("x.{index}.arrow"))).unwrap();
        assert_eq!(arrow::read(&bytes, &DecodeLimits::NONE).unwrap().name, *name);
    }
}

#[test]
fn packets_of_a_stream_become_one_frame_again() {
    let packets = b"{\"schema\":{\"fields\":[{\"name\":\"n\",\"type\":\"number\",\"typeInfo\":{\"frame\":\"int64\"}}]},\"data\":{\"values\":[[1]]}}\n\
        {\"data\":{\"values\":[[9223372036854775807]]}}\n";
    let frame = run_with_input(&["frame", "convert", "-", "--to", "json"], packets).expect_code(0);
    assert_eq!(value(&frame.stdout)["data"]["values"][0][1], i64::MAX);
}

#[test]
fn a_response_gives_its_frames_and_tells_its_errors() {
    let response = br#"{"results":{"B":{"error":"no such table","errorSource":"downstream","status":400},
        "A":{"status":200,"frames":[{"schema":{"name":"x","fields":[]},"data":{"values":[]}}]}}}"#;
    let shown = run_with_input(&["frame", "show", "-"], response).expect_code(0);
    assert!(
        shown.text().contains("query B failed (status 400, source downstream): no such table"),
        "{shown:?}"
    );
    let converted = run_with_input(&["frame", "convert", "-", "--to", "json"], response).expect_code(1);
    assert_eq!(value(&converted.stdout)[0]["schema"]["refId"], "A");
    assert!(converted.stderr.contains("no such table"), "{converted:?}");
}

#[test]
fn broken_files_are_told_and_never_a_panic() {
    for (bytes, told) in [
        (&b""[..], "found nothing"),
        (b"  \n ", "found nothing"),
        (b"hello", "neither an Arrow file nor JSON"),
        (b"ARROW1", "arrow file"),
        (b"ARROW1\0\0\xff\xff\xff\xff\x10\0\0\0ARROW1", "arrow file"),
        (b"\xff\xff\xff\xff\x10\0\0\0", "Arrow stream"),
        (b"{", "frame json"),
        (b"{\"a\":1}", "found a JSON object with \"a\""),
        (b"{}", "no keys"),
        (b"[1]", "list of frames"),
        (b"{\"results\":{\"A\":{\"frames\":[{\"schema\":5}]}}}", "frame 0 of refId \"A\""),
        (b"{\"results\":5}", "query response"),
        (b"{\"schema\":{\"fields\":[{\"name\":\"x\"}]}}", "frame json"),
        (b"{\"schema\":{\"fields\":[]}}{\"schema\":5}", "broken packet 1"),
    ] {
        for args in [&["frame", "show", "-"][..], &["frame", "convert", "-", "--to", "arrow"]] {
            let ran = run_with_input(args, bytes).expect_code(5);
            assert!(ran.stderr.contains(told), "{bytes:?}: {ran:?}");
            assert!(ran.stdout.is_empty(), "{bytes:?}: {ran:?}");
        }
    }
}

#[test]
fn cut_arrow_files_are_told_wherever_they_end() {
    let whole = fs::read(golden("frames").join("all_types_mixed.arrow")).unwrap();
    for length in (6..whole.len()).step_by(whole.len() / 12) {
        run_with_input(&["frame", "show", "-"], &whole[..length]).expect_code(5);
    }
}

#[test]
fn a_failed_write_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("kept.json");
    fs::write(&out, "old").unwrap();
    let args = ["frame", "convert", "-", "--to", "json", "--out", out.to_str().unwrap()];
    run_with_input(&args, b"ARROW1 broken").expect_code(5);
    assert_eq!(fs::read_to_string(&out).unwrap(), "old");
    run_with_input(&args, br#"{"schema":{"fields":[]}}"#).expect_code(0);
    assert!(fs::read_to_string(&out).unwrap().starts_with("{\"schema\""));
    let missing = folder.path().join("no/such/folder.json");
    let args = ["frame", "convert", "-", "--to", "json", "--out", missing.to_str().unwrap()];
    run_with_input(&args, br#"{"schema":{"fields":[]}}"#).expect_code(5);
}
