//! An answer in segments: the message that tonic would have made, with large parts passed on as they are.

use bytes::Bytes;
use graftwire_model::{DataResponse, EncodedFrame, ErrorSource, FrameFormat, QueryResponse};
use graftwire_protocol::AdaptError;
use graftwire_protocol::v2::{generated as wire, to_segments, to_wire};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message;

/// Segments of all sizes around the bound from which they are passed on.
fn segment() -> impl Strategy<Value = Bytes> {
    prop_oneof![0..40_usize, 16_380..16_390_usize, Just(70_000)]
        .prop_map(|length| (0..length).map(|at| at as u8).collect::<Vec<_>>().into())
}

fn response() -> impl Strategy<Value = DataResponse> {
    (vec(vec(segment(), 0..4), 0..3), ".{0,200}", 0..600_i32, any::<bool>()).prop_map(
        |(frames, error, status, json)| {
            let format = if json { FrameFormat::Json } else { FrameFormat::Arrow };
            let frames =
                frames.into_iter().map(|segments| EncodedFrame::from_segments(format, segments)).collect();
            DataResponse { frames, error, status, error_source: Some(ErrorSource::Downstream) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_the_same_message(responses in btree_map(".{0,12}", response(), 0..4)) {
        let answer = QueryResponse { responses };
        let expected = to_wire::query_response(answer.clone()).unwrap();
        let sent = to_segments::query_response(answer, usize::MAX).unwrap().into_parts().concat();
        let (prefix, message) = sent.split_at(5);
        prop_assert_eq!(prefix[0], 0, "not compressed");
        prop_assert_eq!(u32::from_be_bytes(prefix[1..].try_into().unwrap()) as usize, message.len());
        prop_assert_eq!(wire::QueryDataResponse::decode(message).unwrap(), expected);
    }
}

#[test]
fn large_segments_are_passed_on_and_small_ones_share_a_buffer() {
    let (small, large) = (Bytes::from(vec![1; 100]), Bytes::from(vec![2; 16 * 1024]));
    let frames = [&small, &large, &small].map(|bytes| EncodedFrame::new(FrameFormat::Arrow, bytes.clone()));
    let responses = [("A".to_owned(), DataResponse::ok(frames.to_vec()))].into();
    let sent = to_segments::query_response(QueryResponse { responses }, usize::MAX).unwrap().into_parts();
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[1].as_ptr(), large.as_ptr());
}

#[test]
fn the_limit_counts_the_whole_message() {
    let answer = || QueryResponse { responses: [("A".to_owned(), DataResponse::ok(Vec::new()))].into() };
    let length = to_wire::query_response(answer()).unwrap().encoded_len();
    assert!(to_segments::query_response(answer(), length).is_ok());
    let error = to_segments::query_response(answer(), length - 1).unwrap_err();
    assert_eq!(error, AdaptError::TooLarge { found: length, limit: length - 1 });
}
