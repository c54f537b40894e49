//! Criterion benches of LogQL: bytes of lines that go through a query in a second, and what its parts cost.
//!
//! Throughput counts the bytes of all lines, also of those that a filter drops. Times divided by the number of lines
//! in a group's name give the time of a line.

#![allow(missing_docs, reason = "criterion's macros make functions without docs")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use graftwire_logs::logql::{self, Evaluation, Expr, Grid, Labels, Level, MetricLimits, Pipeline};

const LINES: usize = 20_000;
const SECOND: i64 = 1_000_000_000;

/// Each one in fifty lines is an error, each one in a hundred a status of 500 and more.
fn lines(kind: &str) -> Vec<String> {
    let mut random = 1_u32;
    let mut next = |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) % below
    };
    let line = |at: usize| {
        let level = if next(50) == 0 { "error" } else { "info" };
        let status = if next(100) == 0 { 500 + next(4) } else { 200 + next(5) };
        let (second, millis) = (at % 60, next(1000));
        let (host, id, took, size) = (next(7), next(1000), next(900), next(65_536));
        match kind {
            "logfmt" => format!(
                "ts=2026-01-31T08:00:{second:02}.{millis:03}Z level={level} host=web{host} method=GET \
                 path=/api/v1/items/{id} status={status} duration={took}ms bytes={size} msg=\"request done\""
            ),
            "json" => format!(
                "{{\"ts\":\"2026-01-31T08:00:{second:02}.{millis:03}Z\",\"level\":\"{level}\",\"request\":{{\"method\":\"GET\",\
                 \"path\":\"/api/v1/items/{id}\",\"host\":\"web{host}\"}},\"status\":{status},\"duration\":\"{took}ms\",\"bytes\":{size}}}"
            ),
            _ => format!(
                "10.0.{host}.{} - - [31/Jan/2026:08:00:{second:02} +0000] \"GET /api/v1/items/{id} HTTP/1.1\" {status} {size} \
                 \"-\" \"curl/8.5.0\" {level}",
                at % 250
            ),
        }
    };
    (0..LINES).map(line).collect()
}

/// Queries of each kind of line.
const QUERIES: [(&str, &[(&str, &str)]); 3] = [
    (
        "logfmt",
        &[
            ("nothing", "{}"),
            ("text", r#"{} |= "level=error""#),
            ("no text", r#"{} != "level=info""#),
            ("pattern with a literal", r"{} |~ `status=5\d\d`"),
            ("pattern without", r"{} |~ `(?i)error|warn`"),
            ("logfmt", "{} | logfmt"),
            ("logfmt of two keys", "{} | logfmt level, status"),
            ("text, logfmt, number", r#"{} |= "status=5" | logfmt | status>=500"#),
            ("logfmt, number", "{} | logfmt | status>=500"),
            ("logfmt, duration", "{} | logfmt | duration>800ms"),
            ("logfmt, line_format", "{} | logfmt | line_format `{{.level | upper}} {{.path}}`"),
        ],
    ),
    (
        "json",
        &[
            ("json", "{} | json"),
            ("json of two paths", r#"{} | json status, host="request.host""#),
            ("json, number", "{} | json | status>=500"),
            ("text, json", r#"{} |= "error" | json"#),
        ],
    ),
    (
        "access",
        &[
            ("pattern", "{} | pattern `<ip> - - <_> \"<method> <path> <_>\" <status> <size> <_>`"),
            (
                "regexp",
                "{} | regexp `(?P<ip>\\S+) - - .*\"(?P<method>[A-Z]+) (?P<path>\\S+).*\" (?P<status>\\d+) (?P<size>\\d+)`",
            ),
        ],
    ),
];

fn pipelines(criterion: &mut Criterion) {
    let stream = Labels::new([("app", "shop"), ("host", "a1")]);
    for (kind, queries) in QUERIES {
        let lines = lines(kind);
        let mut group = criterion.benchmark_group(format!("{kind}, {LINES} lines"));
        group.throughput(Throughput::Bytes(lines.iter().map(|line| line.len() as u64).sum()));
        for (name, query) in queries {
            let Expr::Log(query) = logql::parse(query).unwrap() else { panic!("{query} is a metric query") };
            let mut pipeline = Pipeline::new(&query);
            group.bench_function(*name, |bencher| {
                bencher.iter(|| {
                    let lines = lines.iter().enumerate();
                    lines
                        .filter(|(at, line)| pipeline.process(*at as i64, line.as_bytes(), &stream).is_some())
                        .count()
                });
            });
        }
        group.finish();
    }
}

fn metrics(criterion: &mut Criterion) {
    let stream = Labels::new([("app", "shop"), ("host", "a1")]);
    let lines = lines("logfmt");
    let mut group = criterion.benchmark_group(format!("metrics, {LINES} lines"));
    group.throughput(Throughput::Bytes(lines.iter().map(|line| line.len() as u64).sum()));
    let queries = [
        ("count", "count_over_time({}[1m])"),
        ("count of errors", r#"count_over_time({} |= "level=error" [1m])"#),
        ("sum by level", "sum by (level) (count_over_time({} | logfmt [1m]))"),
        ("max of a value", "max_over_time({} | logfmt | unwrap duration(duration) [5m]) by (host)"),
    ];
    let grid = Grid { start: 0, end: LINES as i64 * SECOND / 10, step: 15 * SECOND };
    for (name, query) in queries {
        let Expr::Metric(query) = logql::parse(query).unwrap() else { panic!("{query} is a log query") };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut evaluation = Evaluation::new(&query, grid, MetricLimits::default()).unwrap();
                for (at, line) in (0..).zip(&lines) {
                    evaluation.add(at * SECOND / 10, line.as_bytes(), &stream).unwrap();
                }
                evaluation.finish().unwrap()
            });
        });
    }
    group.bench_function("level of a line", |bencher| {
        bencher.iter(|| lines.iter().filter(|line| Level::of_line(line.as_bytes()).is_some()).count());
    });
    group.finish();
}

fn parsing(criterion: &mut Criterion) {
    let mut query =
        r#"sum by (level) (rate({app="shop"} |= "error" | logfmt | status>=500 and took>1s"#.to_owned();
    write!(query, " | line_format `{{{{.level}}}}` [5m])) > 2").unwrap();
    criterion
        .bench_function("parse a query", |bencher| bencher.iter(|| logql::parse(black_box(&query)).unwrap()));
}

criterion_group!(benches, pipelines, metrics, parsing);
criterion_main!(benches);
