use super::super::{Evaluation, Expr, parse};
use super::*;

const SECOND: i64 = 1_000_000_000;

#[test]
fn the_query_is_grafanas() {
    let Expr::Log(log) = parse(r#"{app="a"} |= "x" | json"#).unwrap() else { panic!() };
    let volume = query(&log, 60 * SECOND);
    assert_eq!(
        volume.to_string(),
        r#"sum by (level, detected_level) (count_over_time({app="a"} |= "x" | json | drop __error__ [1m]))"#
    );
    assert_eq!(parse(&volume.to_string()), Ok(Expr::Metric(volume.clone())));
    // Lines that a parser can't read are counted, not refused.
    let grid = Grid { start: 60 * SECOND, end: 60 * SECOND, step: 0 };
    let mut evaluation = Evaluation::new(&volume, grid, MetricLimits::default()).unwrap();
    let stream = Labels::new([("app", "a")]);
    for line in [&br#"{"level":"warn","x":1}"#[..], b"x no json", br#"{"level":"warn","x":2}"#] {
        evaluation.add(SECOND, line, &stream).unwrap();
    }
    let counts: Vec<_> = evaluation.finish().unwrap().into_iter().map(|s| (s.labels, s.points)).collect();
    assert_eq!(
        counts,
        [(Labels::default(), vec![(60_000, 1.0)]), (Labels::new([("level", "warn")]), vec![(60_000, 2.0)])]
    );
}

#[test]
fn lines_are_counted_by_level_in_the_step_that_ends_their_time() {
    let mut counts = Counts::new(Grid { start: 10 * SECOND, end: 30 * SECOND, step: 10 * SECOND }).unwrap();
    let lines = [
        (0, Some(Level::Info)),
        (1, Some(Level::Info)),
        (10 * SECOND, Some(Level::Info)),
        (10 * SECOND + 1, Some(Level::Error)),
        (30 * SECOND, None),
        (30 * SECOND + 1, None),
        (i64::MIN, None),
        (i64::MAX, None),
    ];
    for (at, level) in lines {
        counts.add(at, level);
    }
    let counts: Vec<_> = counts.finish().into_iter().map(|s| (s.labels.to_string(), s.points)).collect();
    assert_eq!(
        counts,
        [
            (r#"{level="error"}"#.to_owned(), vec![(20_000, 1.0)]),
            (r#"{level="info"}"#.to_owned(), vec![(10_000, 2.0)]),
            (r#"{level="unknown"}"#.to_owned(), vec![(30_000, 1.0)]),
        ]
    );
    assert!(Counts::new(Grid { start: 1, end: 0, step: 1 }).is_err());
}
