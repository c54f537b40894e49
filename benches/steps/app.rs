//! Whole calls to an app's API group: host, wire, app and back.
//!
//! The app takes calls without tokens, so that what is measured is the call: checking a signature costs what its library
//! takes. Everything else is as in a server: the envelope of each object is read and its namespace looked at.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use graftwire_model::{
    AdmissionOperation, AdmissionReviewRequest, AdmissionReviewResponse, Backend, CallContext, CallError,
    Capability, ConvertedObject, GroupVersionKind, ReplyStream, RouteRequest, VersionConversionRequest,
    VersionConversionResponse, VersionedObject,
};
use graftwire_sdk::app::{AppContext, CallRoute, ConvertVersions, ReviewAdmission};
use graftwire_sdk::prelude::{Plugin, ResourceResponse};
use graftwire_testkit::{Pair, Wire};
use tokio::runtime::Runtime;

use crate::pace;

const GROUP: &str = "bench.ext";
/// Bytes of an object, about.
const OBJECT: usize = 4 * 1024;
const OBJECTS: usize = 100;
const ECHO: usize = 1024;
const BLOB: usize = 16 * 1024 * 1024;
const PIECE: usize = 64 * 1024;

pub(crate) fn bench(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for wire in Wire::carrying(Capability::CallRoute) {
        let app = Plugin::single("bench-app", App)
            .review_admission()
            .convert_versions()
            .call_route()
            .without_authentication();
        let pair = runtime.block_on(Pair::open(app, wire)).unwrap();
        measure(c, &wire.to_string(), &runtime, &pair.backend());
        // Its sockets are closed inside the runtime.
        runtime.block_on(async { drop(pair) });
    }
}

fn measure(c: &mut Criterion, over: &str, runtime: &Runtime, backend: &Arc<dyn Backend>) {
    let mut group = c.benchmark_group(format!("app {over}"));
    pace::slow(&mut group);
    let object = object();
    let bytes = object.len() as u64;
    time(&mut group, "admission 4 KiB", bytes, runtime, async || admission(backend, &object).await);
    let all = bytes * OBJECTS as u64;
    time(&mut group, "conversion 100 x 4 KiB", all, runtime, async || conversion(backend, &object).await);
    time(&mut group, "route echo 1 KiB", ECHO as u64, runtime, async || {
        route(backend, "echo", Bytes::from_static(&[b'x'; ECHO]), ECHO).await;
    });
    time(&mut group, "route blob 16 MiB", BLOB as u64, runtime, async || {
        route(backend, "blob", Bytes::new(), BLOB).await;
    });
}

/// Times calls one after the other, inside one run of the runtime.
fn time(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    bytes: u64,
    runtime: &Runtime,
    call: impl AsyncFn(),
) {
    group.throughput(Throughput::Bytes(bytes));
    let repeat = async |calls| {
        let began = Instant::now();
        for _ in 0..calls {
            call().await;
        }
        began.elapsed()
    };
    group.bench_function(BenchmarkId::from_parameter(name), |b| {
        b.iter_custom(|calls: u64| runtime.block_on(repeat(calls)));
    });
}

fn kind() -> GroupVersionKind {
    GroupVersionKind { group: GROUP.to_owned(), version: "v1".to_owned(), kind: "Song".to_owned() }
}

/// An object with its envelope first, as servers write them.
fn object() -> Bytes {
    let mut text = format!(
        r#"{{"apiVersion":"{GROUP}/v1","kind":"Song","metadata":{{"name":"s","namespace":"default"}},"spec":{{"#
    );
    let mut number = 0;
    while text.len() < OBJECT {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(text, r#"{comma}"key-{number}":{{"value":{number}}}"#);
        number += 1;
    }
    text.push_str("}}");
    text.into()
}

async fn admission(backend: &Arc<dyn Backend>, object: &Bytes) {
    let asked = AdmissionReviewRequest {
        operation: Some(AdmissionOperation::Create),
        kind: kind(),
        object: object.clone(),
        old_object: Bytes::new(),
    };
    assert!(backend.review_admission(CallContext::new(), asked).await.unwrap().allowed);
}

async fn conversion(backend: &Arc<dyn Backend>, object: &Bytes) {
    let asked = VersionConversionRequest {
        uid: "u".to_owned(),
        objects: vec![VersionedObject { kind: kind(), raw: object.clone() }; OBJECTS],
        target_version: "v2".to_owned(),
        ..VersionConversionRequest::default()
    };
    let answer = backend.convert_versions(CallContext::new(), asked).await.unwrap();
    assert_eq!((answer.converted.len(), answer.converted[0].raw.len()), (OBJECTS, object.len()));
}

async fn route(backend: &Arc<dyn Backend>, path: &str, body: Bytes, expected: usize) {
    let asked = RouteRequest {
        group: GROUP.to_owned(),
        path: path.to_owned(),
        method: "POST".to_owned(),
        body,
        ..RouteRequest::default()
    };
    let mut pieces = backend.call_route(CallContext::new(), asked).await.unwrap();
    let mut received = 0;
    while let Some(piece) = pieces.next().await {
        received += piece.unwrap().body.len();
    }
    assert_eq!(received, expected);
}

/// Does as little as there is to do.
struct App;

impl ReviewAdmission for App {
    async fn review_admission(
        &self,
        _cx: &AppContext,
        _request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        Ok(AdmissionReviewResponse::allow())
    }
}

impl ConvertVersions for App {
    async fn convert_versions(
        &self,
        _cx: &AppContext,
        request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        // The version stands at the beginning, in one character.
        const AT: usize = r#"{"apiVersion":"bench.ext/v"#.len();
        let convert = |object: VersionedObject| {
            let mut raw = Vec::from(object.raw);
            raw[AT] = b'2';
            ConvertedObject { raw: raw.into(), warnings: Vec::new() }
        };
        let converted = request.objects.into_iter().map(convert).collect();
        Ok(VersionConversionResponse { converted, ..VersionConversionResponse::default() })
    }
}

impl CallRoute for App {
    async fn call_route(
        &self,
        _cx: &AppContext,
        request: RouteRequest,
    ) -> Result<ResourceResponse, CallError> {
        const TYPE: &str = "application/octet-stream";
        if request.path == "echo" {
            return Ok(ResourceResponse::new(200, TYPE, request.body));
        }
        // Every piece shares one buffer.
        let pieces = std::iter::repeat_n(Bytes::from(vec![b'g'; PIECE]), BLOB / PIECE);
        Ok(ResourceResponse::pieces(200, TYPE, ReplyStream::from_items(pieces)))
    }
}
