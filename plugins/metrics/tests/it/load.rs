//! The executable under load while it collects this machine and two endpoints, one of which breaks off in every answer:
//! queries, live channels, health checks and resources at once.
//!
//! Duration: `GRAFTWIRE_LOAD_SECONDS`, 3 by default; `cargo xtask test --all` says 60.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use graftwire_frame::{DecodeLimits, Frame, json as frame_json};
use graftwire_host::{LaunchOptions, Plugin, PluginSpec};
use graftwire_model::{
    DataResponse, DataSourceInstanceSettings, EpochMillis, HealthRequest, HealthStatus, PluginContext, Query,
    QueryRequest, ResourceRequest, RunStreamRequest, StreamStatus, SubscribeResponse, TimeRange,
};
use graftwire_testkit::{Answered, Ask, Footprint, Patience, Question, load, load_time};
use serde_json::{Value, json};

/// Callers at once.
const CALLERS: u64 = 64;
/// Series of the endpoint that answers.
const SERIES: u64 = 200;
/// Packets that a live channel is followed for.
const PACKETS: usize = 2;
/// The most memory of the process, in bytes.
const MEMORY: u64 = 64 << 20;

/// Serves a page of constant series on loopback for as long as the test runs; broken: less than was promised.
fn endpoint(broken: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let page: String = (0..SERIES).map(|number| format!("good{{n=\"{number}\"}} {number}\n")).collect();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let _ = connection.set_read_timeout(Some(Duration::from_secs(5)));
            let mut request = [0; 4096];
            let Ok(1..) = connection.read(&mut request) else { continue };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                page.len()
            );
            let sent = if broken { &page[..page.len() / 2] } else { &page };
            // Who asked may be gone.
            let _ =
                connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(sent.as_bytes()));
        }
    });
    address
}

struct World {
    settings: DataSourceInstanceSettings,
    total: String,
}

impl World {
    fn ask(&self, number: u64) -> Question {
        let kinds = [
            "sum", "own", "total", "highest", "refused", "endless", "broken", "sum", "live", "health", "jobs",
        ];
        let kind = kinds[usize::try_from(number).unwrap() % kinds.len()];
        let context = PluginContext { data_source: Some(self.settings.clone()), ..PluginContext::default() };
        let asked = |ask, patience| Question { ask, patience, kind, known: number };
        match (kind, number % 2) {
            ("live", 0) => return asked(Ask::Channel(live(context, number), PACKETS), Patience::Whole),
            ("live", _) => {
                // Every other channel is left before it ends.
                let leaves = Patience::Leaves(Duration::from_millis(700));
                return asked(Ask::Channel(live(context, number), usize::MAX), leaves);
            }
            ("health", _) => {
                let request = HealthRequest { context, ..HealthRequest::default() };
                return asked(Ask::Health(request), Patience::Whole);
            }
            ("jobs", _) => return asked(Ask::Resource(jobs(context)), Patience::Whole),
            _ => {}
        }
        let expr = match kind {
            "sum" => "sum(last_over_time(good{job=\"good\"}[10m]))".to_owned(),
            "own" => format!("{number} + 1"),
            "total" => "last_over_time(node_memory_MemTotal_bytes[10m])".to_owned(),
            "highest" => "max(max_over_time(good{job=\"good\"}[10m]))".to_owned(),
            "refused" => "rate(good[".to_owned(),
            "broken" => "max_over_time(up{job=\"broken\"}[10m])".to_owned(),
            _ => "sum by (n) (rate({__name__=~\".+\"}[5m]))".to_owned(),
        };
        let patience = match (kind, number % 3) {
            ("endless", 0) => Patience::Leaves(Duration::from_millis(15)),
            ("endless", _) => Patience::Deadline(Duration::from_millis(40)),
            _ => Patience::Whole,
        };
        let query = Query {
            ref_id: "A".to_owned(),
            json: json!({"expr": expr, "instant": kind != "endless", "range": kind == "endless"})
                .to_string()
                .into(),
            time_range: TimeRange { from: EpochMillis(now() - 600_000), to: EpochMillis(now()) },
            interval: Duration::from_secs(1).into(),
            max_data_points: 1000,
            ..Query::default()
        };
        asked(Ask::Query(QueryRequest { context, queries: vec![query], ..QueryRequest::default() }), patience)
    }

