//! Whole calls: host, wire, plugin and back.
//!
//! In memory and over sockets, plugin and host share one thread: the figures are what both sides compute, one after
//! the other. Over `process` the plugin is a process of its own, as in a server: this executable started again, over a
//! unix socket, with its log read by the host. Frames stay encoded, as a server may pass them on.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use graftwire_bench_plugin::{PLUGIN_ID, plugin};
use graftwire_benches::{Size, context, headers, request};
use graftwire_host::{LaunchOptions, Plugin, PluginSpec};
use graftwire_model::{
    AdmissionRequest, Backend, CallContext, Capability, ConversionRequest, EncodedFrame, FrameFormat,
    HealthRequest, HealthStatus, RawObject, ResourceRequest, RunStreamRequest,
};
use graftwire_testkit::{Pair, Wire};
use tokio::runtime::Runtime;

use crate::pace;

const ECHO: usize = 1024;
const BLOB: usize = 16 * 1024 * 1024;
const OBJECT: usize = 16 * 1024;
const PACKETS: usize = 10_000;

pub(crate) fn bench(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for wire in Wire::all() {
        let pair = runtime.block_on(Pair::open(plugin(), wire)).unwrap();
        measure(c, &wire.to_string(), &runtime, &pair.backend(), |capability| wire.carries(capability));
        // Its sockets are closed inside the runtime.
        runtime.block_on(async { drop(pair) });
    }
    let process = runtime.block_on(start());
    measure(c, "process", &runtime, &process.backend(), |_| true);
    runtime.block_on(process.stop());
}

async fn start() -> Plugin {
    let spec = PluginSpec::of_executable(std::env::current_exe().unwrap()).with_id(PLUGIN_ID);
    Plugin::start(&spec, &LaunchOptions::new()).await.unwrap()
}

/// The calls that the wire `carries`.
fn measure(
    c: &mut Criterion,
    over: &str,
    runtime: &Runtime,
    backend: &Arc<dyn Backend>,
    carries: impl Fn(Capability) -> bool,
) {
    let mut group = c.benchmark_group(format!("calls {over}"));
    pace::slow(&mut group);
    let mut calls = Calls { group, runtime, backend };
    if carries(Capability::CheckHealth) {
        calls.time(BenchmarkId::from_parameter("health"), None, health);
    }
    for format in [FrameFormat::Arrow, FrameFormat::Json] {
        for size in Size::ALL {
            let name = if format == FrameFormat::Json { "query json" } else { "query" };
            let rows = Throughput::Elements(size.total_rows());
            calls.time(BenchmarkId::new(name, size), Some(rows), move |backend| query(backend, size, format));
        }
    }
    if carries(Capability::QueryChunkedData) {
        for format in [FrameFormat::Arrow, FrameFormat::Json] {
            let name = if format == FrameFormat::Json { "chunked json" } else { "chunked" };
            let size = Size { frames: 1, rows: 100_000 };
            let rows = Throughput::Elements(size.total_rows());
            calls.time(BenchmarkId::new(name, size), Some(rows), move |backend| {
                chunked(backend, size, format)
            });
        }
    }
    let object = Throughput::Bytes(OBJECT as u64);
    if carries(Capability::ValidateAdmission) {
        calls.time(BenchmarkId::new("admission", "validate 16 KiB"), Some(object.clone()), validate);
        calls.time(BenchmarkId::new("admission", "mutate 16 KiB"), Some(object.clone()), mutate);
    }
    if carries(Capability::ConvertObjects) {
        calls.time(BenchmarkId::new("conversion", "16 KiB"), Some(object), convert);
    }
    if !carries(Capability::CallResource) || !carries(Capability::RunStream) {
        return;
    }
    let echoed = Throughput::Bytes(ECHO as u64);
    calls.time(BenchmarkId::new("resource", "echo 1 KiB"), Some(echoed), |backend| {
        resource(backend, "echo", "echo".to_owned(), Bytes::from_static(&[b'x'; ECHO]), ECHO)
    });
    let blob = Throughput::Bytes(BLOB as u64);
    calls.time(BenchmarkId::new("resource", "blob 16 MiB"), Some(blob), |backend| {
        resource(backend, "blob", format!("blob?bytes={BLOB}"), Bytes::new(), BLOB)
    });
    let packets = Throughput::Elements(PACKETS as u64);
    calls.time(BenchmarkId::new("stream", PACKETS), Some(packets), stream);
}

