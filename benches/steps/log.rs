//! One line of the log: an event inside the span of a call, written as the line that a host reads.
//!
//! What writing to a pipe costs is deliberately left out: lines go to a sink.

use criterion::Criterion;
use graftwire_sdk::logging::HclogLayer;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::pace;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("log");
    pace::quick(&mut group);
    let layer = HclogLayer::new(std::io::sink(), tracing::Level::DEBUG);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let span = tracing::info_span!(
            "call",
            endpoint = "queryData",
            pluginId = graftwire_bench_plugin::PLUGIN_ID,
            pluginVersion = "1.0.0",
            dsName = "Bench",
            dsUid = "P8E80F9AEF21F6940",
            uname = "Ada Admin",
            traceId = "0af7651916cd43dd8448eb211c80319c",
        );
        let entered = span.enter();
        group.bench_function("line", |b| {
            b.iter(|| {
                tracing::info!(
                    status = "ok",
                    duration = "1.25ms",
                    statusSource = "plugin",
                    "Plugin Request Completed"
                );
            });
        });
        group.bench_function("line that is filtered out", |b| b.iter(|| tracing::trace!("nobody listens")));
        drop(entered);
    });
}
