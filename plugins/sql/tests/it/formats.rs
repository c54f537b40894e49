//! Formats, macros and fills.

use graftwire_frame::{Frame, ValueType};
use graftwire_model::{CallContext, Capability};
use graftwire_sql::settings::Operator;
use graftwire_testkit::{Pair, Wire};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::json;

use crate::world::{World, plugin, query, shown};

const LOADS: &str = "CREATE TABLE load (at INTEGER, host TEXT, value REAL);
    INSERT INTO load VALUES (1600000200, 'a', 1), (1600000200, 'b', 2), (1600000260, 'a', 3), (1600000440, 'b', 4);";

#[tokio::test]
async fn texts_become_labels_of_series() {
    let world = World::new(LOADS).await;
    let answer = world.series("SELECT at AS time, host, value FROM load ORDER BY at").await;
    assert_eq!(
        shown(&answer.frame()),
        [
            "Time time.Time 2020-09-13T12:30:00Z 2020-09-13T12:31:00Z 2020-09-13T12:34:00Z",
            "value{host=a} float64 1 3 -",
            "value{host=b} float64 2 - 4",
        ]
    );
    let meta = answer.frame().meta.unwrap();
    assert_eq!(meta.frame_type.as_str(), "timeseries-wide");
    assert_eq!(meta.executed_query_string, "SELECT at AS time, host, value FROM load ORDER BY at");
    assert!(graftwire_frame::contract::check(&[answer.frame()]).is_empty());
}

#[tokio::test]
async fn macros_are_expanded_here_so_that_alerts_have_them() {
    let world = World::new(LOADS).await;
    let sql = "SELECT $__unixEpochGroupAlias(at, '2m', 0), host AS metric, sum(value) AS value FROM load \
               WHERE $__timeFilter(at) AND at < $__to / 1000 GROUP BY 1, 2 ORDER BY 1";
    let answer = world
        .ask(json!({"rawSql": sql, "format": "time_series", "from": 1600000200, "to": 1600000500}))
        .await;
    assert_eq!(
        shown(&answer.frame()),
        [
            "Time time.Time 2020-09-13T12:30:00Z 2020-09-13T12:32:00Z 2020-09-13T12:34:00Z",
            "a float64 4 0 0",
            "b float64 2 0 4",
        ]
    );
    let executed = answer.frame().meta.unwrap().executed_query_string;
    assert!(executed.contains("CAST((at) / 120 AS INTEGER) * 120 AS \"time\""), "{executed}");
}

/// `$__timeFilter` and `$__timeGroup` read texts as well as numbers.
#[tokio::test]
async fn times_as_texts_are_grouped_and_filtered() {
    let world = World::new(
        "CREATE TABLE e (at TEXT); INSERT INTO e VALUES ('1970-01-01 00:00:59.9'), ('1970-01-01T00:01:00Z'),
         ('1970-01-01 00:01:30'), ('1970-01-01 02:00:00');",
    )
    .await;
    let sql = "SELECT $__timeGroup(at, '1m') AS time, count(*) AS n FROM e WHERE $__timeFilter(at) GROUP BY 1 ORDER BY 1";
    assert_eq!(
        shown(&world.series(sql).await.frame()),
        ["Time time.Time 1970-01-01T00:00:00Z 1970-01-01T00:01:00Z", "n int64 1 2"]
    );
    let sql = "SELECT count(*) AS n FROM e WHERE at BETWEEN $__timeFrom() AND $__timeTo()";
    // As texts they are compared letter by letter, so the row with a T is after all of its day.
    assert_eq!(shown(&world.table(sql).await.frame()), ["n int64 2"]);
}

#[tokio::test]
async fn a_table_is_as_the_query_gives_it() {
    let world = World::new(LOADS).await;
    let answer = world.table("SELECT host, max(value) AS value, host AS host FROM load GROUP BY host").await;
    assert_eq!(shown(&answer.frame()), ["host string a b", "value float64 3 4", "host string a b"]);
    assert_eq!(
        answer.frame().meta.unwrap().frame_type.as_str(),
        "numeric-long",
        "an alert can be made of it"
    );
    let empty = world.table("SELECT host, value FROM load WHERE 0").await;
    assert_eq!(
        shown(&empty.frame()),
        ["host string ", "value float64 "],
        "columns are shown without rows too"
    );
}

