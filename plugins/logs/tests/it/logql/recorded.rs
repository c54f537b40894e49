//! Every pipeline over every line of its group, and every metric query, beside answers recorded from Loki 2.2.1.
//!
//! To record again (another program made the file; it is never rewritten from our own answers): build
//! `ci/oracle-logql` with Go, then run this test with `LOGQL_ORACLE` naming the program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use graftwire_logs::logql::{
    self, ERROR_DETAILS, Evaluation, Expr, Grid, Labels, MetricLimits, Pipeline, Series,
};
use serde_json::{Value, json};

use super::cases::{GROUPS, METRICS, STREAM};

const RECORDED: &str = "tests/data/loki-2.2.1.jsonl";
const SECOND: i64 = 1_000_000_000;
/// How far two numbers may lie apart, relative to the larger: sums are added up in another order.
const TOLERANCE: f64 = 1e-12;

/// An instant, a range of steps as long as most windows, and one of short steps beside whole seconds.
const WHENS: [(i64, i64, i64); 3] = [
    (120 * SECOND, 120 * SECOND, 0),
    (0, 300 * SECOND, 60 * SECOND),
    (17_500_000_000, 190 * SECOND, 7 * SECOND),
];

#[test]
fn pipelines_and_metrics_give_what_loki_gave() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    if let Some(oracle) = std::env::var_os("LOGQL_ORACLE") {
        std::fs::write(&path, ask(Path::new(&oracle))).expect("the record can be written");
    }
    compare_all(&std::fs::read_to_string(&path).expect("the record is there"));
}

#[test]
fn a_live_loki_gives_what_was_recorded() {
    match build() {
        Ok(oracle) => {
            let live = String::from_utf8(ask(&oracle)).expect("answers are text");
            compare_all(&live);
        }
        Err(why) => println!("NOT RUN: Loki's language live: {why}"),
    }
}

/// Builds the program from modules that are on this machine already.
fn build() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ci/oracle-logql");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle-logql");
    let output = Command::new("timeout")
        .args(["300", "go", "build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(source)
        .env("GOPROXY", "off")
        .env("GOFLAGS", "-buildvcs=false")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("go: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = || said.lines().next().unwrap_or("go build failed without a word").to_owned();
    if output.status.success() { Ok(program) } else { Err(reason()) }
}

fn ask(oracle: &Path) -> Vec<u8> {
    let groups: Vec<Value> = GROUPS
        .iter()
        .map(|group| {
            let lines: Vec<String> = group.lines.iter().map(|line| STANDARD.encode(line)).collect();
            json!({"lines": lines, "pipelines": group.stages.iter().map(|stages| query(stages)).collect::<Vec<_>>()})
        })
        .collect();
    let entries: Vec<Value> = entries()
        .iter()
        .map(|(stream, time, line)| json!({"stream": map(stream), "time": time, "line": line}))
        .collect();
    let metrics: Vec<Value> = METRICS
        .iter()
        .flat_map(|query| {
            WHENS.map(|(start, end, step)| json!({"query": query, "start": start, "end": end, "step": step}))
        })
        .collect();
    let stream: BTreeMap<_, _> = STREAM.into();
    let question =
        json!({"stream": stream, "groups": groups, "entries": entries, "metrics": metrics}).to_string();
    let mut child =
        Command::new(oracle).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the oracle starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let asking = std::thread::spawn(move || stdin.write_all(question.as_bytes()));
    let output = child.wait_with_output().expect("the oracle ends");
    asking.join().expect("no panic").expect("the oracle listens");
    assert!(output.status.success(), "the oracle failed");
    output.stdout
}

fn query(stages: &str) -> String {
    format!(r#"{{app="shop"}} {stages}"#)
}

/// As we write it: by default 2.2.1 read logfmt as strictly as later versions do when they are asked to, and kept keys
/// without a value.
fn ours(query: &str) -> String {
    query.replace("| logfmt", "| logfmt --strict --keep-empty")
}

fn compare_all(answers: &str) {
    let (mut pairs, mut queries, mut numbers, mut refused) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for answer in answers.lines() {
        let answer: Value = serde_json::from_str(answer).expect("an answer is JSON");
        refused += usize::from(answer["refused"].is_string());
        if let Some(query) = answer["query"].as_str() {
            queries += 1;
            numbers += metric(query, &answer, &mut wrong);
        } else {
            pairs += pipeline(answer["pipeline"].as_str().expect("a pipeline"), &answer, &mut wrong);
        }
    }
    let asked: usize = GROUPS.iter().map(|group| group.stages.len()).sum();
    assert_eq!(
        answers.lines().count(),
        asked + METRICS.len() * WHENS.len(),
        "the tables and the record differ"
    );
    println!(
        "{pairs} lines through pipelines, {queries} metric queries with {numbers} numbers; {refused} refused by both"
    );
    let shown: Vec<&str> = wrong.iter().take(60).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), shown.join("\n"));
}

/// How many lines were compared.
fn pipeline(query: &str, answer: &Value, wrong: &mut Vec<String>) -> usize {
    let expr = logql::parse(&ours(query));
    let expr = match (expr, answer["refused"].as_str()) {
        (Ok(Expr::Log(expr)), None) => expr,
        (Err(_), Some(_)) => return 0,
        (ours, theirs) => {
            wrong.push(format!("{query}\n  ours: {ours:?}\n  refused by theirs: {theirs:?}"));
            return 0;
        }
    };
    let lines = GROUPS[answer["group"].as_u64().expect("a group") as usize].lines;
    let stream = Labels::new(STREAM);
    let mut pipeline = Pipeline::new(&expr);
    let results = answer["results"].as_array().expect("results");
    assert_eq!(results.len(), lines.len(), "{query}");
    for (line, theirs) in lines.iter().zip(results) {
        let ours = pipeline.process(7, line, &stream).map(|entry| {
            let mut labels = map(&entry.labels.to_labels());
            labels.remove(ERROR_DETAILS);
            let text = lossy(entry.line);
            json!({"labels": labels, "line": text})
        });
        let theirs = (!theirs.is_null()).then(|| {
            let mut labels = theirs["labels"].clone();
            // A label without a name, as an empty key of JSON gave, is no label.
            labels.as_object_mut().expect("labels").remove("");
            let text = theirs["line"].as_str().map_or_else(|| lossy(line), str::to_owned);
            json!({"labels": labels, "line": text})
        });
        if ours != theirs {
            wrong.push(format!(
                "{query} on {:?}\n  ours:   {}\n  theirs: {}",
                String::from_utf8_lossy(line),
                shown(ours),
                shown(theirs)
            ));
        }
    }
    lines.len()
}

fn shown(result: Option<Value>) -> String {
    result.map_or_else(|| "dropped".to_owned(), |result| result.to_string())
}

/// Each byte that is no text becomes one replacement character, as Go's JSON has it.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| text.push('\u{fffd}'));
    }
    text
}

