//! Declared types, and values that don't keep to them.

use crate::world::{World, shown};

async fn column(declared: &str, values: &str) -> String {
    let world = World::new(&format!("CREATE TABLE t (c {declared}); INSERT INTO t VALUES {values};")).await;
    shown(&world.table("SELECT c FROM t").await.frame()).remove(0)
}

/// The table of the README, row by row.
#[tokio::test]
async fn each_declared_type_becomes_its_column() {
    for (declared, values, expected) in [
        ("INTEGER", "(1), (NULL), (9223372036854775807)", "int64 1 - 9223372036854775807"),
        ("BIGINT", "(-9223372036854775808)", "int64 -9223372036854775808"),
        ("REAL", "(1.5), (2)", "float64 1.5 2"),
        ("DOUBLE PRECISION", "(9e999)", "float64 +Inf"),
        ("NUMERIC", "(1), (2)", "int64 1 2"),
        ("DECIMAL(10,2)", "(1.25), (3)", "float64 1.25 3"),
        ("TEXT", "('x'), ('')", "string x "),
        ("VARCHAR(10)", "('x')", "string x"),
        ("BOOLEAN", "(0), (1), (NULL)", "bool false true -"),
        ("DATE", "('2020-09-13')", "time.Time 2020-09-13T00:00:00Z"),
        (
            "DATETIME",
            "('2020-09-13 12:26:40'), (1600000000)",
            "time.Time 2020-09-13T12:26:40Z 2020-09-13T12:26:40Z",
        ),
        ("TIMESTAMP", "(1600000000123)", "time.Time 2020-09-13T12:26:40.123Z"),
        ("TIME", "('12:30')", "string 12:30"),
        ("JSON", "('{\"a\":[1]}')", "json.RawMessage {\"a\":[1]}"),
        ("BLOB", "(X'00FF')", "string X'00FF'"),
        ("", "('x')", "string x"),
        ("", "(1)", "int64 1"),
        ("", "(NULL)", "string -"),
    ] {
        assert_eq!(column(declared, values).await, format!("c {expected}"), "{declared} {values}");
    }
}

#[tokio::test]
async fn values_of_another_type_widen_the_column() {
    for (declared, values, expected) in [
        ("INTEGER", "(1), ('two'), (3)", "string 1 two 3"),
        ("INTEGER", "(1), (2.5)", "float64 1 2.5"),
        ("REAL", "(1.5), ('x')", "string 1.5 x"),
        ("BOOLEAN", "(0), (7)", "int64 0 7"),
        ("DATETIME", "('2020-09-13'), ('tomorrow')", "string 2020-09-13T00:00:00Z tomorrow"),
        ("JSON", "('{\"a\":1}'), ('{')", "string {\"a\":1} {"),
        ("TEXT", "('x'), (X'41')", "string x X'41'"),
    ] {
        assert_eq!(column(declared, values).await, format!("c {expected}"), "{declared} {values}");
    }
}

#[tokio::test]
async fn broken_text_is_shown_with_a_notice() {
    let world =
        World::new("CREATE TABLE t (c TEXT); INSERT INTO t VALUES (CAST(X'61FF62' AS TEXT)), ('ok');").await;
    let answer = world.table("SELECT c FROM t").await;
    assert_eq!(shown(&answer.frame()), ["c string a\u{fffd}b ok"]);
    assert_eq!(
        answer.notices(),
        ["column \"c\" holds text that is not UTF-8; what can't be read is shown as \u{fffd}"]
    );
}

#[tokio::test]
async fn a_large_blob_is_cut() {
    let world = World::new("CREATE TABLE t (c BLOB); INSERT INTO t VALUES (zeroblob(5000000));").await;
    let shown = shown(&world.table("SELECT c FROM t").await.frame()).remove(0);
    assert!(shown.ends_with("…' (5000000 bytes)") && shown.len() < 200, "{shown}");
}