#[tokio::test]
async fn rows_become_log_lines() {
    let world = World::new(
        "CREATE TABLE log (ts DATETIME, level TEXT, message TEXT, unit TEXT);
         INSERT INTO log VALUES ('1970-01-01 00:00:01', 'error', 'it broke', 'ssh');",
    )
    .await;
    let answer = world.ask(json!({"rawSql": "SELECT * FROM log", "format": "logs"})).await;
    assert_eq!(
        shown(&answer.frame()),
        [
            "timestamp time.Time 1970-01-01T00:00:01Z",
            "body string it broke",
            "severity string error",
            "labels json.RawMessage {\"unit\":\"ssh\"}",
        ]
    );
    assert_eq!(answer.frame().meta.unwrap().frame_type.as_str(), "log-lines");
    assert!(graftwire_frame::contract::check(&[answer.frame()]).is_empty());
}

#[tokio::test]
async fn annotations_have_their_times() {
    let world = World::new("").await;
    Connection::open(&world.file).unwrap().execute_batch(LOADS).unwrap();
    let sql = "SELECT 60 AS time, 120000000000 AS timeend, 'deployed' AS text, 'a,b' AS tags";
    assert_eq!(
        shown(&world.table(sql).await.frame()),
        [
            "time time.Time 1970-01-01T00:01:00Z",
            "timeend time.Time 1973-10-20T21:20:00Z",
            "text string deployed",
            "tags string a,b",
        ]
    );
}

#[tokio::test]
async fn queries_of_other_sqlite_plugins_are_read() {
    let world = World::new(LOADS).await;
    let mut older =
        query(json!({"queryText": "SELECT at, value FROM load ORDER BY at", "timeColumns": ["at"]}));
    older.query_type = "table".to_owned();
    let mut answers =
        world.backend().query_data(Default::default(), world.request(vec![older])).await.unwrap();
    let frame = Frame::decode(&answers.responses.remove("A").unwrap().frames[0]).unwrap();
    assert_eq!(frame.fields[0].value_type(), ValueType::Time);
}

#[tokio::test]
async fn what_cannot_be_asked_is_told() {
    let world = World::new(LOADS).await;
    let error = async |sql: &str| world.series(sql).await.error().to_owned();
    assert!(error("").await.contains("rawSql is empty"));
    assert!(error("SELECT value FROM load").await.contains("found no time column among \"value\""));
    let back = error("SELECT at AS time, host, value FROM load ORDER BY at DESC").await;
    assert!(back.contains("add ORDER BY time"), "{back}");
    let text = error("SELECT 'soon' AS time, 1 AS value").await;
    assert!(text.contains("column \"time\", row 1: found the text \"soon\", expected a time"), "{text}");
    assert!(error("SELECT $__timeFiltr(at)").await.contains("did you mean $__timeFilter?"));
    assert_eq!(error("SELECT *\nFROM lod").await, "no such table: lod");
    assert_eq!(error("SELECT value,\n  lod FROM load").await, "line 2, column 3: no such column: lod");
    let syntax = error("SELEC 1").await;
    assert!(syntax.contains("line 1, column 1") && syntax.contains("syntax error"), "{syntax}");
    let range = world.ask(json!({"rawSql": "SELECT 1", "from": 9, "to": 1})).await;
    assert!(range.error().contains("from (9000 ms) is after to (1000 ms)"));
    assert_eq!(range.response.status, 400);
    let variable = error("SELECT $host AS x").await;
    assert!(variable.contains("found $host, a parameter without a value"), "{variable}");
}

/// The oldest version changes frames into series and tables; the rows are the same.
#[tokio::test]
async fn every_version_and_connection_answers() {
    let world = World::new(LOADS).await;
    let mut wires = 0;
    for wire in Wire::carrying(Capability::QueryData) {
        let pair = Pair::open(plugin(Operator::from_lookup(|_| None)), wire).await.unwrap();
        let model =
            json!({"rawSql": "SELECT at AS time, host, value FROM load ORDER BY at", "format": "table"});
        let request = world.request(vec![query(model)]);
        let answers = pair.backend().query_data(CallContext::new(), request).await.unwrap().responses;
        let answer = &answers["A"];
        assert_eq!((answer.error.as_str(), answer.status), ("", 200), "{wire}");
        let rows: usize =
            answer.frames.iter().map(|frame| Frame::decode(frame).unwrap().rows().unwrap()).sum();
        assert_eq!(rows, 4, "{wire}");
        wires += 1;
    }
    assert!(wires >= 6);
}

