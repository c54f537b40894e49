//! The executable under load while another program writes to the database and locks it.
//!
//! Money moves between accounts in transactions, so that every right answer has one sum. Duration:
//! `GRAFTWIRE_LOAD_SECONDS`, 3 by default; `cargo xtask test --all` says 60.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use graftwire_frame::Frame;
use graftwire_host::{LaunchOptions, Plugin, PluginSpec};
use graftwire_model::{DataResponse, DataSourceInstanceSettings, PluginContext, QueryRequest};
use graftwire_testkit::{Footprint, Patience, Question, load, load_time};
use rusqlite::Connection;
use serde_json::json;

use crate::world::{query, shown};

/// Callers at once.
const CALLERS: u64 = 64;
const ACCOUNTS: u64 = 200;
const EACH: u64 = 100;
/// The most memory of the process, in bytes: SQLite's own bound of 64 MiB, and answers under way.
const MEMORY: u64 = 128 << 20;

/// Moves money and holds the lock, for longer than readers wait, until it is told to end.
fn write(file: &Path, over: &AtomicBool) {
    let database = Connection::open(file).unwrap();
    database.busy_timeout(Duration::from_secs(30)).unwrap();
    let mut turn = 0_u64;
    while !over.load(Ordering::Relaxed) {
        turn += 1;
        let account = |number: u64| i64::try_from(number % ACCOUNTS).unwrap();
        let (from, to) = (account(turn), account(turn * 7 + 1));
        // A reader of a half done transaction would see money that is nowhere.
        database.execute_batch("BEGIN EXCLUSIVE").unwrap();
        database.execute("UPDATE account SET money = money - 5 WHERE id = ?1", [from]).unwrap();
        std::thread::sleep(Duration::from_millis(if turn.is_multiple_of(4) { 300 } else { 5 }));
        database.execute("UPDATE account SET money = money + 5 WHERE id = ?1", [to]).unwrap();
        database.execute_batch("COMMIT").unwrap();
        std::thread::sleep(Duration::from_millis(60));
    }
}

fn ask(file: &Path, number: u64) -> Question {
    let kinds = ["sum", "fixed", "refused", "sum", "endless", "own"];
    let kind = kinds[usize::try_from(number).unwrap() % kinds.len()];
    let sql = match kind {
        "sum" => "SELECT sum(money) AS s, count(*) AS n FROM account".to_owned(),
        "fixed" => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n"
                .to_owned()
        }
        "refused" => "DELETE FROM account".to_owned(),
        "own" => format!("SELECT {number} AS n"),
        _ => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n"
            .to_owned(),
    };
    let patience = match (kind, number % 4) {
        ("endless", 0) => Patience::Leaves(Duration::from_millis(15)),
        ("endless", 1..=2) => Patience::Deadline(Duration::from_millis(40)),
        // Some of those that could be answered are left alone too.
        ("sum", 3) => Patience::Leaves(Duration::from_millis(30)),
        _ => Patience::Whole,
    };
    let settings = DataSourceInstanceSettings {
        id: 1,
        uid: "sql".to_owned(),
        json_data: json!({"path": file, "busyTimeoutSeconds": 0.1, "queryTimeoutSeconds": 0.3})
            .to_string()
            .into(),
        ..DataSourceInstanceSettings::default()
    };
    let context = PluginContext { data_source: Some(settings), ..PluginContext::default() };
    let queries = vec![query(json!({"rawSql": sql, "format": "table"}))];
    let request = QueryRequest { context, queries, ..QueryRequest::default() };
    Question { request, patience, kind, known: number }
}

fn judge(question: &Question, response: &DataResponse) -> Result<(), String> {
    let origin = response.error_source.map(|origin| origin.as_str());
    let told = format!("{} {origin:?} {}", response.status, response.error);
    if response.is_error() {
        // Locked by the writer, or over its time because others were before it: both are told, with their statuses.
        let fits = match question.kind {
            "refused" => matches!(response.status, 403 | 503 | 504),
            _ => matches!(response.status, 503 | 504),
        };
        return (fits && origin == Some("downstream")).then_some(()).ok_or(told);
    }
    let frame = response.frames.first().ok_or("no frame")?;
    let frame = Frame::decode(frame).map_err(|error| error.to_string())?;
    let found = shown(&frame);
    let expected = match question.kind {
        "sum" => vec![format!("s int64 {}", ACCOUNTS * EACH), format!("n int64 {ACCOUNTS}")],
        "own" => vec![format!("n int64 {}", question.known)],
        "fixed" => {
            let numbers: Vec<String> = (1..=1000).map(|number| number.to_string()).collect();
            vec![format!("i int64 {}", numbers.join(" "))]
        }
        _ => return Err("answered, though it is refused or endless".to_owned()),
    };
    (found == expected).then_some(()).ok_or_else(|| format!("{found:?}"))
}

#[tokio::test]
async fn every_answer_under_load_is_right_and_nothing_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.db");
    Connection::open(&file)
        .unwrap()
        .execute_batch(&format!(
            "CREATE TABLE account (id INTEGER PRIMARY KEY, money INTEGER);
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ACCOUNTS} - 1)
             INSERT INTO account SELECT i, {EACH} FROM n;"
        ))
        .unwrap();
    let spec = PluginSpec::of_executable(env!("CARGO_BIN_EXE_gpx_graftwire_sql"))
        .with_id("graftwire-sql-datasource");
    let plugin = Plugin::start(&spec, &LaunchOptions::new()).await.unwrap();
    let first = ask(&file, 0);
    let answer = plugin.backend().query_data(Default::default(), first.request.clone()).await.unwrap();
    judge(&first, &answer.responses["A"]).unwrap();
    let Some(idle) = Footprint::of(plugin.pid()) else {
        println!("NOT RUN: there is no /proc to look at the process");
        return;
    };

    let over = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (file, over) = (file.clone(), Arc::clone(&over));
        move || write(&file, &over)
    });
    let place = file.clone();
    let report = load(&plugin, CALLERS, load_time(), move |number| ask(&place, number), judge).await;
    over.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    println!("{report:#?}");
    assert_eq!(report.wrongs, 0, "{:#?}", report.wrong);
    for kind in ["sum", "fixed", "own"] {
        assert!(report.right.contains_key(kind), "no answer of the kind {kind}");
    }
    assert!(
        report.failed.keys().any(|(kind, status, _)| (*kind, *status) == ("refused", 403)),
        "nothing was refused"
    );
    assert!(report.left > 0 && report.peak_resident < MEMORY, "{} MiB resident", report.peak_resident >> 20);

    let after = idle.regained(plugin.pid(), Duration::from_secs(60)).await.unwrap();
    println!("idle {idle:?}, after {after:?}");
    assert!(
        after.threads <= idle.threads && after.descriptors <= idle.descriptors,
        "{idle:?}, then {after:?}"
    );
    // Once nobody writes any more, every statement is answered.
    let last = ask(&file, 0);
    let answer = plugin.backend().query_data(Default::default(), last.request.clone()).await.unwrap();
    let response = &answer.responses["A"];
    assert_eq!(response.error, "");
    judge(&last, response).unwrap();
    assert!(plugin.stop().await.orderly);
}
