//! Query responses, chunks and stream packets.

use std::collections::BTreeMap;

use bytes::Bytes;
use graftwire_frame::chunks::{ChunkCollector, ChunkEncoder};
use graftwire_frame::json::Include;
use graftwire_frame::live::{Channel, SchemaOnce, packet};
use graftwire_frame::{DecodeLimits, EncodedFrame, FieldLabels, Frame, FrameFormat, json, response};
use graftwire_model::{DataResponse, ErrorSource, QueryChunk, QueryResponse};
use serde_json::Value;

use crate::frames::{assert_same_json, read_arrow, read_json, write_json};
use crate::golden::{Case, cases, tables};
use crate::protobuf;

#[test]
fn responses_from_the_wire_are_the_golden_json() {
    for case in cases("response") {
        for keys in ["protoArrow", "protoJSON"] {
            let response = protobuf::query_response(&case.bytes(&[keys]));
            assert_written(&case, &response);
        }
    }
}

#[test]
fn responses_read_and_written_again_are_the_golden_json() {
    for case in cases("response") {
        let response = response::read(&Bytes::from(case.bytes(&["json"]))).unwrap();
        for answer in response.responses.values() {
            for frame in &answer.frames {
                Frame::decode(frame).unwrap();
            }
        }
        assert_written(&case, &response);
    }
}

fn assert_written(case: &Case, response: &QueryResponse) {
    let written = response::write(response, &DecodeLimits::default()).unwrap();
    let written = String::from_utf8(written).unwrap();
    // A status that isn't one is lost on its way through either form, and comes out as "none".
    let status = case.name != "resp_status_custom";
    assert_same_json(&case.name, &comparable(&written, status), &comparable(&case.text(&["json"]), status));
}

