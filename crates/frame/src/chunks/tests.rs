use super::*;
use crate::Field;

fn rows(values: Vec<i64>) -> Frame {
    Frame::new("f").with_field(Field::new("v", values))
}

#[test]
fn chunks_are_tied_together_by_both_names() {
    for format in [FrameFormat::Arrow, FrameFormat::Json] {
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
fn an_error_stays_and_other_answers_go_on() {
    let mut encoder = ChunkEncoder::new(FrameFormat::Json);
    let mut collector = ChunkCollector::default();
    let failed = QueryChunk {
        ref_id: "A".to_owned(),
        error: "gone".to_owned(),
        status: 502,
        error_source: Some(ErrorSource::Downstream),
        ..QueryChunk::default()
    };
    collector.push(encoder.encode("A", "f", rows(vec![1])).unwrap()).unwrap();
    collector.push(failed).unwrap();
    collector.push(encoder.encode("A", "f", rows(vec![2])).unwrap()).unwrap();
    collector.push(encoder.encode("B", "f", rows(vec![3])).unwrap()).unwrap();
    let response = collector.finish(FrameFormat::Arrow).unwrap();
    let answer = &response.responses["A"];
    assert_eq!((answer.error.as_str(), answer.status), ("gone", 502));
    assert_eq!(answer.error_source, Some(ErrorSource::Downstream));
    assert_eq!(Frame::decode(&answer.frames[0]).unwrap().rows().unwrap(), 2);
    assert_eq!(response.responses["B"].status, 200);
}

#[test]
fn chunks_that_do_not_fit_change_nothing() {
    let mut collector = ChunkCollector::new(DecodeLimits::default().with_rows(2));
    let chunk = |frame: Frame| ChunkEncoder::new(FrameFormat::Arrow).encode("A", "f", frame).unwrap();
    collector.push(chunk(rows(vec![1, 2]))).unwrap();
    collector.push(chunk(Frame::new("f").with_field(Field::new("v", vec!["x"])))).unwrap_err();
    assert_eq!(
        collector.push(chunk(rows(vec![3]))).unwrap_err().to_string(),
        "rows of a frame: found 3, the limit is 2"
    );
    assert_eq!(collector.frames("A").next().unwrap().rows().unwrap(), 2);
}
