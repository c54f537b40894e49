//! A million rows of SQLite to frames, and over a wire, next to the `sqlite3` shell that prints them.
//!
//! Rows: two whole numbers, a text of five letters, a float. Run with `cargo bench -p graftwire-sql`. It deliberately asserts
//! no times; without the shell (Debian package sqlite3) that part says NOT RUN.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::StreamExt as _;
use graftwire_model::{
    Backend, CallContext, Capability, DataSourceInstanceSettings, EpochMillis, PluginContext, Query,
    QueryRequest, TimeRange,
};
use graftwire_sdk::Plugin;
use graftwire_sql::settings::Operator;
use graftwire_sql::source::Source;
use graftwire_testkit::{Pair, Wire};
use rusqlite::Connection;
use serde_json::json;

/// A million; fewer where the code isn't optimised, as when each bench is only tried once.
const ROWS: u64 = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };

fn plugin() -> Plugin<Source> {
    let operator = Arc::new(Operator::from_lookup(|_| None));
    let plugin = Plugin::with_instances("graftwire-sql-datasource", move |cx| {
        let operator = Arc::clone(&operator);
        async move { Source::open(&operator, cx) }
    });
    plugin.query_data().query_chunked()
}

fn request(path: &str, sql: &str) -> QueryRequest {
    let settings = DataSourceInstanceSettings {
        json_data: json!({"path": path, "queryTimeoutSeconds": 600}).to_string().into(),
        ..DataSourceInstanceSettings::default()
    };
    let query = Query {
        ref_id: "A".to_owned(),
        time_range: TimeRange { from: EpochMillis(0), to: EpochMillis(1) },
        json: json!({"rawSql": sql, "format": "table"}).to_string().into(),
        ..Query::default()
    };
    let context = PluginContext { data_source: Some(settings), ..PluginContext::default() };
    QueryRequest { context, queries: vec![query], ..QueryRequest::default() }
}

async fn whole(backend: &dyn Backend, request: QueryRequest) -> usize {
    let answers = backend.query_data(CallContext::new(), request).await.unwrap().responses;
    let answer = answers.get("A").unwrap();
    assert_eq!(answer.error, "");
    answer.frames.iter().map(graftwire_model::EncodedFrame::len).sum()
}

async fn pieces(backend: &dyn Backend, request: QueryRequest) -> usize {
    let stream = backend.query_chunked(CallContext::new(), request).await.unwrap();
    stream
        .map(|chunk| chunk.unwrap().frame.map_or(0, |frame| frame.len()))
        .fold(0, |all, bytes| std::future::ready(all + bytes))
        .await
}

fn million(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("million.db");
    Connection::open(&file)
        .unwrap()
        .execute_batch(&format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER, host TEXT, value REAL);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
             INSERT INTO t SELECT i, 1600000000 + i, 'host' || (i % 10), i * 0.1 FROM n;"
        ))
        .unwrap();
    let (path, sql) = (file.to_str().unwrap(), "SELECT id, at, host, value FROM t");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let mut group = criterion.benchmark_group("million rows of sqlite");
    group.sample_size(10).measurement_time(Duration::from_secs(10)).throughput(Throughput::Elements(ROWS));
    let backend = plugin().into_backend();
    group.bench_function(BenchmarkId::from_parameter("to an encoded frame"), |bench| {
        bench.iter(|| runtime.block_on(whole(backend.as_ref(), request(path, sql))));
    });
    let wire = Wire::in_memory().find(|wire| wire.carries(Capability::QueryChunkedData)).unwrap();
    let pair = runtime.block_on(Pair::open(plugin(), wire)).unwrap();
    group.bench_function(BenchmarkId::from_parameter("over the wire"), |bench| {
        bench.iter(|| runtime.block_on(whole(pair.backend().as_ref(), request(path, sql))));
    });
    group.bench_function(BenchmarkId::from_parameter("over the wire in pieces"), |bench| {
        bench.iter(|| runtime.block_on(pieces(pair.backend().as_ref(), request(path, sql))));
    });
    let shell = || Command::new("sqlite3").arg(path).arg(sql).stdout(Stdio::null()).status();
    if shell().is_ok_and(|status| status.success()) {
        group.bench_function(BenchmarkId::from_parameter("printed by the sqlite3 shell"), |bench| {
            bench.iter(|| assert!(shell().unwrap().success()));
        });
    } else {
        println!("NOT RUN: the sqlite3 shell is not installed (Debian package sqlite3)");
    }
    group.finish();
}

criterion_group!(benches, million);
criterion_main!(benches);