/// One bad query of a request leaves the others.
#[tokio::test]
async fn queries_fail_one_by_one() {
    let world = World::new(LOADS).await;
    let named = |name: &str, sql: &str| {
        let mut query = query(json!({"rawSql": sql, "format": "table"}));
        query.ref_id = name.to_owned();
        query
    };
    let request =
        world.request(vec![named("A", "SELECT 1 AS x"), named("B", "SELECT"), named("C", "SELECT 2 AS x")]);
    let answers = world.backend().query_data(Default::default(), request).await.unwrap().responses;
    let errors: Vec<bool> = ["A", "B", "C"].iter().map(|name| answers[*name].is_error()).collect();
    assert_eq!(errors, [false, true, false]);
}

/// Long frames made by Grafana's SDK for Go go into a table and come out as that SDK makes them wide.
#[tokio::test]
async fn long_to_wide_is_that_of_the_go_sdk() {
    let golden = std::path::Path::new("../../crates/frame/tests/golden");
    let read = |name: &str| {
        let bytes = std::fs::read(golden.join(name)).unwrap();
        Frame::decode(&graftwire_frame::EncodedFrame::new(graftwire_frame::FrameFormat::Arrow, bytes))
            .unwrap()
    };
    for name in ["l2w_gaps_float64_n_none", "l2w_two_values_two_factors", "l2w_late_factor_nofill"] {
        let (long, wide) =
            (read(&format!("convert/{name}.in.arrow")), read(&format!("convert/{name}.out.arrow")));
        let world = World::new("CREATE TABLE unused (x)").await;
        insert(&Connection::open(&world.file).unwrap(), &long);
        let found = world.series("SELECT * FROM long ORDER BY rowid").await.frame();
        assert_eq!(found.fields.len(), wide.fields.len(), "{name}: {:?}", shown(&found));
        for (found, golden) in found.fields.iter().zip(&wide.fields) {
            let labels = |field: &graftwire_frame::Field| field.labels.clone().unwrap_or_default();
            assert_eq!(labels(found), labels(golden), "{name}");
            for row in 0..golden.len() {
                let (ours, theirs) = (found.text(row), golden.text(row));
                // Every column of ours is nullable; where the golden one isn't, a missing cell is its zero.
                let same = ours == theirs || (ours.is_none() && !golden.is_nullable());
                assert!(same, "{name}: {} {}: {ours:?} {theirs:?}", golden.name, labels(golden));
            }
        }
    }
}

fn insert(connection: &Connection, long: &Frame) {
    let columns: Vec<String> = long
        .fields
        .iter()
        .map(|field| {
            let kind = match field.value_type() {
                ValueType::Time => "DATETIME",
                ValueType::String => "TEXT",
                ValueType::Float64 | ValueType::Float32 => "REAL",
                _ => "INTEGER",
            };
            format!("\"{}\" {kind}", field.name)
        })
        .collect();
    connection.execute_batch(&format!("CREATE TABLE long ({})", columns.join(", "))).unwrap();
    let marks = vec!["?"; columns.len()].join(", ");
    for row in 0..long.rows().unwrap() {
        let cells = long.fields.iter().map(|field| cell(field, row));
        connection
            .execute(&format!("INSERT INTO long VALUES ({marks})"), rusqlite::params_from_iter(cells))
            .unwrap();
    }
}

fn cell(field: &graftwire_frame::Field, row: usize) -> Sql {
    let Some(text) = field.text(row).map(|text| text.to_string()) else { return Sql::Null };
    match field.value_type() {
        ValueType::Time | ValueType::String | ValueType::Bool => Sql::Text(text),
        _ => text.parse().map(Sql::Integer).or_else(|_| text.parse().map(Sql::Real)).unwrap(),
    }
}