fn map(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The lines that metric queries count: three streams over five minutes, with a gap, and lines at the very edges of
/// windows.
pub(super) fn entries() -> Vec<(Labels, i64, String)> {
    let streams = [
        Labels::new([("app", "shop"), ("host", "a1")]),
        Labels::new([("app", "shop"), ("host", "b2")]),
        Labels::new([("app", "mail"), ("host", "a1")]),
    ];
    let levels = ["info", "error", "warn"];
    let mut all = Vec::new();
    for at in 0..150_i64 {
        if (60..75).contains(&at) {
            continue;
        }
        let stream = if at % 7 == 3 { 2 } else { usize::from(at % 3 == 1) };
        let level = levels[(at % 5 % 3) as usize];
        let line = match (stream, at % 11) {
            (2, 5) => "no json".to_owned(),
            (2, _) => format!(r#"{{"status":{},"request":{{"path":"/{}"}}}}"#, 200 + at % 3 * 100, at % 4),
            (_, 9) => format!("level={level} msg=\"broken {at}"),
            _ => format!(
                "level={level} took={}ms size={} mem={}KB msg=\"request {at}\"",
                at * 7 % 100,
                at % 10,
                at % 6
            ),
        };
        // Every second time on a whole multiple of the steps, else beside it.
        let time = at * 2 * SECOND + if at % 2 == 0 { 0 } else { 123_456_789 };
        all.push((streams[stream].clone(), time, line));
    }
    all
}

/// How many numbers were compared.
fn metric(query: &str, answer: &Value, wrong: &mut Vec<String>) -> usize {
    let number = |key: &str| answer[key].as_i64().expect("a number");
    let grid = Grid { start: number("start"), end: number("end"), step: number("step") };
    let ours = evaluate(&ours(query), grid);
    let theirs = answer["refused"].as_str();
    let mut tell = |text: String| wrong.push(format!("{query} {grid:?}: {text}"));
    let ours = match (ours, theirs) {
        (Ok(ours), None) => {
            ours.into_iter().map(|series| (map(&series.labels), series.points)).collect::<BTreeMap<_, _>>()
        }
        (Err(_), Some(_)) => return 0,
        (ours, theirs) => {
            tell(format!("\n  ours: {ours:?}\n  refused by theirs: {theirs:?}"));
            return 0;
        }
    };
    let mut compared = 0;
    let mut expected = BTreeMap::new();
    for series in answer["series"].as_array().into_iter().flatten() {
        let labels: BTreeMap<String, String> =
            serde_json::from_value(series["labels"].clone()).expect("labels are texts");
        let points: Vec<(i64, f64)> = series["points"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|point| (point[0].as_i64().unwrap(), point[1].as_str().unwrap().parse().unwrap()))
            .collect();
        expected.insert(labels, points);
    }
    if !ours.keys().eq(expected.keys()) {
        tell(format!("series differ\n  ours:   {:?}\n  theirs: {:?}", ours.keys(), expected.keys()));
        return 0;
    }
    for ((labels, ours), theirs) in ours.iter().zip(expected.values()) {
        let mut difference = String::new();
        if ours.len() != theirs.len() {
            let _ = write!(difference, "{} points, theirs {}: {ours:?} {theirs:?}", ours.len(), theirs.len());
        }
        for ((at, ours), (their_at, theirs)) in ours.iter().zip(theirs) {
            let near = (ours - theirs).abs() <= TOLERANCE * ours.abs().max(theirs.abs());
            compared += 1;
            if at != their_at || !(near || ours == theirs || (ours.is_nan() && theirs.is_nan())) {
                let _ = write!(difference, "at {at} {ours}, theirs at {their_at} {theirs}; ");
            }
        }
        if !difference.is_empty() {
            tell(format!("{labels:?} {difference}"));
        }
    }
    compared
}

fn evaluate(query: &str, grid: Grid) -> Result<Vec<Series>, String> {
    let Expr::Metric(query) = logql::parse(query).map_err(|error| error.to_string())? else {
        return Err("found a log query".to_owned());
    };
    let mut evaluation =
        Evaluation::new(&query, grid, MetricLimits::default()).map_err(|error| error.to_string())?;
    for (stream, time, line) in entries() {
        evaluation.add(time, line.as_bytes(), &stream).map_err(|error| error.to_string())?;
    }
    evaluation.finish().map_err(|error| error.to_string())
}
