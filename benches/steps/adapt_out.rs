//! Step *adapt out*: model to the bytes of the message. The request goes through its wire type; the answer of the plugin
//! becomes segments, of which large ones are not copied.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use graftwire_benches::{Size, request, response};
use graftwire_model::FrameFormat;
use graftwire_protocol::v2::{to_segments, to_wire};
use prost::Message;

use crate::pace;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("adapt out");
    pace::quick(&mut group);
    let asked = request(Size::SMALL, FrameFormat::Arrow);
    group.throughput(Throughput::Bytes(to_wire::query_request(asked.clone()).encoded_len() as u64));
    group.bench_function("request", |b| {
        b.iter_batched(
            || asked.clone(),
            |asked| to_wire::query_request(asked).encode_to_vec(),
            BatchSize::SmallInput,
        );
    });
    for size in Size::ALL {
        let answer = response(size, FrameFormat::Arrow).unwrap();
        let bytes = to_wire::query_response(answer.clone()).unwrap().encoded_len();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::new("response", size), |b| {
            b.iter_batched(
                || answer.clone(),
                |answer| to_segments::query_response(answer, usize::MAX).unwrap().into_parts(),
                BatchSize::SmallInput,
            );
        });
    }
}
