//! Any bytes as each message of protocol version 3: the steps *decode*, *adapt in* and *adapt out*.
//!
//! Explicit presence is not kept (what is empty is left out), and doing it once must be enough: wire → model → wire is a
//! fixed point from the second time on.
#![no_main]

use std::fmt::Debug;

use bytes::Bytes;
use graftwire_protocol::v3::generated as wire;
use graftwire_protocol::v3::{from_wire, to_wire};
use libfuzzer_sys::fuzz_target;
use prost::Message;

fn adapts<W, M>(bytes: &Bytes, read: impl Fn(W) -> M, write: impl Fn(M) -> W)
where
    W: Message + Default + Clone + PartialEq + Debug,
{
    // Without copying, as a server decodes: `bytes` fields stay slices of the message.
    let Ok(message) = W::decode(bytes.clone()) else { return };
    let _ = format!("{message:?}");
    let once = write(read(message));
    assert_eq!(write(read(once.clone())), once);
}

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    adapts(&bytes, from_wire::admission_request, to_wire::admission_request);
    adapts(&bytes, from_wire::admission_response, to_wire::admission_response);
    adapts(&bytes, from_wire::conversion_request, to_wire::conversion_request);
    adapts(&bytes, from_wire::conversion_response, to_wire::conversion_response);
    adapts(&bytes, from_wire::route_request, to_wire::route_request);
    adapts(&bytes, from_wire::later_route_piece, to_wire::route_piece);
    if let Ok(piece) = wire::CallRouteResponse::decode(bytes)
        && let Ok(piece) = from_wire::first_route_piece(piece)
    {
        assert!((100..1_000).contains(&piece.status));
        let again = from_wire::first_route_piece(to_wire::route_piece(piece.clone()));
        assert_eq!(again.as_ref(), Ok(&piece));
    }
});
