use super::*;
use crate::Field;

#[test]
fn arrow_and_json_frames_stand_side_by_side() {
    let frame = Frame::new("n").with_field(Field::new("v", vec![1i64]));
    let encoded = [FrameFormat::Arrow, FrameFormat::Json].map(|format| frame.encode(format).unwrap());
    let response = QueryResponse {
        responses: [("A".to_owned(), DataResponse::ok(encoded.to_vec()))].into_iter().collect(),
    };
    let body = Bytes::from(write(&response, &DecodeLimits::default()).unwrap());
    let read = read(&body).unwrap();
    let frames: Vec<_> = read.responses["A"].frames.iter().map(|f| Frame::decode(f).unwrap()).collect();
    assert_eq!(frames, [frame.clone(), frame]);
    assert_eq!(read.responses["A"].status, 200);
}

#[test]
fn frames_of_a_body_are_slices_of_it() {
    let body = Bytes::from_static(br#"{"results":{"":{"status":200,"frames":[{"schema":{"fields":[]}}]}}}"#);
    let read = read(&body).unwrap();
    let segment = &read.responses[""].frames[0].segments()[0];
    assert!(body.as_ptr_range().contains(&segment.as_ptr()));
}

#[test]
fn broken_frames_are_named() {
    for (frame, cause) in [
        (
            EncodedFrame::new(FrameFormat::Arrow, &b"ARROW?"[..]),
            "arrow file: found 6 bytes starting with \"ARROW?\", expected them to start and end with \"ARROW1\"",
        ),
        (EncodedFrame::new(FrameFormat::Json, &b"{"[..]), "frame json: document"),
    ] {
        let response = QueryResponse {
            responses: [("B".to_owned(), DataResponse::ok(vec![frame]))].into_iter().collect(),
        };
        let error = write(&response, &DecodeLimits::default()).unwrap_err();
        assert_eq!(error.to_string(), "results[\"B\"].frames[0]: broken frame");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), cause);
    }
}

#[test]
fn unknown_keys_are_errors() {
    for body in [
        &br#"{"results":{},"more":1}"#[..],
        br#"{"results":{"A":{"status":200,"more":1}}}"#,
        br#"{"results":[]}"#,
        b"",
    ] {
        assert!(matches!(read(&Bytes::from_static(body)), Err(ResponseError::Json(_))));
    }
}
