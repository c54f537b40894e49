//! Step *encode*, mirrored in the host: JSON to frames.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use graftwire_benches::{Size, encoded, frames};
use graftwire_frame::Frame;
use graftwire_model::{EncodedFrame, FrameFormat};

use crate::pace;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode json");
    pace::quick(&mut group);
    for size in Size::ALL {
        group.throughput(Throughput::Elements(size.total_rows()));
        // One piece each, as they come out of a message.
        let encoded: Vec<_> = encoded(frames(size), FrameFormat::Json)
            .unwrap()
            .into_iter()
            .map(|frame| EncodedFrame::new(FrameFormat::Json, frame.into_bytes()))
            .collect();
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter(|| {
                for frame in black_box(&encoded) {
                    black_box(Frame::decode(frame).unwrap());
                }
            });
        });
    }
}
