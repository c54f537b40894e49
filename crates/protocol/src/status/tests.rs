use super::*;

#[test]
fn code_text_and_origin_survive() {
    for number in 1..=16 {
        for origin in [None, Some(ErrorSource::Plugin), Some(ErrorSource::Downstream)] {
            let mut error = CallError::new(Code::from_number(number), "no route to host ✗");
            if let Some(origin) = origin {
                error = error.with_origin(origin);
            }
            let back = from_wire(&to_wire(&error));
            assert_eq!((back.code(), back.message(), back.origin()), (error.code(), error.message(), origin));
        }
    }
}

#[test]
fn junk_details_leave_code_and_text() {
    let status =
        tonic::Status::with_details(tonic::Code::NotFound, "gone", Bytes::from_static(b"\xff\xff\x01"));
    let error = from_wire(&status);
    assert_eq!((error.code(), error.message(), error.origin()), (Code::NotFound, "gone", None));
}

#[test]
fn long_texts_are_cut_at_a_character() {
    let error = CallError::new(Code::Internal, "é".repeat(10_000));
    let status = to_wire(&error);
    assert!(status.message().len() < MAX_MESSAGE + 64);
    assert!(status.message().ends_with("(cut: 20000 bytes in all)"));
}

#[test]
fn a_message_above_the_limit_is_explained() {
    let status = tonic::Status::out_of_range(
        "Error, decoded message length too large: found 20001854 bytes, the limit is: 16777216 bytes",
    );
    let error = from_wire(&status);
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert!(
        error.message().starts_with("the message has 20001854 bytes, the receiver takes at most 16777216;")
    );
    assert_eq!(from_wire(&tonic::Status::out_of_range("year 10000")).code(), Code::OutOfRange);
}
