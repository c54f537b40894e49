use super::super::{Expr, parse};
use super::*;

const SECOND: i64 = 1_000_000_000;

fn evaluation(query: &str, grid: Grid, limits: MetricLimits) -> Result<Evaluation, MetricError> {
    let Expr::Metric(query) = parse(query).unwrap() else { panic!("{query} is a log query") };
    Evaluation::new(&query, grid, limits)
}

fn grid(start: i64, end: i64, step: i64) -> Grid {
    Grid { start: start * SECOND, end: end * SECOND, step: step * SECOND }
}

#[test]
fn a_window_begins_after_its_first_instant_and_ends_with_its_last() {
    for (at, expected) in
        [(0, vec![]), (1, vec![10_000]), (10 * SECOND, vec![10_000]), (10 * SECOND + 1, vec![20_000])]
    {
        let mut evaluation =
            evaluation("count_over_time({}[10s])", grid(10, 20, 10), MetricLimits::default()).unwrap();
        evaluation.add(at, b"", &Labels::default()).unwrap();
        let series = evaluation.finish().unwrap();
        let times: Vec<i64> =
            series.iter().flat_map(|series| series.points.iter().map(|point| point.0)).collect();
        assert_eq!(times, expected, "{at}");
    }
}

#[test]
fn what_is_read_follows_from_steps_ranges_and_offsets() {
    let query = r#"rate({a="b"}[10s]) / rate({c="d"}[1m] offset 5s)"#;
    let evaluation = evaluation(query, grid(100, 125, 10), MetricLimits::default()).unwrap();
    let reads: Vec<_> =
        evaluation.reads().map(|read| (read.selector.to_string(), read.after, read.until)).collect();
    assert_eq!(
        reads,
        [
            (r#"{a="b"}"#.to_owned(), 90 * SECOND, 120 * SECOND),
            (r#"{c="d"}"#.to_owned(), 35 * SECOND, 115 * SECOND)
        ]
    );
    assert!(evaluation.wants(&Labels::new([("c", "d")])));
    assert!(!evaluation.wants(&Labels::new([("a", "c")])));
}

/// Every step by hand, for every function, with windows that overlap, don't touch, and cover everything.
#[test]
fn windows_agree_with_a_plain_count_of_what_is_in_them() {
    let stream = Labels::default();
    let lines: Vec<(i64, f64)> =
        (0..200_i64).map(|i| (i * i % 977 * SECOND / 7, (i * 37 % 23) as f64 - 7.5)).collect();
    let mut lines = lines;
    lines.sort_by_key(|line| line.0);
    for (range, step) in [(10, 3), (3, 10), (7, 7), (1000, 1), (60, 13)] {
        for function in ["count", "sum", "avg", "min", "max", "first", "last", "stddev", "stdvar"] {
            let unwrap = if function == "count" { "" } else { "| unwrap v" };
            let query = format!("{function}_over_time({{}} | logfmt {unwrap} [{range}s]) * 1");
            let mut evaluation = evaluation(
                &query.replace("[1000s]", "[16m40s]"),
                grid(5, 150, step),
                MetricLimits::default(),
            )
            .unwrap();
            for (at, value) in &lines {
                // `v` alone would make a series of each value if nothing is unwrapped.
                let line = if function == "count" { "x".to_owned() } else { format!("v={value}") };
                evaluation.add(*at, line.as_bytes(), &stream).unwrap();
            }
            let series = evaluation.finish().unwrap();
            let points = series.first().map(|series| series.points.clone()).unwrap_or_default();
            let mut expected = Vec::new();
            let mut at = 5 * SECOND;
            while at <= 150 * SECOND {
                let inside: Vec<f64> = lines
                    .iter()
                    .filter(|line| line.0 > at - range * SECOND && line.0 <= at)
                    .map(|line| line.1)
                    .collect();
                if !inside.is_empty() {
                    expected.push((at / 1_000_000, plain(function, &inside)));
                }
                at += step * SECOND;
            }
            assert_eq!(points.len(), expected.len(), "{query}");
            for ((at, value), (expected_at, expected)) in points.iter().zip(expected) {
                assert_eq!(*at, expected_at, "{query}");
                assert!((value - expected).abs() < 1e-9, "{query} at {at}: {value}, expected {expected}");
            }
        }
    }
}

fn plain(function: &str, values: &[f64]) -> f64 {
    let (count, sum) = (values.len() as f64, values.iter().sum::<f64>());
    let variance = values.iter().map(|value| (value - sum / count).powi(2)).sum::<f64>() / count;
    match function {
        "count" => count,
        "sum" => sum,
        "avg" => sum / count,
        "min" => values.iter().copied().fold(f64::INFINITY, f64::min),
        "max" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "first" => values[0],
        "last" => values[values.len() - 1],
        "stddev" => variance.sqrt(),
        _ => variance,
    }
}

#[test]
fn limits_are_told() {
    let text = |result: Result<Vec<Series>, MetricError>| result.unwrap_err().to_string();
    let run = |query: &str, lines: usize, limits: MetricLimits| {
        let mut evaluation = evaluation(query, grid(0, 1000, 1), limits)?;
        for at in 0..lines {
            evaluation.add(at as i64 * SECOND, format!("a={at} v={at}").as_bytes(), &Labels::default())?;
        }
        evaluation.finish()
    };
    let limits = MetricLimits { series: 5, inner_series: 20, values: 2000, points: 1001 };
    let by_line = "count_over_time({} | logfmt [1s])";
    assert_eq!(run(by_line, 5, limits).unwrap().len(), 5);
    assert!(text(run(by_line, 6, limits)).contains("returns more than 5 series"));
    assert!(text(run(by_line, 21, limits)).contains("holds more than 20 series"));
    assert_eq!(run("sum(count_over_time({} | logfmt [1s]))", 900, limits).unwrap().len(), 1);
    let few = MetricLimits { values: 100, ..limits };
    assert!(text(run("count_over_time({}[1s])", 101, few)).contains("holds more than 100 values"));
    assert!(text(run("count_over_time({}[1h])", 1, few)).contains("holds more than 100 values"));
    let short = MetricLimits { points: 1000, ..limits };
    assert!(text(run("vector(1)", 0, short)).contains("more than 1000 points per series"));
    let no = |grid: Grid| evaluation("vector(1)", grid, limits).unwrap_err().to_string();
    assert!(no(grid(1, 0, 1)).contains("expected from before to"));
    assert!(no(grid(0, 1, -1)).contains("expected 0 or more"));
}

#[test]
fn a_line_that_a_stage_fails_on_fails_the_query_and_says_what_to_do() {
    let run = |query: &str| {
        let mut evaluation = evaluation(query, grid(10, 10, 0), MetricLimits::default())?;
        evaluation.add(SECOND, b"no json", &Labels::new([("app", "a")]))?;
        evaluation.finish()
    };
    let error = run("count_over_time({} | json [10s])").unwrap_err().to_string();
    assert!(
        error.contains("JSONParserErr")
            && error.contains(r#"app="a""#)
            && error.contains(r#"| __error__="""#),
        "{error}"
    );
    // Outside of every window nobody is told.
    assert!(run("count_over_time({} | json [5s])").unwrap().is_empty());
    assert_eq!(run("sum(count_over_time({} | json [10s]))").unwrap().len(), 1);
}

#[test]
fn series_of_a_result_differ() {
    let mut evaluation = evaluation(
        r#"label_replace(count_over_time({}[10s]), "app", "x", "app", ".*")"#,
        grid(10, 10, 0),
        MetricLimits::default(),
    )
    .unwrap();
    for app in ["a", "b"] {
        evaluation.add(SECOND, b"", &Labels::new([("app", app)])).unwrap();
    }
    assert_eq!(
        evaluation.finish().unwrap_err(),
        MetricError::DuplicateSeries { labels: r#"{app="x"}"#.to_owned() }
    );
}

#[test]
fn streams_may_follow_one_another() {
    let counts = |together: bool| {
        let mut evaluation =
            evaluation("sum(count_over_time({}[10s]))", grid(0, 100, 5), MetricLimits::default()).unwrap();
        let streams = [Labels::new([("a", "1")]), Labels::new([("a", "2")])];
        let mut entries: Vec<(i64, usize)> =
            (0..100).flat_map(|at| [(at * SECOND, 0), (at * SECOND + 5, 1)]).collect();
        entries.sort_by_key(|(at, stream)| if together { (*at, 0) } else { (*stream as i64, *at as usize) });
        for (at, stream) in entries {
            evaluation.add(at, b"", &streams[stream]).unwrap();
        }
        (evaluation.held, evaluation.finish().unwrap())
    };
    assert_eq!(counts(true), counts(false));
}
