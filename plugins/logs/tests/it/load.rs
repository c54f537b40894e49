//! The executable under load while its logs are rotated, packed and truncated: queries, live tails, health checks and
//! resources at once.
//!
//! Every line carries its number and a checksum, so that every answer can be judged. Duration:
//! `GRAFTWIRE_LOAD_SECONDS`, 3 by default; `cargo xtask test --all` says 60.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use graftwire_host::{LaunchOptions, Plugin, PluginSpec};
use graftwire_sdk::frame::{DecodeLimits, Frame, json as frame_json};
use graftwire_sdk::model::{
    DataResponse, DataSourceInstanceSettings, EpochMillis, HealthRequest, HealthResponse, HealthStatus,
    PluginContext, Query, QueryRequest, ResourceRequest, RunStreamRequest, StreamStatus, TimeRange,
};
use graftwire_testkit::{Answered, Ask, Footprint, Patience, Question, load, load_time};
use serde_json::{Value, json};

/// Callers at once.
const CALLERS: u64 = 64;
/// Lines of the file that nobody touches, and how many of them are errors.
const STEADY: u64 = 20_000;
const ERRORS: u64 = 400;
/// Lines between two rotations.
const ROTATE: u64 = 150;
/// Packed files that are kept: more lines than any query asks for.
const KEPT: u32 = 6;
/// Lines that a query of the rotated file asks for.
const NEWEST: usize = 300;
/// Every so many lines one goes to the file that is followed, which is rotated after so many of its own lines.
const TAILED: u64 = 10;
const TAILED_ROTATE: u64 = 1_000;
/// Packets that a live tail is followed for.
const PACKETS: usize = 2;
/// The most memory of the process, in bytes. A caller costs a block of each file that it reads.
const MEMORY: u64 = 96 << 20;

fn sum(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761) % 4_294_967_291
}

fn line(at: i64, number: u64) -> String {
    let level = if number.is_multiple_of(STEADY / ERRORS) { "error" } else { "info" };
    format!("{}.{:03} level={level} n={number} sum={}\n", at / 1_000, at % 1_000, sum(number))
}

