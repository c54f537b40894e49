use graftwire_model::{EncodedFrame, ErrorSource, FrameFormat, QueryChunk, error_text};

use super::*;
use crate::{DecodeLimits, Field, Frame};

const FORMATS: [FrameFormat; 2] = [FrameFormat::Arrow, FrameFormat::Json];

fn rows(values: Vec<i64>) -> Frame {
    Frame::new("f").with_field(Field::new("v", values))
}

fn chunk_of(format: FrameFormat, ref_id: &str, frame_id: &str, frame: Frame) -> QueryChunk {
    ChunkEncoder::new(format).encode(ref_id, frame_id, frame).unwrap()
}

/// A chunk of frame JSON as it stands.
fn json(ref_id: &str, frame_id: &str, text: &'static str) -> QueryChunk {
    QueryChunk {
        ref_id: ref_id.to_owned(),
        frame_id: frame_id.to_owned(),
        frame: Some(EncodedFrame::new(FrameFormat::Json, text)),
        status: 200,
        ..QueryChunk::default()
    }
}

fn failed(ref_id: &str, error: &str) -> QueryChunk {
    QueryChunk {
        ref_id: ref_id.to_owned(),
        error: error.to_owned(),
        status: 502,
        error_source: Some(ErrorSource::Downstream),
        ..QueryChunk::default()
    }
}

#[test]
fn chunks_are_tied_together_by_both_names() {
    for format in FORMATS {
        let mut encoder = ChunkEncoder::new(format);
        let mut collector = ChunkCollector::default();
        // Joined with a dash, the two pairs would be one.
        for (ref_id, frame_id, values) in
            [("a-b", "c", vec![1]), ("a", "b-c", vec![2]), ("a-b", "c", vec![3]), ("a", "d", vec![4])]
        {
            collector.push(encoder.encode(ref_id, frame_id, rows(values)).unwrap()).unwrap();
        }
        let frames = |ref_id| collector.frames(ref_id).cloned().collect::<Vec<_>>();
        assert_eq!(frames("a-b"), [rows(vec![1, 3]).with_ref_id("a-b")]);
        assert_eq!(frames("a"), [rows(vec![2]).with_ref_id("a"), rows(vec![4]).with_ref_id("a")]);
    }
}

