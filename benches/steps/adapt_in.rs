//! Step *adapt in*: wire type to model. Moves only.

use criterion::{BatchSize, Criterion};
use graftwire_benches::{Size, request, response};
use graftwire_model::FrameFormat;
use graftwire_protocol::v2::{from_wire, to_wire};

use crate::pace;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("adapt in");
    pace::quick(&mut group);
    let asked = to_wire::query_request(request(Size::SMALL, FrameFormat::Arrow));
    group.bench_function("request", |b| {
        b.iter_batched(|| asked.clone(), from_wire::query_request, BatchSize::SmallInput);
    });
    let answer = to_wire::query_response(response(Size::SMALL, FrameFormat::Arrow).unwrap()).unwrap();
    group.bench_function("response", |b| {
        b.iter_batched(|| answer.clone(), from_wire::query_response, BatchSize::SmallInput);
    });
}
