//! Slow, cancelled, locked, damaged, too large.

use std::time::{Duration, Instant};

use graftwire_frame::Frame;
use graftwire_model::CallContext;
use rusqlite::Connection;
use serde_json::json;

use crate::world::{World, query, shown};

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";
const TABLE: &str = "CREATE TABLE t (a); INSERT INTO t VALUES (1);";

#[tokio::test]
async fn a_slow_statement_is_stopped_and_what_came_is_kept() {
    let world = World::with(TABLE, json!({"queryTimeoutSeconds": 0.3}), &[]).await;
    let answer = world.table(ENDLESS).await;
    assert!(
        answer.error().starts_with("the statement was stopped after 0.3 s, the limit"),
        "{}",
        answer.error()
    );
    assert_eq!(answer.response.status, 504);
    // Rows come at once and then no more.
    let sql = "SELECT i FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n) WHERE i <= 3";
    let answer = world.table(sql).await;
    assert_eq!(answer.response.status, 504);
    assert_eq!(shown(&answer.partial()), ["i int64 1 2 3"]);
    assert!(answer.notices()[0].starts_with("These are the 3 row(s) that were read before the query failed"));
}

#[tokio::test]
async fn the_callers_deadline_counts_too() {
    let world = World::new(TABLE).await;
    let request = world.request(vec![query(json!({"rawSql": ENDLESS, "format": "table"}))]);
    let cx = CallContext::new().with_deadline(Instant::now() + Duration::from_millis(300));
    let begun = Instant::now();
    let answered = world.backend().query_data(cx, request).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{answered:?}");
}

/// With one thread, a statement that nobody waits for any more would keep all others from running.
#[tokio::test]
async fn an_aborted_call_frees_its_thread() {
    let world =
        World::with(TABLE, json!({"queryTimeoutSeconds": 600}), &[("GF_PLUGIN_MAX_THREADS", "1")]).await;
    for _ in 0..3 {
        let request = world.request(vec![query(json!({"rawSql": ENDLESS, "format": "table"}))]);
        let backend = world.backend();
        let call = backend.query_data(CallContext::new(), request);
        assert!(tokio::time::timeout(Duration::from_millis(200), call).await.is_err(), "it is endless");
    }
    let begun = Instant::now();
    assert_eq!(shown(&world.table("SELECT a FROM t").await.frame()), ["a int64 1"]);
    assert!(begun.elapsed() < Duration::from_secs(30), "the thread was not free");
}

#[tokio::test]
async fn a_locked_database_is_told_with_its_cure() {
    let world = World::with(TABLE, json!({"busyTimeoutSeconds": 0.2}), &[]).await;
    let writer = Connection::open(&world.file).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE; INSERT INTO t VALUES (2);").unwrap();
    let answer = world.table("SELECT a FROM t").await;
    assert!(answer.error().starts_with("the database is locked by another program for more than 0.2 s"));
    assert_eq!(answer.response.status, 503);
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(shown(&world.table("SELECT a FROM t").await.frame()), ["a int64 1 2"]);
}

#[tokio::test]
async fn a_damaged_database_gives_what_is_good() {
    let world = World::new(
        "CREATE TABLE t (a INTEGER, b TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO t SELECT i, printf('%0100d', i) FROM n;",
    )
    .await;
    let mut bytes = std::fs::read(&world.file).unwrap();
    let from = bytes.len() / 2 / 4096 * 4096;
    bytes[from..from + 8192].fill(0xA5);
    std::fs::write(&world.file, bytes).unwrap();
    let answer = world.table("SELECT a FROM t").await;
    assert!(answer.error().starts_with("the database is damaged: "), "{}", answer.error());
    assert!(answer.error().contains("integrity_check"));
    let rows = answer.partial().rows().unwrap();
    assert!((100..5000).contains(&rows), "{rows}");
    assert_eq!(answer.response.status, 502);
}

#[tokio::test]
async fn limits_cut_with_a_notice() {
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let world = World::with(TABLE, json!({"grafanaRowLimit": "5"}), &[]).await;
    let answer = world.table(numbers).await;
    assert_eq!(answer.frame().rows().unwrap(), 5);
    assert_eq!(answer.notices(), ["Results have been limited to 5 because the SQL row limit was reached"]);
    let own = World::with(TABLE, json!({"grafanaRowLimit": "5", "rowLimit": 2}), &[]).await;
    assert_eq!(own.table(numbers).await.frame().rows().unwrap(), 2);
    let bytes = World::with(TABLE, json!({}), &[("GF_DATAPROXY_RESPONSE_LIMIT", "1000")]).await;
    let answer = bytes.table(numbers).await;
    assert_eq!(answer.frame().rows().unwrap(), 125);
    assert!(answer.notices()[0].contains("they reached 1000 bytes"));
}

#[tokio::test]
async fn a_cell_above_the_limit_is_an_error_that_names_it() {
    let world = World::with(TABLE, json!({"maxCellMegabytes": 1}), &[]).await;
    let answer = world.table("SELECT hex(zeroblob(1000000)) AS x").await;
    assert!(answer.error().contains("a text or blob of more than 1048576 bytes"), "{}", answer.error());
    assert_eq!(answer.response.status, 413);
}

#[tokio::test]
async fn very_many_columns_are_an_error_that_names_the_limit() {
    let world = World::new(TABLE).await;
    let columns = |count: usize| format!("SELECT {}", vec!["1"; count].join(","));
    assert_eq!(world.table(&columns(2_000)).await.frame().fields.len(), 2_000);
    assert!(world.table(&columns(10_000)).await.error().contains("too many columns in result set"));
}

#[tokio::test]
async fn memory_has_a_bound() {
    let world =
        World::with(TABLE, json!({"maxCellMegabytes": 200}), &[("GF_PLUGIN_MAX_MEMORY_MEGABYTES", "8")])
            .await;
    let answer = world.table("SELECT length(group_concat(hex(zeroblob(1000000)))) AS n FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8))").await;
    assert!(answer.error().contains("max_memory_megabytes"), "{}", answer.error());
    assert_eq!(
        shown(&world.table("SELECT a FROM t").await.frame()),
        ["a int64 1"],
        "the next statement runs"
    );
}

/// Many queries at once on two threads: each gets its own answer.
#[tokio::test]
async fn queries_side_by_side_share_few_threads() {
    let world = World::with(TABLE, json!({}), &[("GF_PLUGIN_MAX_THREADS", "2")]).await;
    let queries = (0..40)
        .map(|number| {
            let mut query = query(json!({"rawSql": format!("SELECT {number} AS n"), "format": "table"}));
            query.ref_id = number.to_string();
            query
        })
        .collect();
    let answers =
        world.backend().query_data(CallContext::new(), world.request(queries)).await.unwrap().responses;
    assert_eq!(answers.len(), 40);
    for (number, answer) in answers {
        let frame = Frame::decode(&answer.frames[0]).unwrap();
        assert_eq!(shown(&frame), [format!("n int64 {number}")]);
    }
}
