//! Every expression of both tables, beside answers recorded from the engine of Prometheus 3.16.
//!
//! The samples lie on whole multiples of their interval, so that windows, the lookback and subqueries meet their
//! edges. To record again (another engine made the file; it is never rewritten from our own answers):
//! build `ci/oracle-promql` with Go, then run this test with `PROMQL_ORACLE` naming the program.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use graftwire_metrics::promql::WindowStart;
use graftwire_metrics::series::SeriesData;
use serde_json::{Value, json};

use super::compare::{Outcome, Tally, When, compare, map, ours};
use super::dataset::{BASE, Memory, series};
use super::expressions::{EXPRESSIONS, NEWER};
use super::server::number;

const RECORDED: &str = "tests/data/prometheus-3.16.jsonl";

/// One instant, one range of whole minutes and one beside them.
const WHENS: [When; 3] = [
    When::At(BASE + 90 * 60_000),
    When::Range(BASE + 20 * 60_000, BASE + 32 * 60_000, 120_000),
    // At its third step the last samples before a gap are exactly as old as the lookback.
    When::Range(BASE + 69 * 60_000 + 45_000, BASE + 90 * 60_000, 300_000),
];

#[test]
fn answers_as_prometheus_3_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    let source = Memory(samples());
    if let Some(oracle) = std::env::var_os("PROMQL_ORACLE") {
        std::fs::write(&path, record(Path::new(&oracle), &source.0)).expect("the record can be written");
    }
    let recorded = std::fs::read_to_string(&path).expect("the record is there");
    let (mut tally, mut wrong, mut evaluations) = (Tally::default(), Vec::new(), 0);
    for line in recorded.lines() {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let (expr, when) = (line["expr"].as_str().expect("an expression"), when(&line));
        evaluations += 1;
        if let Err(difference) =
            compare(&ours(&source, expr, when, WindowStart::Open), &theirs(&line, when), &mut tally)
        {
            wrong.push(format!("{expr}  ({when:?}): {difference}"));
        }
    }
    assert_eq!(
        evaluations,
        (EXPRESSIONS.len() + NEWER.len()) * WHENS.len(),
        "the tables and the record differ; record again"
    );
    println!(
        "{} expressions, {evaluations} evaluations: {} numbers equal, {} within 1e-12, {} evaluations refused by both",
        EXPRESSIONS.len() + NEWER.len(),
        tally.exact,
        tally.near,
        tally.refused
    );
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Fewer series than in the live comparison, to keep the record small.
fn samples() -> Vec<SeriesData> {
    let mut all = series(0);
    all.retain(|series| !matches!(series.labels.get("cpu"), Some("2" | "3")));
    all
}

fn record(oracle: &Path, series: &[SeriesData]) -> Vec<u8> {
    let series: Vec<Value> = series
        .iter()
        .map(|series| {
            let times: Vec<i64> = series.samples.iter().map(|sample| sample.at).collect();
            let bits: Vec<String> =
                series.samples.iter().map(|sample| sample.value.to_bits().to_string()).collect();
            json!({"labels": map(&series.labels), "times": times, "bits": bits})
        })
        .collect();
    let queries: Vec<Value> = EXPRESSIONS
        .iter()
        .chain(NEWER)
        .flat_map(|expr| {
            WHENS.map(|when| match when {
                When::At(at) => json!({"expr": expr, "start": at, "end": at, "step": 0}),
                When::Range(start, end, step) => {
                    json!({"expr": expr, "start": start, "end": end, "step": step})
                }
            })
        })
        .collect();
    let question = json!({"series": series, "queries": queries}).to_string();
    let mut child =
        Command::new(oracle).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the oracle starts");
    child.stdin.take().expect("a pipe").write_all(question.as_bytes()).expect("the oracle listens");
    let output = child.wait_with_output().expect("the oracle ends");
    assert!(output.status.success(), "the oracle failed");
    output.stdout
}

fn when(line: &Value) -> When {
    let millis = |key: &str| line[key].as_i64().expect("milliseconds");
    match millis("step") {
        0 => When::At(millis("start")),
        step => When::Range(millis("start"), millis("end"), step),
    }
}

fn theirs(line: &Value, when: When) -> Outcome {
    if let Some(reason) = line["refused"].as_str() {
        return Outcome::Refused(reason.to_owned());
    }
    if let Some(text) = line["text"].as_str() {
        return Outcome::Text(text.to_owned());
    }
    let series = line["series"].as_array().into_iter().flatten().map(|series| {
        let labels = series["labels"].as_object().expect("labels").iter();
        let labels: BTreeMap<String, String> =
            labels.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let time = |index: usize| match (when, series["times"].get(index)) {
            (_, Some(time)) => time.as_i64().expect("milliseconds"),
            (When::At(at), None) => at,
            (When::Range(start, _, step), None) => start + step * index as i64,
        };
        let values = series["values"].as_array().into_iter().flatten().enumerate();
        let points =
            values.filter_map(|(index, value)| value.as_str().map(|value| (time(index), number(value))));
        (labels, points.collect())
    });
    Outcome::Series(line["kind"].as_str().expect("a kind").to_owned(), series.collect())
}
