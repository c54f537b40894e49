mod functions;
mod limits;
mod properties;
mod vectors;

use super::*;
use crate::series::{Matcher, SourceError};

/// Series as text: `name{label="value"}: 1 2 _ 4`, ten seconds apart from time 0; `_` = no sample,
/// `stale` = the series ends.
#[derive(Debug)]
struct Given(Vec<SeriesData>);

impl Given {
    fn new(lines: &str) -> Self {
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        Self(lines.map(series).collect())
    }
}

impl SeriesSource for Given {
    fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        limits: SelectLimits,
    ) -> Result<Vec<SeriesData>, SourceError> {
        let mut found = self.0.clone();
        found.retain(|series| matchers.iter().all(|matcher| matcher.matches(&series.labels)));
        for series in &mut found {
            series.samples.retain(|sample| (from..=to).contains(&sample.at));
        }
        found.retain(|series| !series.samples.is_empty());
        let samples: usize = found.iter().map(|series| series.samples.len()).sum();
        if samples > limits.samples {
            return Err(SourceError::TooMany { what: "samples", limit: limits.samples });
        }
        if found.len() > limits.series {
            return Err(SourceError::TooMany { what: "series", limit: limits.series });
        }
        Ok(found)
    }
}

fn series(line: &str) -> SeriesData {
    let (name, values) = line.split_once(": ").expect("name: values");
    let query = Query::parse(name).expect("a selector");
    let ast::Kind::Vector(selector) = query.expr.kind else { panic!("a selector") };
    let labels = selector.matchers.into_iter().map(|matcher| match matcher.op {
        crate::series::MatchOp::Equal(value) => (matcher.name, value),
        _ => panic!("labels only"),
    });
    let value = |text: &str| match text {
        "_" => None,
        "stale" => Some(f64::from_bits(crate::series::STALE_NAN_BITS)),
        number => Some(number.parse().expect("a number")),
    };
    let samples = values.split_whitespace().enumerate();
    let samples =
        samples.filter_map(|(index, text)| Some(Sample { at: index as i64 * 10_000, value: value(text)? }));
    SeriesData { labels: Labels::new(labels), samples: samples.collect() }
}

/// The answer at `at` seconds, one line per series, in the answer's order.
fn instant(given: &Given, expr: &str, at: i64) -> String {
    let answer = Query::parse(expr)
        .and_then(|query| query.instant(given, at * 1000, &open(), &|| false))
        .unwrap_or_else(|error| panic!("{expr}: {error}"));
    match answer.value {
        Value::Scalar(sample) => sample.value.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Vector(samples) => {
            let lines: Vec<String> =
                samples.iter().map(|(labels, sample)| format!("{labels} {}", sample.value)).collect();
            lines.join("\n")
        }
        Value::Matrix(series) => matrix(&series),
    }
}

/// The answer from `start` to `end` seconds, one line per series.
fn range(given: &Given, expr: &str, (start, end, step): (i64, i64, i64)) -> String {
    let answer = Query::parse(expr)
        .and_then(|query| query.range(given, (start * 1000, end * 1000, step * 1000), &open(), &|| false))
        .unwrap_or_else(|error| panic!("{expr}: {error}"));
    let Value::Matrix(series) = answer.value else { panic!("a matrix") };
    matrix(&series)
}

fn matrix(series: &[SeriesData]) -> String {
    let line = |series: &SeriesData| {
        let samples: Vec<String> =
            series.samples.iter().map(|sample| format!("{}@{}", sample.value, sample.at / 1000)).collect();
        format!("{} {}", series.labels, samples.join(" "))
    };
    series.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn refused(given: &Given, expr: &str) -> String {
    Query::parse(expr)
        .and_then(|query| query.instant(given, 60_000, &open(), &|| false))
        .expect_err(expr)
        .to_string()
}

/// The tables of these tests are written for windows as in Prometheus 3.
fn open() -> Options {
    Options { window_start: WindowStart::Open, ..Options::default() }
}