    fn judge(&self, question: &Question, answered: Answered<'_>) -> Result<(), String> {
        match answered {
            Answered::Query(response) => self.judge_query(question, response),
            Answered::Health(health) => {
                (health.status == HealthStatus::Ok).then_some(()).ok_or_else(|| format!("{health:?}"))
            }
            Answered::Resource(status, body) => judge_jobs(status, body),
            Answered::Channel(subscribed, packets) => judge_live(subscribed, packets),
        }
    }

    fn judge_query(&self, question: &Question, response: &DataResponse) -> Result<(), String> {
        let origin = response.error_source.map(|origin| origin.as_str());
        if response.is_error() {
            let fits = match question.kind {
                "refused" => response.status == 400,
                "endless" => matches!(response.status, 400 | 504),
                _ => false,
            };
            let told = || format!("{} {origin:?} {}", response.status, response.error);
            return (fits && origin == Some("downstream")).then_some(()).ok_or_else(told);
        }
        let expected = match question.kind {
            "sum" => (SERIES * (SERIES - 1) / 2).to_string(),
            "own" => (question.known + 1).to_string(),
            "total" => self.total.clone(),
            "highest" => (SERIES - 1).to_string(),
            "broken" => "0".to_owned(),
            "endless" => return Ok(()),
            _ => return Err("answered, though it can't be read".to_owned()),
        };
        let frames: Result<Vec<Frame>, _> = response.frames.iter().map(Frame::decode).collect();
        let frames = frames.map_err(|error| error.to_string())?;
        let value =
            frames.first().and_then(|frame| frame.fields.last()?.text(0)).map(|text| text.into_owned());
        (frames.len() == 1 && value.as_ref() == Some(&expected))
            .then_some(())
            .ok_or_else(|| format!("{value:?} in {} frames, expected {expected}", frames.len()))
    }
}

fn live(context: PluginContext, number: u64) -> RunStreamRequest {
    let expr = "sum(good{job=\"good\"})";
    RunStreamRequest {
        context,
        path: format!("live/{number}"),
        data: json!({"expr": expr, "windowMs": 5_000}).to_string().into(),
        ..RunStreamRequest::default()
    }
}

/// The values of the label `job`.
fn jobs(context: PluginContext) -> ResourceRequest {
    let path = "api/v1/label/job/values".to_owned();
    ResourceRequest {
        context,
        url: path.clone(),
        path,
        method: "GET".to_owned(),
        ..ResourceRequest::default()
    }
}

fn judge_jobs(status: i32, body: &[u8]) -> Result<(), String> {
    let wrong = || format!("{status} {}", String::from_utf8_lossy(body));
    let answer: Value = serde_json::from_slice(body).map_err(|_| wrong())?;
    let jobs: Vec<&str> =
        answer["data"].as_array().ok_or_else(wrong)?.iter().filter_map(Value::as_str).collect();
    (status == 200 && jobs.contains(&"good") && jobs.contains(&"broken")).then_some(()).ok_or_else(wrong)
}

