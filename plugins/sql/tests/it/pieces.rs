//! Answers that are streamed.

use futures_util::StreamExt as _;
use graftwire_frame::Frame;
use graftwire_model::{CallContext, QueryChunk};
use serde_json::{Value, json};

use crate::world::{World, query};

async fn chunks(world: &World, model: Value) -> Vec<QueryChunk> {
    let request = world.request(vec![query(model)]);
    let stream = world.backend().query_chunked(CallContext::new(), request).await.unwrap();
    stream.map(|chunk| chunk.unwrap()).collect().await
}

fn numbers(count: usize) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i, 'row ' || i AS text FROM n"
    )
}

#[tokio::test]
async fn a_large_table_comes_in_pieces() {
    let world = World::new("CREATE TABLE t (a)").await;
    let chunks = chunks(&world, json!({"rawSql": numbers(50_000), "format": "table"})).await;
    assert!(chunks.len() >= 6, "{} pieces", chunks.len());
    let mut rows = 0;
    for chunk in &chunks {
        assert_eq!((chunk.error.as_str(), chunk.ref_id.as_str()), ("", "A"));
        rows += Frame::decode(chunk.frame.as_ref().unwrap()).unwrap().rows().unwrap();
    }
    assert_eq!(rows, 50_000);
    let first = Frame::decode(chunks[0].frame.as_ref().unwrap()).unwrap();
    assert!(first.meta.unwrap().executed_query_string.starts_with("WITH RECURSIVE"));
}

#[tokio::test]
async fn the_row_limit_counts_over_all_pieces() {
    let world = World::with("CREATE TABLE t (a)", json!({"rowLimit": 20_000}), &[]).await;
    let chunks = chunks(&world, json!({"rawSql": numbers(50_000), "format": "table"})).await;
    let frames: Vec<Frame> =
        chunks.iter().map(|chunk| Frame::decode(chunk.frame.as_ref().unwrap()).unwrap()).collect();
    assert_eq!(frames.iter().map(|frame| frame.rows().unwrap()).sum::<usize>(), 20_000);
    let notices: Vec<_> =
        frames.iter().filter_map(|frame| frame.meta.as_ref()).flat_map(|meta| &meta.notices).collect();
    assert!(notices.iter().any(|notice| notice.text.contains("limited to 20000")), "{notices:?}");
}

#[tokio::test]
async fn a_time_series_is_one_piece() {
    let world = World::new("CREATE TABLE t (a)").await;
    let chunks = chunks(&world, json!({"rawSql": "SELECT 0 AS time, 1 AS v", "format": "time_series"})).await;
    assert_eq!(chunks.len(), 1);
    assert_eq!(Frame::decode(chunks[0].frame.as_ref().unwrap()).unwrap().fields.len(), 2);
}

#[tokio::test]
async fn errors_end_a_stream_after_what_was_good() {
    let world = World::new("CREATE TABLE t (a)").await;
    let wrong = chunks(&world, json!({"rawSql": "SELEC", "format": "table"})).await;
    assert!(wrong.last().unwrap().error.contains("syntax error"));
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
               SELECT CASE WHEN i < 10000 THEN i ELSE 'x' END AS v FROM n";
    let changed = chunks(&world, json!({"rawSql": sql, "format": "table"})).await;
    let last = changed.last().unwrap();
    assert!(last.error.contains("column \"v\": found string where int64 was before"), "{}", last.error);
    assert_eq!(Frame::decode(changed[0].frame.as_ref().unwrap()).unwrap().rows().unwrap(), 8192);
}

/// A reader that leaves stops the statement: with one thread the next query would wait for ever.
#[tokio::test]
async fn a_reader_that_leaves_stops_the_statement() {
    let world = World::with(
        "CREATE TABLE t (a)",
        json!({"queryTimeoutSeconds": 600}),
        &[("GF_PLUGIN_MAX_THREADS", "1")],
    )
    .await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let request = world.request(vec![query(json!({"rawSql": endless, "format": "table"}))]);
    let mut stream = world.backend().query_chunked(CallContext::new(), request).await.unwrap();
    assert!(stream.next().await.unwrap().unwrap().frame.is_some());
    drop(stream);
    assert_eq!(world.table("SELECT 1 AS x").await.response.error, "");
}