struct Calls<'a> {
    group: BenchmarkGroup<'a, WallTime>,
    runtime: &'a Runtime,
    backend: &'a Arc<dyn Backend>,
}

impl Calls<'_> {
    /// Times calls one after the other, inside one run of the runtime.
    fn time<F: Future<Output = ()>>(
        &mut self,
        id: BenchmarkId,
        throughput: Option<Throughput>,
        call: impl Fn(Arc<dyn Backend>) -> F,
    ) {
        if let Some(throughput) = throughput {
            self.group.throughput(throughput);
        }
        let (runtime, backend) = (self.runtime, self.backend);
        let repeat = async |calls| {
            let began = Instant::now();
            for _ in 0..calls {
                call(Arc::clone(backend)).await;
            }
            began.elapsed()
        };
        self.group.bench_function(id, |b| b.iter_custom(|calls: u64| runtime.block_on(repeat(calls))));
    }
}

async fn health(backend: Arc<dyn Backend>) {
    let asked = HealthRequest { context: context(), headers: headers() };
    let answer = backend.check_health(CallContext::new(), asked).await.unwrap();
    assert_eq!(answer.status, HealthStatus::Ok);
}

async fn query(backend: Arc<dyn Backend>, size: Size, format: FrameFormat) {
    let answer = backend.query_data(CallContext::new(), request(size, format)).await.unwrap();
    let answer = &answer.responses["A"];
    // Version 1 has a frame for each series or table.
    assert_eq!((answer.status, answer.frames.len() as u64), (200, size.frames));
    let bytes: usize = answer.frames.iter().map(EncodedFrame::len).sum();
    assert!(bytes as u64 > size.total_rows(), "{bytes} bytes for {size}");
}

/// Chunks stay encoded, as a server may pass them on.
async fn chunked(backend: Arc<dyn Backend>, size: Size, format: FrameFormat) {
    let mut chunks = backend.query_chunked(CallContext::new(), request(size, format)).await.unwrap();
    let (mut count, mut bytes) = (0, 0);
    while let Some(chunk) = chunks.next().await {
        bytes += chunk.unwrap().frame.unwrap().len() as u64;
        count += 1;
    }
    assert_eq!(count, size.total_rows() / 10_000);
    assert!(bytes > size.total_rows(), "{bytes} bytes for {size}");
}

fn asked() -> AdmissionRequest {
    let object = Bytes::from_static(&[b'x'; OBJECT]);
    AdmissionRequest { context: context(), object, ..AdmissionRequest::default() }
}

async fn validate(backend: Arc<dyn Backend>) {
    assert!(backend.validate_admission(CallContext::new(), asked()).await.unwrap().allowed);
}

async fn mutate(backend: Arc<dyn Backend>) {
    let answer = backend.mutate_admission(CallContext::new(), asked()).await.unwrap();
    assert_eq!(answer.object.len(), OBJECT);
}

async fn convert(backend: Arc<dyn Backend>) {
    let raw = Bytes::from_static(&[b'x'; OBJECT]);
    let objects = vec![RawObject { raw, content_type: "application/json".to_owned() }];
    let asked = ConversionRequest { context: context(), objects, ..ConversionRequest::default() };
    let answer = backend.convert_objects(CallContext::new(), asked).await.unwrap();
    assert_eq!(answer.objects.first().map(|object| object.raw.len()), Some(OBJECT));
}

async fn resource(backend: Arc<dyn Backend>, path: &str, url: String, body: Bytes, expected: usize) {
    let (method, path) = ("POST".to_owned(), path.to_owned());
    let asked = ResourceRequest { context: context(), method, path, url, body, ..ResourceRequest::default() };
    let mut pieces = backend.call_resource(CallContext::new(), asked).await.unwrap();
    let mut received = 0;
    while let Some(piece) = pieces.next().await {
        received += piece.unwrap().body.len();
    }
    assert_eq!(received, expected);
}

async fn stream(backend: Arc<dyn Backend>) {
    let asked = RunStreamRequest {
        context: context(),
        path: format!("bench/{PACKETS}"),
        ..RunStreamRequest::default()
    };
    let mut packets = backend.run_stream(CallContext::new(), asked).await.unwrap();
    let mut received = 0;
    while let Some(packet) = packets.next().await {
        received += usize::from(!packet.unwrap().data.is_empty());
    }
    assert_eq!(received, PACKETS);
}
