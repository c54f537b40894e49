//! Any bytes as each message of protocol version 2: the steps *decode*, *adapt in* and *adapt out*.
//!
//! Adapting may put right what a message says (a missing status, an unknown role), and doing it once must be enough:
//! wire → model → wire is a fixed point from the second time on.
#![no_main]

use std::fmt::Debug;

use bytes::Bytes;
use graftwire_protocol::v2::generated as wire;
use graftwire_protocol::v2::{from_wire, to_wire};
use libfuzzer_sys::fuzz_target;
use prost::Message;

/// Decodes one message and adapts it twice there and back.
fn settles<W, M, E>(bytes: &Bytes, read: impl Fn(W) -> Result<M, E>, write: impl Fn(M) -> Result<W, E>)
where
    W: Message + Default + Clone + PartialEq + Debug,
    E: Debug,
{
    // Without copying, as a server decodes: `bytes` fields stay slices of the message.
    let Ok(message) = W::decode(bytes.clone()) else { return };
    let Ok(model) = read(message) else { return };
    let once = write(model).expect("what was read can be written");
    let again = read(once.clone()).expect("what was written can be read");
    assert_eq!(write(again).expect("what was read can be written"), once);
}

/// The same for adapters that can't fail.
fn adapts<W, M>(bytes: &Bytes, read: impl Fn(W) -> M, write: impl Fn(M) -> W)
where
    W: Message + Default + Clone + PartialEq + Debug,
{
    settles(bytes, |message| Ok::<_, ()>(read(message)), |model| Ok(write(model)));
}

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    adapts(&bytes, |message| from_wire::plugin_context(Some(message)), to_wire::plugin_context);
    adapts(&bytes, from_wire::query_request, to_wire::query_request);
    settles(&bytes, from_wire::query_response, to_wire::query_response);
    adapts(&bytes, from_wire::query_chunked_request, to_wire::query_chunked_request);
    settles(&bytes, from_wire::query_chunk, |chunk| Ok(to_wire::query_chunk(chunk)));
    adapts(&bytes, from_wire::resource_request, to_wire::resource_request);
    adapts(&bytes, from_wire::resource_piece, to_wire::resource_piece);
    adapts(&bytes, from_wire::health_request, to_wire::health_request);
    adapts(&bytes, from_wire::health_response, to_wire::health_response);
    adapts(&bytes, from_wire::metrics_request, to_wire::metrics_request);
    adapts(&bytes, from_wire::metrics_response, to_wire::metrics_response);
    adapts(&bytes, from_wire::subscribe_request, to_wire::subscribe_request);
    adapts(&bytes, from_wire::subscribe_response, to_wire::subscribe_response);
    adapts(&bytes, from_wire::run_stream_request, to_wire::run_stream_request);
    adapts(&bytes, from_wire::stream_packet, to_wire::stream_packet);
    adapts(&bytes, from_wire::publish_request, to_wire::publish_request);
    adapts(&bytes, from_wire::publish_response, to_wire::publish_response);
    adapts(&bytes, from_wire::admission_request, to_wire::admission_request);
    adapts(&bytes, from_wire::validation_response, to_wire::validation_response);
    adapts(&bytes, from_wire::mutation_response, to_wire::mutation_response);
    adapts(&bytes, from_wire::conversion_request, to_wire::conversion_request);
    adapts(&bytes, from_wire::conversion_response, to_wire::conversion_response);
    // Health and reflection are other services' business; a debug print must hold for whatever arrives.
    if let Ok(request) = wire::QueryDataRequest::decode(bytes) {
        let _ = format!("{request:?}");
    }
});
