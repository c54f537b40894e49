//! Step *encode*: frames to Arrow files. The frames are given up, as the SDK does with a query's answer.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use graftwire_benches::{Size, encoded, frames};
use graftwire_model::FrameFormat;

use crate::pace;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode arrow");
    pace::quick(&mut group);
    for size in Size::ALL {
        group.throughput(Throughput::Elements(size.total_rows()));
        let frames = frames(size);
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter_batched(
                || frames.clone(),
                |frames| encoded(frames, FrameFormat::Arrow).unwrap(),
                BatchSize::LargeInput,
            );
        });
    }
}