#[test]
fn only_the_first_chunk_of_a_json_frame_has_a_schema() {
    let mut encoder = ChunkEncoder::new(FrameFormat::Json);
    let mut text = |values| {
        let chunk = encoder.encode("A", "f", rows(values)).unwrap();
        String::from_utf8(chunk.frame.unwrap().into_bytes().to_vec()).unwrap()
    };
    assert!(text(vec![1]).starts_with(r#"{"schema":"#));
    assert_eq!(text(vec![2]), r#"{"data":{"values":[[2]]}}"#);
}

#[test]
fn a_producer_cannot_change_the_columns_of_a_frame() {
    for format in FORMATS {
        let mut encoder = ChunkEncoder::new(format);
        encoder.encode("A", "f", rows(vec![1])).unwrap();
        let other = Frame::new("f").with_field(Field::new("v", vec!["x"]));
        let error = encoder.encode("A", "f", other.clone()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "append: found 1 columns [string], expected 1 columns [int64]",
            "{format:?}"
        );
        encoder.encode("A", "g", other).unwrap();
        encoder.encode("A", "f", rows(vec![2])).unwrap();
    }
}

#[test]
fn a_first_chunk_that_cannot_be_encoded_has_sent_no_schema() {
    let mut encoder = ChunkEncoder::new(FrameFormat::Json);
    let ragged = rows(vec![1]).with_field(Field::new("w", vec![1_i64, 2]));
    encoder.encode("A", "f", ragged).unwrap_err();
    let chunk = encoder.encode("A", "f", rows(vec![1])).unwrap();
    ChunkCollector::default().push(chunk).unwrap();
}

#[test]
fn an_error_stays_and_other_answers_go_on() {
    let mut encoder = ChunkEncoder::new(FrameFormat::Json);
    let mut collector = ChunkCollector::default();
    collector.push(encoder.encode("A", "f", rows(vec![1])).unwrap()).unwrap();
    collector.push(failed("A", "gone")).unwrap();
    collector.push(failed("A", "gone again")).unwrap();
    collector.push(encoder.encode("B", "f", rows(vec![3])).unwrap()).unwrap();
    let response = collector.finish(FrameFormat::Arrow).unwrap();
    let answer = &response.responses["A"];
    assert_eq!((answer.error.as_str(), answer.status), ("gone", 502));
    assert_eq!(answer.error_source, Some(ErrorSource::Downstream));
    assert_eq!(Frame::decode(&answer.frames[0]).unwrap().rows().unwrap(), 1);
    assert_eq!(response.responses["B"].status, 200);
}

#[test]
fn what_was_asked_has_an_answer_even_without_a_chunk() {
    let mut collector = ChunkCollector::default().expecting(["A", "B"]);
    collector.push(QueryChunk { ref_id: "A".to_owned(), status: 204, ..QueryChunk::default() }).unwrap();
    let answers = collector.finish(FrameFormat::Arrow).unwrap().responses;
    assert_eq!((answers["A"].status, answers["B"].status), (204, 200));
}

/// Each lie with what the collector says of it, after a good chunk of query A.
fn lies() -> Vec<(FrameFormat, QueryChunk, &'static str)> {
    let text = || Frame::new("f").with_field(Field::new("v", vec!["x"]));
    let two = || rows(vec![1]).with_field(Field::new("w", vec![1_i64]));
    let labelled =
        |host: &str| Frame::new("f").with_field(Field::new("v", vec![1_i64]).with_labels([("host", host)]));
    let second = r#"query "A", frame "f": found a second schema, expected rows alone"#;
    vec![
        (FrameFormat::Json, json("A", "f", r#"{"schema":{"fields":[]},"data":{"values":[]}}"#), second),
        (
            FrameFormat::Arrow,
            chunk_of(FrameFormat::Arrow, "A", "f", text()),
            r#"query "A", frame "f": found columns 1 columns [string], the first piece has 1 columns [int64]"#,
        ),
        (
            FrameFormat::Arrow,
            chunk_of(FrameFormat::Arrow, "A", "f", two()),
            r#"query "A", frame "f": found columns 2 columns [int64, int64], the first piece has 1 columns [int64]"#,
        ),
        (
            FrameFormat::Json,
            json("A", "f", r#"{"data":{"values":[["x"]]}}"#),
            "query \"A\", frame \"f\": a piece can't be read: field 0 (\"v\"), row 0: found \"x\", expected int64",
        ),
        (
            FrameFormat::Json,
            json("A", "f", r#"{"data":{"values":[[1],[2]]}}"#),
            "query \"A\", frame \"f\": a piece can't be read: frame json: data.values: found 2 entries, expected at most the 1 fields of the schema",
        ),
        (
            FrameFormat::Json,
            json("A", "new", r#"{"data":{"values":[[1]]}}"#),
            "query \"A\", frame \"new\": a piece can't be read: frame json: data.values: found 1 entries, expected at most the 0 fields of the schema",
        ),
        (
            FrameFormat::Json,
            json(
                "A",
                "new",
                r#"{"schema":{"fields":[{"name":"a","type":"number","typeInfo":{"frame":"int64"}},{"name":"b","type":"number","typeInfo":{"frame":"int64"}}]},"data":{"values":[[1,2],[3]]}}"#,
            ),
            "query \"A\", frame \"new\": a piece can't be read: field 1 (\"b\"): found 1 rows, expected 2 as in field 0",
        ),
        (
            FrameFormat::Arrow,
            chunk_of(FrameFormat::Arrow, "Z", "f", rows(vec![2])),
            r#"query "Z": found an answer to it, but asked were "A", "B""#,
        ),
        (
            FrameFormat::Json,
            json("A", "", r#"{"data":{"values":[[1]]}}"#),
            r#"query "A": found a frame without frame id, which ties the pieces of a frame together"#,
        ),
        (
            FrameFormat::Arrow,
            chunk_of(FrameFormat::Arrow, "A", "f", Frame::new("g").with_field(Field::new("v", vec![2_i64]))),
            r#"query "A", frame "f": found frame name "g", the first piece has "f"; the id is used for two frames"#,
        ),
        (
            FrameFormat::Arrow,
            chunk_of(FrameFormat::Arrow, "A", "f", Frame::new("f").with_field(Field::new("w", vec![2_i64]))),
            r#"query "A", frame "f": found name of field 0 "w", the first piece has "v"; the id is used for two frames"#,
        ),
        (
            FrameFormat::Arrow,
            chunk_of(FrameFormat::Arrow, "A", "f", labelled("b")),
            r#"query "A", frame "f": found labels of field 0 "host=b", the first piece has ""; the id is used for two frames"#,
        ),
        (
            FrameFormat::Arrow,
            QueryChunk {
                frame: Some(EncodedFrame::new(FrameFormat::Arrow, "no file")),
                ..chunk_of(FrameFormat::Arrow, "A", "f", rows(vec![2]))
            },
            "query \"A\", frame \"f\": a piece can't be read: arrow file: ",
        ),
    ]
}

#[test]
fn a_chunk_that_lies_is_refused_by_name_and_changes_nothing() {
    for (format, lie, says) in lies() {
        let mut collector = ChunkCollector::default().expecting(["A", "B"]);
        let mut encoder = ChunkEncoder::new(format);
        collector.push(encoder.encode("A", "f", rows(vec![1])).unwrap()).unwrap();
        let error = error_text(&collector.push(lie).unwrap_err());
        assert!(error.starts_with(says) && (error == says || says.ends_with(": ")), "{error}\n{says}");
        collector.push(encoder.encode("A", "f", rows(vec![2])).unwrap()).unwrap();
        let frames: Vec<_> = collector.frames("A").cloned().collect();
        assert_eq!(frames, [rows(vec![1, 2]).with_ref_id("A")], "after {says}");
        let answers = collector.into_answers();
        assert_eq!(answers.len(), 2, "after {says}");
        assert_eq!((answers["A"].error.as_str(), answers["A"].status), ("", 200), "after {says}");
    }
}

#[test]
fn a_lie_that_is_absorbed_ends_its_query_alone() {
    for (format, lie, says) in lies() {
        let mut collector = ChunkCollector::default().expecting(["A", "B"]);
        let mut encoder = ChunkEncoder::new(format);
        collector.absorb(encoder.encode("A", "f", rows(vec![1])).unwrap());
        let about = lie.ref_id.clone();
        collector.absorb(lie);
        collector.absorb(encoder.encode("A", "f", rows(vec![2])).unwrap());
        collector.absorb(encoder.encode("B", "f", rows(vec![3])).unwrap());
        assert!(!collector.is_settled());
        let answers = collector.into_answers();
        let told = &answers[&about];
        assert!(told.error.starts_with(says), "{}", told.error);
        assert_eq!((told.status, told.error_source), (500, Some(ErrorSource::Plugin)));
        let kept = if about == "A" { 1 } else { 2 };
        assert_eq!(answers["A"].frames[0].rows().unwrap(), kept, "after {says}");
        assert_eq!((answers["B"].frames.len(), answers["B"].error.as_str()), (1, ""), "after {says}");
    }
}

#[test]
fn rows_after_an_error_are_left_out_and_told() {
    let mut encoder = ChunkEncoder::new(FrameFormat::Arrow);
    let mut collector = ChunkCollector::default().expecting(["A"]);
    collector.absorb(encoder.encode("A", "f", rows(vec![1])).unwrap());
    collector.absorb(failed("A", "gone"));
    let late = encoder.encode("A", "f", rows(vec![2])).unwrap();
    let error = collector.push(late.clone()).unwrap_err();
    let says = r#"query "A", frame "f": found rows after the query's error, expected none"#;
    assert_eq!(error.to_string(), says);
    collector.absorb(late);
    let answer = &collector.into_answers()["A"];
    assert_eq!(answer.error, format!("gone ({says})"));
    assert_eq!((answer.status, answer.error_source), (502, Some(ErrorSource::Downstream)));
    assert_eq!(answer.frames[0].rows().unwrap(), 1);
}

#[test]
fn limits_name_both_numbers_and_end_what_they_are_about() {
    let limits = CollectLimits::default();
    let frame = |rows| limits.with_frame(DecodeLimits::default().with_rows(rows));
    for (limits, says, ends_all) in [
        (
            frame(2),
            r#"query "A", frame "f": a piece can't be read: rows of a frame: found 3, the limit is 2"#,
            false,
        ),
        (
            limits.with_rows(2),
            "rows of the answer: found 3, the limit is 2; ask for less or read chunk by chunk",
            true,
        ),
        (limits.with_bytes(1000), "bytes of the answer: found ", true),
    ] {
        let mut encoder = ChunkEncoder::new(FrameFormat::Arrow);
        let mut collector = ChunkCollector::new(limits).expecting(["A", "B"]);
        collector.absorb(encoder.encode("A", "f", rows(vec![1, 2])).unwrap());
        collector.absorb(encoder.encode("A", "f", rows(vec![3])).unwrap());
        assert_eq!(collector.is_settled(), ends_all, "{says}");
        let answers = collector.into_answers();
        assert!(answers["A"].error.starts_with(says), "{}", answers["A"].error);
        assert_eq!(answers["A"].frames[0].rows().unwrap(), 2, "what came before stays");
        assert_eq!(answers["B"].error.is_empty(), !ends_all);
    }
    let mut collector = ChunkCollector::new(limits.with_frames(2));
    for id in ["a", "b"] {
        collector.push(chunk_of(FrameFormat::Arrow, "A", id, rows(vec![1]))).unwrap();
    }
    let error = collector.push(chunk_of(FrameFormat::Arrow, "A", "c", rows(vec![1]))).unwrap_err();
    assert!(error.to_string().starts_with("frames of the answer: found 3, the limit is 2"), "{error}");
}

#[test]
fn answers_that_nobody_asked_for_fill_no_memory() {
    let mut asked = ChunkCollector::default().expecting(["A"]);
    let mut any = ChunkCollector::new(CollectLimits::default().with_frames(100));
    for number in 0..1000 {
        let chunk = failed(&format!("Z{number}"), "x");
        asked.absorb(chunk.clone());
        any.absorb(chunk);
    }
    assert_eq!(asked.into_answers().len(), 17);
    assert!(any.into_answers().len() <= 101);
}
