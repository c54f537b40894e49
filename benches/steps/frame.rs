//! Step *frame*: rows to columns, as the bench plugin does it.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use graftwire_benches::{Size, frames};

use crate::pace;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    pace::quick(&mut group);
    for size in Size::ALL {
        group.throughput(Throughput::Elements(size.total_rows()));
        group.bench_with_input(BenchmarkId::from_parameter(size), &size, |b, size| {
            b.iter(|| frames(black_box(*size)));
        });
    }
}