#[test]
fn statuses_are_shown_as_a_server_shows_them() {
    let answer = |status, error: &str| DataResponse { status, error: error.to_owned(), ..Default::default() };
    let cases = [
        (answer(206, ""), r#"{"status":206}"#),
        (answer(0, ""), r#"{"status":200}"#),
        (answer(99, ""), "{}"),
        (answer(0, "x"), r#"{"error":"x","errorSource":"","status":500}"#),
        (answer(700, "x"), r#"{"error":"x","errorSource":"","status":500}"#),
        (
            DataResponse::failed(429, ErrorSource::Downstream, "slow"),
            r#"{"error":"slow","errorSource":"downstream","status":429}"#,
        ),
    ];
    for (answer, json) in cases {
        let response = QueryResponse { responses: [("A".to_owned(), answer)].into_iter().collect() };
        let written = response::write(&response, &DecodeLimits::default()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), format!(r#"{{"results":{{"A":{json}}}}}"#));
    }
}

/// The wire can't tell an absent list of frames from an empty one, and no refId from the answer's own.
fn comparable(json: &str, with_status: bool) -> String {
    let mut json: Value = serde_json::from_str(json).unwrap();
    for (ref_id, answer) in json["results"].as_object_mut().unwrap() {
        let answer = answer.as_object_mut().unwrap();
        if answer.get("frames").is_some_and(|frames| frames.as_array().unwrap().is_empty()) {
            answer.remove("frames");
        }
        if !with_status {
            answer.remove("status");
        }
        for frame in answer.get_mut("frames").into_iter().flat_map(|frames| frames.as_array_mut().unwrap()) {
            let schema = frame["schema"].as_object_mut().unwrap();
            if schema.get("refId").is_some_and(|own| own.as_str() == Some(ref_id)) {
                schema.remove("refId");
            }
        }
    }
    json.to_string()
}

#[test]
fn chunks_are_collected_to_whole_frames() {
    let mut results = Vec::new();
    for case in cases("chunks") {
        let mut collector = ChunkCollector::default();
        for chunk in golden_chunks(&case.text(&["json"])) {
            collector.push(chunk).unwrap();
        }
        assert_eq!(collector.frames("A").map(|frame| frame.rows().unwrap()).collect::<Vec<_>>(), [4, 4]);
        assert_eq!(collector.frames("B").map(|frame| frame.rows().unwrap()).collect::<Vec<_>>(), [2]);
        let response = collector.finish(FrameFormat::Json).unwrap();
        let failed = &response.responses["C"];
        assert_eq!((failed.error.as_str(), failed.status, failed.frames.len()), ("gone", 502, 0));
        assert_eq!(response.responses["A"].status, 200);
        results.push(response);
    }
    assert_eq!(results.len(), 2);
}

#[test]
fn chunks_are_encoded_as_the_golden_ones() {
    for case in cases("chunks") {
        let mut known: BTreeMap<(String, String), Frame> = BTreeMap::new();
        let mut encoder = None;
        for golden in golden_chunks(&case.text(&["json"])) {
            let Some(encoded) = golden.frame.clone() else { continue };
            let encoder = encoder.get_or_insert_with(|| ChunkEncoder::new(encoded.format));
            let key = (golden.ref_id.clone(), golden.frame_id.clone());
            let rows = match known.get(&key) {
                Some(first) if encoded.format == FrameFormat::Json => {
                    let mut rows = first.to_schema();
                    json::append(&mut rows, &encoded.into_bytes(), &DecodeLimits::default()).unwrap();
                    rows
                }
                _ => Frame::decode(&encoded).unwrap(),
            };
            known.entry(key).or_insert_with(|| rows.clone());
            let chunk = encoder.encode(&golden.ref_id, &golden.frame_id, rows).unwrap();
            assert_eq!(
                (&chunk.ref_id, &chunk.frame_id, chunk.status),
                (&golden.ref_id, &golden.frame_id, 200)
            );
            assert_same_frame(&case.name, chunk.frame.unwrap(), golden.frame.unwrap());
        }
    }
}

fn assert_same_frame(name: &str, ours: EncodedFrame, golden: EncodedFrame) {
    assert_eq!(ours.format, golden.format);
    let format = ours.format;
    let (ours, golden) = (ours.into_bytes(), golden.into_bytes());
    match format {
        FrameFormat::Arrow => assert_eq!(read_arrow(name, &ours), read_arrow(name, &golden)),
        FrameFormat::Json => {
            assert_same_json(name, str::from_utf8(&ours).unwrap(), str::from_utf8(&golden).unwrap());
        }
        FrameFormat::Unencoded => panic!("{name}: the Go SDK encodes every frame"),
    }
}

fn golden_chunks(json: &str) -> Vec<QueryChunk> {
    let chunks: Vec<Value> = serde_json::from_str(json).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let chunk = |chunk: &Value| QueryChunk {
        ref_id: text(&chunk["refId"]),
        frame_id: text(&chunk["frameId"]),
        frame: match (chunk.get("frameJSON"), text(&chunk["frameBase64"])) {
            (Some(frame), _) => Some(EncodedFrame::new(FrameFormat::Json, frame.to_string())),
            (None, base64) if base64.is_empty() => None,
            (None, base64) => Some(EncodedFrame::new(FrameFormat::Arrow, protobuf::base64(&base64))),
        },
        error: text(&chunk["error"]),
        status: chunk["status"].as_i64().unwrap().try_into().unwrap(),
        error_source: None,
    };
    chunks.iter().map(chunk).collect()
}

#[test]
fn packets_are_the_golden_ones() {
    let case = cases("stream").pop().unwrap();
    let entries: Vec<Value> = serde_json::from_str(&case.text(&["json"])).unwrap();
    let frame = read_json(&case.name, &entries[0]["json"].to_string());
    for entry in &entries {
        let include = match entry["include"].as_str().unwrap() {
            "all" => Include::All,
            "data" => Include::Data,
            "schema" => Include::Schema,
            other => panic!("unknown {other}"),
        };
        let packet = packet(&frame, include).unwrap();
        assert_same_json(&case.name, str::from_utf8(&packet.data).unwrap(), &entry["json"].to_string());
    }
    let mut encoder = SchemaOnce::new();
    for expected in [0, 1] {
        let packet = encoder.encode(&frame).unwrap();
        let golden = entries[expected]["json"].to_string();
        assert_same_json(&case.name, str::from_utf8(&packet.data).unwrap(), &golden);
    }
}

#[test]
fn appending_golden_data_doubles_the_rows() {
    for case in cases("frame") {
        let mut frame = read_json(&case.name, &case.text(&["json"]));
        let once = frame.clone();
        let data = json::write(&frame, Include::Data).unwrap().into_bytes();
        json::append(&mut frame, &data, &DecodeLimits::default()).unwrap();
        let mut twice = once.clone();
        twice.append(once).unwrap();
        assert_eq!(write_json(&case.name, &frame), write_json(&case.name, &twice), "{}", case.name);
    }
}

#[test]
fn live_channels_are_parsed_as_the_table_says() {
    for row in tables()["live_channel"].as_array().unwrap() {
        let text = row["in"].as_str().unwrap();
        match (Channel::parse(text), row["out"].as_array()) {
            (Ok(channel), Some(parts)) => {
                let parts: Vec<_> = parts.iter().map(|part| part.as_str().unwrap()).collect();
                assert_eq!([channel.scope(), channel.namespace(), channel.path()], parts[..]);
                assert_eq!(channel.to_string(), text);
            }
            (Err(_), None) => assert_eq!(row["error"], true, "{text}"),
            (found, expected) => panic!("{text}: found {found:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn labels_are_parsed_as_the_table_says() {
    for row in tables()["labels_from_string"].as_array().unwrap() {
        let text = row["in"].as_str().unwrap();
        match FieldLabels::parse(text) {
            Err(_) => assert_eq!(row["error"], true, "{text}"),
            Ok(labels) => {
                let map: Option<BTreeMap<String, String>> =
                    serde_json::from_value(row["out"].clone()).unwrap();
                assert_eq!(labels, map.map(FieldLabels::from), "{text}");
                let labels = labels.unwrap_or_default();
                assert_eq!(labels.to_string(), row["string"].as_str().unwrap());
                assert_eq!(labels.fingerprint().to_string(), row["fingerprint"].as_str().unwrap());
            }
        }
    }
}

/// What is not encoded is handed on as it is, and bytes never pass for it.
#[test]
fn a_frame_that_is_not_encoded_is_itself() {
    let frame = Frame::new("kept").with_field(graftwire_frame::Field::new("value", vec![1.5, 2.5]));
    let kept = frame.clone().into_encoded(FrameFormat::Unencoded).unwrap();
    assert!(kept.is_empty());
    assert_eq!(Frame::of_unencoded(&kept).unwrap(), frame);
    assert_eq!(Frame::decode(&kept).unwrap(), frame);
    let bytes = frame.into_encoded(FrameFormat::Arrow).unwrap();
    let refused = Frame::of_unencoded(&bytes).unwrap_err();
    assert!(refused.to_string().starts_with("found an encoded frame"), "{refused}");
}