/// The number of a line, if the whole line is one that was written.
fn number_of(body: &str) -> Result<u64, String> {
    let read = || {
        let (_, rest) = body.split_once(" n=")?;
        let (number, check) = rest.split_once(" sum=")?;
        let number = number.parse().ok()?;
        (check.parse() == Ok(sum(number))).then_some(number)
    };
    read().ok_or_else(|| format!("no line that was written: {body:?}"))
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// Writes, rotates and truncates until it is dropped.
struct Writer {
    over: Arc<AtomicBool>,
    /// The newest line of the rotated file that is surely in it.
    written: Arc<AtomicU64>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    fn start(folder: PathBuf) -> Self {
        let (over, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (ends, number) = (Arc::clone(&over), Arc::clone(&written));
        let thread = std::thread::spawn(move || {
            let mut file = appended(&folder.join("rotated.log"));
            let mut truncated = appended(&folder.join("truncated.log"));
            let mut tailed = appended(&folder.join("tailed.log"));
            for line_number in 1_u64.. {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let text = line(now(), line_number);
                file.write_all(text.as_bytes()).unwrap();
                truncated.write_all(text.as_bytes()).unwrap();
                number.store(line_number, Ordering::Release);
                if line_number % ROTATE == 0 {
                    rotate(&folder);
                    file = appended(&folder.join("rotated.log"));
                }
                if line_number % TAILED == 0 {
                    let text = line(now(), line_number / TAILED);
                    tailed.write_all(text.as_bytes()).unwrap();
                    if line_number % (TAILED * TAILED_ROTATE) == 0 {
                        std::fs::rename(folder.join("tailed.log"), folder.join("tailed.log.1")).unwrap();
                        tailed = appended(&folder.join("tailed.log"));
                    }
                }
                if line_number % (ROTATE * 3) == 77 {
                    truncated.set_len(0).unwrap();
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Self { over, written, thread: Some(thread) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the writer failed");
        }
    }
}

fn appended(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

/// As logrotate does with `compress` and `delaycompress`: the oldest goes, all move on, the one before last is packed
/// beside itself and then removed.
fn rotate(folder: &Path) {
    let at = |ending: &str| folder.join(format!("rotated.log{ending}"));
    for number in (2..KEPT).rev() {
        let (from, to) = (at(&format!(".{number}.gz")), at(&format!(".{}.gz", number + 1)));
        if from.exists() {
            std::fs::rename(from, to).unwrap();
        }
    }
    if at(".1").exists() {
        std::fs::rename(at(".1"), at(".2")).unwrap();
    }
    std::fs::rename(at(""), at(".1")).unwrap();
    File::create(at("")).unwrap();
    if at(".2").exists() {
        let text = std::fs::read(at(".2")).unwrap();
        let packed = File::create(at(".2.gz")).unwrap();
        let written = std::fs::metadata(at(".2")).unwrap().modified().unwrap();
        let mut encoder = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
        encoder.write_all(&text).unwrap();
        // gzip keeps the time of what it packs.
        encoder.finish().unwrap().set_modified(written).unwrap();
        std::fs::remove_file(at(".2")).unwrap();
    }
}

fn context(folder: &Path) -> PluginContext {
    let settings = json!({
        "roots": [folder],
        "files": [{"job": "app", "paths": [folder.join("*.log")]}],
        "journal": false, "kernel": false,
        "indexPath": folder.join("index"),
    });
    let settings = DataSourceInstanceSettings {
        id: 1,
        uid: "logs".to_owned(),
        json_data: settings.to_string().into(),
        ..DataSourceInstanceSettings::default()
    };
    PluginContext { data_source: Some(settings), ..PluginContext::default() }
}

fn request(folder: &Path, query: &Value) -> QueryRequest {
    let query = Query {
        ref_id: "A".to_owned(),
        json: query.to_string().into(),
        time_range: TimeRange { from: EpochMillis(now() - 7_200_000), to: EpochMillis(now() + 60_000) },
        ..Query::default()
    };
    QueryRequest { context: context(folder), queries: vec![query], ..QueryRequest::default() }
}

/// The values of the label `filename`: the living files' names, whatever was rotated.
fn names(folder: &Path) -> ResourceRequest {
    let path = "label/filename/values".to_owned();
    ResourceRequest {
        context: context(folder),
        url: path.clone(),
        path,
        method: "GET".to_owned(),
        ..ResourceRequest::default()
    }
}

fn tail(folder: &Path, number: u64) -> RunStreamRequest {
    let expr = format!("{{filename=\"{}\"}} |= `level=`", folder.join("tailed.log").display());
    RunStreamRequest {
        context: context(folder),
        path: format!("tail/{number}"),
        data: json!({"expr": expr, "maxLines": 50}).to_string().into(),
        ..RunStreamRequest::default()
    }
}

fn ask(folder: &Path, number: u64, written: u64) -> Question {
    let file = |name: &str, rest: &str| format!("{{filename=\"{}\"}}{rest}", folder.join(name).display());
    let kinds = [
        "steady",
        "parsed",
        "counted",
        "rotated",
        "tail",
        "truncated",
        "rotated",
        "health",
        "names",
        "refused",
        "endless",
    ];
    let kind = kinds[usize::try_from(number).unwrap() % kinds.len()];
    let asked = |ask, patience| Question { ask, patience, kind, known: written };
    // Every other tail is left before it ends.
    let leaves = Patience::Leaves(Duration::from_millis(400));
    match (kind, number % 2) {
        ("tail", 0) => return asked(Ask::Channel(tail(folder, number), PACKETS), Patience::Whole),
        ("tail", _) => return asked(Ask::Channel(tail(folder, number), usize::MAX), leaves),
        ("health", _) => {
            let request = HealthRequest { context: context(folder), ..HealthRequest::default() };
            return asked(Ask::Health(request), Patience::Whole);
        }
        ("names", _) => return asked(Ask::Resource(names(folder)), Patience::Whole),
        _ => {}
    }
    let query = match kind {
        "steady" => json!({"expr": file("steady.log", " |= `level=error`")}),
        "parsed" => json!({"expr": file("steady.log", " | logfmt | level=`error`"), "direction": "forward"}),
        "counted" => {
            let expr = format!("sum(count_over_time({} [3h]))", file("steady.log", " |~ `level=e..or`"));
            json!({"expr": expr, "queryType": "instant"})
        }
        "rotated" => json!({"expr": file("rotated.log", ""), "maxLines": NEWEST}),
        "truncated" => json!({"expr": file("truncated.log", ""), "maxLines": 10_000}),
        "refused" => json!({"expr": file("steady.log", " | nonsense")}),
        _ => json!({"expr": "sum by (n) (rate({job=`app`} | logfmt [5m]))"}),
    };
    let patience = match (kind, number % 3) {
        ("endless", 0) => Patience::Leaves(Duration::from_millis(20)),
        ("endless", _) => Patience::Deadline(Duration::from_millis(50)),
        _ => Patience::Whole,
    };
    asked(Ask::Query(request(folder, &query)), patience)
}

fn judge(question: &Question, answered: Answered<'_>) -> Result<(), String> {
    match answered {
        Answered::Query(response) => judge_query(question, response),
        Answered::Health(health) => judge_health(health),
        Answered::Resource(status, body) => judge_names(status, body),
        Answered::Channel(subscribed, packets) => {
            let is_open = subscribed.status == StreamStatus::Ok && packets.len() == PACKETS;
            is_open.then_some(()).ok_or_else(|| format!("{subscribed:?}, {} packets", packets.len()))?;
            judge_tail(&subscribed.initial_data, packets)
        }
    }
}

fn judge_health(health: &HealthResponse) -> Result<(), String> {
    // Two to four streams: files come into being while the writer begins.
    let fits = health.status == HealthStatus::Ok && health.message.contains("lines can be read");
    fits.then_some(()).ok_or_else(|| format!("{health:?}"))
}

fn judge_names(status: i32, body: &[u8]) -> Result<(), String> {
    let wrong = || format!("{status} {}", String::from_utf8_lossy(body));
    let answer: Value = serde_json::from_slice(body).map_err(|_| wrong())?;
    let names: Vec<&str> =
        answer["data"].as_array().ok_or_else(wrong)?.iter().filter_map(Value::as_str).collect();
    let has = |name: &str| names.iter().any(|path| path.ends_with(name));
    let known = ["steady.log", "rotated.log", "truncated.log", "tailed.log"];
    let is_known = |path: &&str| known.iter().any(|name| path.ends_with(name));
    (status == 200 && has("steady.log") && names.iter().all(is_known)).then_some(()).ok_or_else(wrong)
}

/// The newest lines first, then each new one once, in order and without a gap.
fn judge_tail(first: &[u8], packets: &[impl AsRef<[u8]> + std::fmt::Debug]) -> Result<(), String> {
    let read = |text: &[u8]| -> Result<Vec<u64>, String> {
        let frame = frame_json::read(text, &DecodeLimits::default()).map_err(|error| error.to_string())?;
        let bodies = frame.field("body").ok_or("no lines")?;
        (0..bodies.len()).map(|row| number_of(&bodies.text(row).unwrap_or_default())).collect()
    };
    let before = read(first)?;
    let mut live = Vec::new();
    for packet in packets {
        live.extend(read(packet.as_ref())?);
    }
    let told = || format!("first {before:?}, then {live:?}");
    (before.windows(2).all(|pair| pair[0] == pair[1] + 1)).then_some(()).ok_or_else(told)?;
    (live.windows(2).all(|pair| pair[0] + 1 == pair[1])).then_some(()).ok_or_else(told)?;
    (before.first() < live.first()).then_some(()).ok_or_else(told)
}

fn judge_query(question: &Question, response: &DataResponse) -> Result<(), String> {
    let origin = response.error_source.map(|origin| origin.as_str());
    match (question.kind, response.is_error()) {
        ("refused", _) => {
            let fits = response.status == 400 && origin == Some("downstream");
            return fits.then_some(()).ok_or_else(|| format!("{response:?}"));
        }
        ("endless", true) => {
            let fits = matches!(response.status, 400 | 504) && origin == Some("downstream");
            return fits.then_some(()).ok_or_else(|| format!("{response:?}"));
        }
        ("endless", false) => return Ok(()),
        (_, true) => return Err(format!("{} {}", response.status, response.error)),
        (_, false) => {}
    }
    let frames: Vec<Frame> = response
        .frames
        .iter()
        .map(Frame::decode)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let frame = frames.first().ok_or("no frame")?;
    if question.kind == "counted" {
        let value = frame.fields.last().and_then(|field| field.text(0)).ok_or("no value")?.into_owned();
        return (value == ERRORS.to_string()).then_some(()).ok_or(format!("{value} errors were counted"));
    }
    let bodies = frame.field("body").ok_or("no lines")?;
    let numbers: Vec<u64> = (0..bodies.len())
        .map(|row| number_of(&bodies.text(row).unwrap_or_default()))
        .collect::<Result<_, _>>()?;
    let fits = |fits: bool, what: &str| {
        let shown =
            format!("{what}: {} lines from {:?} to {:?}", numbers.len(), numbers.first(), numbers.last());
        let notices = frame.meta.as_ref().map(|meta| format!("{:?}", meta.notices));
        let jump = numbers.windows(2).find(|pair| pair[0].abs_diff(pair[1]) != 1);
        fits.then_some(()).ok_or_else(|| format!("{shown}, first jump {jump:?}, {notices:?}"))
    };
    match question.kind {
        "steady" | "parsed" => {
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            let expected: Vec<u64> = (1..=ERRORS).map(|error| error * (STEADY / ERRORS)).collect();
            fits(sorted == expected, "not the errors that there are")?;
            let forward = question.kind == "parsed";
            fits(numbers.is_sorted() == forward, "not in order")
        }
        "rotated" => {
            fits(numbers.windows(2).all(|pair| pair[0] == pair[1] + 1), "a gap or a line twice")?;
            let expected = NEWEST.min(usize::try_from(question.known).unwrap());
            fits(numbers.len() >= expected, "too few lines")?;
            fits(numbers.first().copied().unwrap_or(0) >= question.known, "not the newest line")
        }
        _ => fits(numbers.windows(2).all(|pair| pair[0] > pair[1]), "a line twice, or out of order"),
    }
}

#[tokio::test]
async fn every_answer_under_load_is_right_and_nothing_stays() {
    let folder = tempfile::tempdir().unwrap();
    let begin = now() - 3_600_000;
    let text: String =
        (1..=STEADY).map(|number| line(begin + i64::try_from(number).unwrap(), number)).collect();
    std::fs::write(folder.path().join("steady.log"), text).unwrap();
    let spec = PluginSpec::of_executable(env!("CARGO_BIN_EXE_gpx_graftwire_logs"))
        .with_id("graftwire-logs-datasource");
    let plugin = Plugin::start(&spec, &LaunchOptions::new()).await.unwrap();
    let first = ask(folder.path(), 0, 0);
    let Ask::Query(request) = first.ask.clone() else { panic!("the first question is a query") };
    let answer = plugin.backend().query_data(Default::default(), request).await.unwrap();
    judge(&first, Answered::Query(&answer.responses["A"])).unwrap();
    let Some(idle) = Footprint::of(plugin.pid()) else {
        println!("NOT RUN: there is no /proc to look at the process");
        return;
    };

    let writer = Writer::start(folder.path().to_path_buf());
    let (place, written) = (folder.path().to_path_buf(), Arc::clone(&writer.written));
    let asks = move |number| ask(&place, number, written.load(Ordering::Acquire));
    let report = load(&plugin, CALLERS, load_time(), asks, judge).await;
    drop(writer);
    println!("{report:#?}");
    if report.wrongs > 0 {
        println!("the process: {:?}", plugin.exit());
    }
    assert_eq!(report.wrongs, 0, "{:#?}", report.wrong);
    for kind in ["steady", "parsed", "counted", "rotated", "truncated", "tail", "health", "names"] {
        assert!(report.right.contains_key(kind), "no answer of the kind {kind}");
    }
    assert!(report.left > 0, "nobody left");
    assert!(report.peak_resident < MEMORY, "{} MiB resident", report.peak_resident >> 20);

    let after = idle.regained(plugin.pid(), Duration::from_secs(60)).await.unwrap();
    println!("idle {idle:?}, after {after:?}");
    assert!(
        after.threads <= idle.threads && after.descriptors <= idle.descriptors,
        "{idle:?}, then {after:?}"
    );
    let kept: Vec<_> = std::fs::read_dir(folder.path().join("index")).unwrap().flatten().collect();
    let unfinished = |name: &str| name.starts_with(".tmp") || name.ends_with(".tmp");
    assert!(!kept.iter().any(|entry| unfinished(&entry.file_name().to_string_lossy())), "{kept:?}");
    assert!(plugin.stop().await.orderly);
}
