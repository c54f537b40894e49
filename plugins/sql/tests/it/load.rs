//! The executable under load while another program writes to the database and locks it: queries, health checks and
//! resources at once.
//!
//! Money moves between accounts in transactions, so that every right answer has one sum. Duration:
//! `GRAFTWIRE_LOAD_SECONDS`, 3 by default; `cargo xtask test --all` says 60.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use graftwire_frame::Frame;
use graftwire_host::{LaunchOptions, Plugin, PluginSpec};
use graftwire_model::{
    DataResponse, DataSourceInstanceSettings, HealthRequest, HealthResponse, HealthStatus, PluginContext,
    QueryRequest, ResourceRequest,
};
use graftwire_testkit::{Answered, Ask, Footprint, Patience, Question, load, load_time};
use rusqlite::Connection;
use serde_json::{Value, json};

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

fn context(file: &Path) -> PluginContext {
    let settings = DataSourceInstanceSettings {
        id: 1,
        uid: "sql".to_owned(),
        json_data: json!({"path": file, "busyTimeoutSeconds": 0.1, "queryTimeoutSeconds": 0.3})
            .to_string()
            .into(),
        ..DataSourceInstanceSettings::default()
    };
    PluginContext { data_source: Some(settings), ..PluginContext::default() }
}

fn columns(file: &Path) -> ResourceRequest {
    ResourceRequest {
        context: context(file),
        path: "columns".to_owned(),
        url: "columns?table=account".to_owned(),
        method: "GET".to_owned(),
        ..ResourceRequest::default()
    }
}

fn ask(file: &Path, number: u64) -> Question {
    let kinds = ["sum", "fixed", "health", "refused", "sum", "endless", "columns", "own", "fixed"];
    let kind = kinds[usize::try_from(number).unwrap() % kinds.len()];
    let asked = |ask, patience| Question { ask, patience, kind, known: number };
    match kind {
        "health" => {
            let request = HealthRequest { context: context(file), ..HealthRequest::default() };
            return asked(Ask::Health(request), Patience::Whole);
        }
        "columns" => return asked(Ask::Resource(columns(file)), Patience::Whole),
        _ => {}
    }
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
    let queries = vec![query(json!({"rawSql": sql, "format": "table"}))];
    asked(Ask::Query(QueryRequest { context: context(file), queries, ..QueryRequest::default() }), patience)
}

fn judge(question: &Question, answered: Answered<'_>) -> Result<(), String> {
    match answered {
        Answered::Query(response) => judge_query(question, response),
        Answered::Health(health) => judge_health(health),
        Answered::Resource(status, body) => judge_columns(status, body),
        Answered::Channel(..) => Err("this data source has no live channels".to_owned()),
    }
}

/// It works, or says who holds the database or that the time was over.
fn judge_health(health: &HealthResponse) -> Result<(), String> {
    let fits = match health.status {
        HealthStatus::Ok => health.message.contains("1 table(s)"),
        HealthStatus::Error => ["locked by another program", "was stopped after"]
            .iter()
            .any(|cause| health.message.contains(cause)),
        HealthStatus::Unknown => false,
    };
    fits.then_some(()).ok_or_else(|| format!("{health:?}"))
}

fn judge_columns(status: i32, body: &[u8]) -> Result<(), String> {
    let wrong = || format!("{status} {}", String::from_utf8_lossy(body));
    let found: Value = serde_json::from_slice(body).map_err(|_| wrong())?;
    let fits = match status {
        200 => found == json!([{"name": "id", "type": "INTEGER"}, {"name": "money", "type": "INTEGER"}]),
        503 | 504 => found["message"].is_string(),
        _ => false,
    };
    fits.then_some(()).ok_or_else(wrong)
}

fn judge_query(question: &Question, response: &DataResponse) -> Result<(), String> {
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
    let Ask::Query(request) = first.ask.clone() else { panic!("the first question is a query") };
    let answer = plugin.backend().query_data(Default::default(), request.clone()).await.unwrap();
    judge(&first, Answered::Query(&answer.responses["A"])).unwrap();
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
    for kind in ["sum", "fixed", "own", "health", "columns"] {
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
    let answer = plugin.backend().query_data(Default::default(), request).await.unwrap();
    let response = &answer.responses["A"];
    assert_eq!(response.error, "");
    judge(&last, Answered::Query(response)).unwrap();
    assert!(plugin.stop().await.orderly);
}
