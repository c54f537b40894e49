//! Step *decode*: bytes of a message to its wire type. Frames stay slices of the message, so rows cost nothing here.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use graftwire_benches::{Size, request, response};
use graftwire_model::FrameFormat;
use graftwire_protocol::v2::generated::{QueryDataRequest, QueryDataResponse};
use graftwire_protocol::v2::to_wire;
use prost::Message;

use crate::pace;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    pace::quick(&mut group);
    let mut measure = |id: BenchmarkId, bytes: Bytes, decode: fn(Bytes)| {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(id, |b| b.iter(|| decode(black_box(&bytes).clone())));
    };
    let asked = to_wire::query_request(request(Size::SMALL, FrameFormat::Arrow)).encode_to_vec();
    measure(BenchmarkId::from_parameter("request"), asked.into(), |bytes| {
        black_box(QueryDataRequest::decode(bytes).unwrap());
    });
    for size in Size::ALL {
        let answer = to_wire::query_response(response(size, FrameFormat::Arrow).unwrap()).unwrap();
        measure(BenchmarkId::new("response", size), answer.encode_to_vec().into(), |bytes| {
            black_box(QueryDataResponse::decode(bytes).unwrap());
        });
    }
}
