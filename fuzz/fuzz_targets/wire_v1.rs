//! Any bytes as each message of protocol version 1: the steps *decode*, *adapt in* and *adapt out*.
//!
//! Adapting puts right what a message says (short rows, times out of range, a query model without its keys), and doing
//! it once must be enough: wire → model → wire is a fixed point from the second time on.
#![no_main]

use bytes::Bytes;
use graftwire_frame::FrameFormat;
use graftwire_protocol::v1::generated as wire;
use graftwire_protocol::v1::{from_wire, to_wire};
use libfuzzer_sys::fuzz_target;
use prost::Message;

fn asked_again(request: wire::DatasourceRequest) -> Vec<wire::DatasourceRequest> {
    let queries = request.queries.len();
    let asked = from_wire::query_request(request);
    assert!(asked.request.queries.len() + asked.refused.len() <= queries);
    assert!(asked.refused.values().all(|answer| answer.is_error() && answer.status == 400));
    to_wire::query_requests(asked.request).requests
}

fn answered_again(response: wire::DatasourceResponse, format: FrameFormat) -> wire::DatasourceResponse {
    let answer = from_wire::query_response(response, format);
    assert!(answer.responses.values().all(|answer| answer.is_error() == (answer.status == 500)));
    to_wire::query_response(answer)
}

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(request) = wire::DatasourceRequest::decode(bytes.clone()) {
        let _ = format!("{request:?}");
        for once in asked_again(request) {
            assert_eq!(asked_again(once.clone()), [once]);
        }
    }
    if let Ok(response) = wire::DatasourceResponse::decode(bytes.clone()) {
        for format in [FrameFormat::Arrow, FrameFormat::Json] {
            let once = answered_again(response.clone(), format);
            assert_eq!(answered_again(once.clone(), format).encode_to_vec(), once.encode_to_vec());
        }
    }
    if let Ok(page) = wire::RenderRequest::decode(bytes) {
        let _ = format!("{page:?}");
        let once = to_wire::render_request(from_wire::render_request(page));
        assert_eq!(to_wire::render_request(from_wire::render_request(once.clone())), once);
    }
});
