//! Nothing is written, attached, loaded, or run behind another statement.

use serde_json::json;

use crate::world::World;

const TABLE: &str = "CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT a FROM t;
    CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('hello world');";

#[tokio::test]
async fn statements_that_would_change_something_are_refused() {
    let world = World::new(TABLE).await;
    let before = std::fs::read(&world.file).unwrap();
    let other = world.folder.path().join("other.db");
    for sql in [
        "INSERT INTO t VALUES (2)",
        "INSERT INTO t VALUES (2) RETURNING a",
        "UPDATE t SET a = 2",
        "UPDATE t SET a = 2 RETURNING a",
        "DELETE FROM t",
        "DELETE FROM t RETURNING a",
        "REPLACE INTO t VALUES (1)",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        "CREATE TABLE x (a)",
        "CREATE TEMP TABLE x (a)",
        "CREATE TABLE x AS SELECT * FROM t",
        "CREATE INDEX i ON t (a)",
        "CREATE VIEW w AS SELECT 1",
        "CREATE TEMP VIEW w AS SELECT 1",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE g USING fts5(x)",
        "INSERT INTO f(f) VALUES ('rebuild')",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t ADD COLUMN b",
        "DROP TABLE t",
        "DROP VIEW v",
        "VACUUM",
        &format!("VACUUM INTO '{}'", other.display()),
        "REINDEX",
        "ANALYZE",
        &format!("ATTACH '{}' AS o", other.display()),
        "ATTACH ':memory:' AS o",
        "DETACH main",
        "BEGIN",
        "BEGIN EXCLUSIVE",
        "COMMIT",
        "SAVEPOINT s",
        "PRAGMA journal_mode = wal",
        "PRAGMA journal_mode(delete)",
        "PRAGMA user_version = 7",
        "PRAGMA query_only = off",
        "PRAGMA writable_schema = on",
        "PRAGMA trusted_schema = on",
        "PRAGMA hard_heap_limit = 0",
        "PRAGMA mmap_size = 100000000",
        "PRAGMA wal_checkpoint",
        "PRAGMA optimize",
        "PRAGMA incremental_vacuum",
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA schema_version(9)",
        "SELECT load_extension('/tmp/x.so')",
        "SELECT * FROM t; DELETE FROM t",
        "SELECT 1;;; /* x */ DROP TABLE t",
        "SELECT 1; -- c\nDROP TABLE t",
        "SELECT '\\'; DROP TABLE t; --'",
        "/* SELECT 1 */ DELETE FROM t",
        "-- SELECT 1\nDELETE FROM t",
        "EXPLAIN DELETE FROM t",
        "SELECT 1\0; DROP TABLE t",
        "",
        ";",
        "-- nothing",
    ] {
        let answer = world.table(sql).await;
        let error = answer.response.error.clone();
        assert_ne!(error, "", "not refused: {sql}");
        assert_eq!(answer.response.error_source.unwrap().as_str(), "downstream", "{sql}");
        assert!((400..=403).contains(&answer.response.status), "{sql}: {} {error}", answer.response.status);
        assert_eq!(std::fs::read(&world.file).unwrap(), before, "changed the file: {sql}");
    }
    assert!(!other.exists());
    let left: Vec<_> = std::fs::read_dir(world.folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "a file was made: {left:?}");
}

#[tokio::test]
async fn refusals_say_why() {
    let world = World::new(TABLE).await;
    let error = async |sql: &str| world.table(sql).await.error().to_owned();
    assert!(error("DELETE FROM t").await.ends_with("this data source only reads; statements that write, attach databases, change settings or load code are refused"));
    assert_eq!(
        error("SELECT 1;\nDELETE FROM t").await,
        "line 1: found a second statement after the first semicolon, expected one statement per query; put it into a query of its own"
    );
    assert!(error("SELECT 1\0").await.contains("NUL character"));
    assert!(error("-- nothing").await.contains("write a SELECT"));
}

#[tokio::test]
async fn what_only_reads_runs() {
    let world = World::new(TABLE).await;
    for sql in [
        "SELECT a FROM v;",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
        "VALUES (1), (2)",
        "PRAGMA table_info(t)",
        "PRAGMA user_version",
        "SELECT name FROM pragma_table_list",
        "SELECT body FROM f WHERE f MATCH 'hello'",
        "SELECT value FROM json_each('[1,2]')",
        "SELECT json_extract('{\"a\":1}', '$.a') AS x, sqrt(4), percentile(a, 50) FROM t",
        "EXPLAIN QUERY PLAN SELECT * FROM t",
        "SELECT 1 -- ; DROP TABLE t",
        "SELECT 1 /* ; DROP TABLE t */ ; -- and that was it",
    ] {
        let answer = world.table(sql).await;
        assert_eq!(answer.response.error, "", "{sql}");
        assert!(answer.partial().rows().unwrap() > 0, "{sql}");
    }
}

/// A view of the database's owner is no way around the guard.
#[tokio::test]
async fn views_and_the_schema_are_not_trusted() {
    let world = World::with(
        "CREATE TABLE t (a); CREATE VIEW evil AS SELECT load_extension('/tmp/x.so') AS x;",
        json!({}),
        &[],
    )
    .await;
    assert!(!world.table("SELECT x FROM evil").await.error().is_empty());
}