/// One row per collection, each with the one sum that there is; times only rise.
fn judge_live(
    subscribed: &SubscribeResponse,
    packets: &[impl AsRef<[u8]> + std::fmt::Debug],
) -> Result<(), String> {
    let is_open = subscribed.status == StreamStatus::Ok && packets.len() == PACKETS;
    is_open.then_some(()).ok_or_else(|| format!("{subscribed:?}, {} packets", packets.len()))?;
    let wrong = |what: &str| format!("{what}: {packets:?}");
    let first = frame_json::read(&subscribed.initial_data, &DecodeLimits::default())
        .map_err(|error| error.to_string())?;
    let mut times = Vec::new();
    for packet in packets {
        // Only the first one has a schema.
        let packet: Value = serde_json::from_slice(packet.as_ref()).map_err(|_| wrong("no JSON"))?;
        let values = &packet["data"]["values"];
        times.push(values[0][0].as_i64().ok_or_else(|| wrong("no time"))?);
        let sum = (SERIES * (SERIES - 1) / 2) as f64;
        (values[1][0].as_f64() == Some(sum)).then_some(()).ok_or_else(|| wrong("not the sum"))?;
    }
    let rises = times.windows(2).all(|pair| pair[0] < pair[1]);
    (rises && first.fields.len() == 2).then_some(()).ok_or_else(|| wrong("times, or the first frame"))
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// This machine's memory in bytes.
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn world(folder: &Path, total: u64) -> World {
    let target = |job: &str, at: SocketAddr| json!({"job": job, "url": format!("http://{at}/metrics")});
    let settings = json!({
        "storePath": folder,
        "collectIntervalSeconds": 0.5,
        "scrapeTargets": [target("good", endpoint(false)), target("broken", endpoint(true))],
    });
    let settings = DataSourceInstanceSettings {
        id: 1,
        uid: "metrics".to_owned(),
        json_data: settings.to_string().into(),
        ..DataSourceInstanceSettings::default()
    };
    World { settings, total: total.to_string() }
}

#[tokio::test]
async fn every_answer_under_load_is_right_and_nothing_stays() {
    let Some(total) = memory() else {
        println!("NOT RUN: there is no /proc to look at the process");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path(), total);
    let spec = PluginSpec::of_executable(env!("CARGO_BIN_EXE_gpx_graftwire_metrics"))
        .with_id("graftwire-metrics-datasource");
    let store = folder.path().display().to_string();
    let options = LaunchOptions::new().setting("store_path", store).setting("flush_interval_seconds", "1");
    let plugin = Plugin::start(&spec, &options).await.unwrap();
    // Until everything has been collected once.
    let begun = Instant::now();
    for number in [0, 2, 6] {
        loop {
            let first = world.ask(number);
            let Ask::Query(request) = first.ask.clone() else { panic!("question {number} is a query") };
            let answer = plugin.backend().query_data(Default::default(), request).await.unwrap();
            let judged = world.judge(&first, Answered::Query(&answer.responses["A"]));
            if judged.is_ok() {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{judged:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    // The journal is opened at the first flush, and stays open.
    let is_journal = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("journal-");
    while !std::fs::read_dir(folder.path()).unwrap().flatten().any(is_journal) {
        assert!(begun.elapsed() < Duration::from_secs(60), "no journal");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let idle = Footprint::of(plugin.pid()).unwrap();

    let asks = Arc::new(world);
    let judge = Arc::clone(&asks);
    let report = load(
        &plugin,
        CALLERS,
        load_time(),
        move |number| asks.ask(number),
        move |question, answered| judge.judge(question, answered),
    )
    .await;
    println!("{report:#?}");
    assert_eq!(report.wrongs, 0, "{:#?}", report.wrong);
    for kind in ["sum", "own", "total", "highest", "broken", "live", "health", "jobs"] {
        assert!(report.right.contains_key(kind), "no answer of the kind {kind}");
    }
    assert!(report.failed.keys().any(|(kind, ..)| *kind == "refused"), "nothing was refused");
    assert!(report.left > 0 && report.peak_resident < MEMORY, "{} MiB resident", report.peak_resident >> 20);

    let after = idle.regained(plugin.pid(), Duration::from_secs(30)).await.unwrap();
    println!("idle {idle:?}, after {after:?}");
    assert!(
        after.threads <= idle.threads && after.descriptors <= idle.descriptors,
        "{idle:?}, then {after:?}"
    );
    assert!(plugin.stop().await.orderly);
}
