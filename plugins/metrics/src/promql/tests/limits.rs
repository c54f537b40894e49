//! What stops a query: limits, the caller, the store.

use super::*;
use std::cell::Cell;

fn given() -> Given {
    Given::new("g{a=\"1\"}: 1 2 3 4 5\ng{a=\"2\"}: 1 2 3 4 5")
}

fn limited(expr: &str, limits: Limits) -> PromqlError {
    let options = Options { limits, ..Options::default() };
    Query::parse(expr)
        .and_then(|query| query.range(&given(), (0, 40_000, 1_000), &options, &|| false))
        .expect_err(expr)
}

#[test]
fn points() {
    let error = limited("g", Limits { points: 40, ..Limits::default() });
    assert_eq!(
        error.to_string(),
        "the query asks for 41 points per series, more than 40; ask for a shorter time range or a larger step"
    );
    assert_eq!(error.class(), ErrorClass::BadRequest);
    let endless = Query::parse("1").unwrap();
    let error = endless.range(&given(), (i64::MIN, i64::MAX, 1), &Options::default(), &|| false);
    assert!(matches!(error, Err(PromqlError::TooManyPoints { .. })), "{error:?}");
}

#[test]
fn samples_are_counted_over_all_selectors() {
    assert!(Query::parse("g + g").is_ok());
    let error = limited("g + g", Limits { samples: 19, ..Limits::default() });
    assert_eq!(
        error.to_string(),
        "the query reads more than 19 samples; narrow the time range or the selector"
    );
}

#[test]
fn series() {
    let error = limited("g", Limits { series: 1, ..Limits::default() });
    assert_eq!(
        error.to_string(),
        "the query reads more than 1 series; narrow the time range or the selector"
    );
    assert_eq!(error.class(), ErrorClass::BadRequest);
}

#[test]
fn values_held_at_once() {
    let limits = |values| Limits { values, ..Limits::default() };
    let error = limited("g", limits(81));
    assert_eq!(
        error.to_string(),
        "the query holds more than 81 values; narrow the time range or the selector"
    );
    // Both sides of an operator are held at once, but what a finished operator held is free again.
    assert!(matches!(limited("g + g", limits(163)), PromqlError::TooMuch { .. }));
    let options = Options { limits: limits(82 * 3), ..Options::default() };
    let query = Query::parse("g + g + g + g + g + g + g").unwrap();
    assert!(query.range(&given(), (0, 40_000, 1_000), &options, &|| false).is_ok());
    // A subquery's own grid counts too, before it is laid out.
    assert!(matches!(
        limited("sum_over_time(vector(1)[100y:1ms])", limits(1_000_000)),
        PromqlError::TooManyPoints { .. }
    ));
}

#[test]
fn the_caller_can_stop_it_at_any_check() {
    let query =
        Query::parse("sum by (a) (rate(g[1m])) + on (a) group_left max_over_time(g[1m:10s])").unwrap();
    let count = Cell::new(0);
    let never = || {
        count.set(count.get() + 1);
        false
    };
    query.range(&given(), (0, 40_000, 1_000), &Options::default(), &never).unwrap();
    let checks = count.get();
    assert!(checks > 10, "{checks}");
    for stop in 1..=checks {
        count.set(0);
        let stopped = || {
            count.set(count.get() + 1);
            count.get() >= stop
        };
        let error = query.range(&given(), (0, 40_000, 1_000), &Options::default(), &stopped).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Cancelled);
        assert_eq!(count.get(), stop, "nothing goes on after the caller has stopped it");
    }
}

#[test]
fn a_broken_store_is_not_the_query_s_fault() {
    struct Broken;
    impl SeriesSource for Broken {
        fn select(
            &self,
            _: &[Matcher],
            _: i64,
            _: i64,
            _: SelectLimits,
        ) -> Result<Vec<SeriesData>, SourceError> {
            Err(SourceError::Broken("disk on fire".into()))
        }
    }
    let error = Query::parse("g").unwrap().instant(&Broken, 0, &Options::default(), &|| false).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Store);
    let mut causes = Vec::new();
    let mut next: Option<&dyn std::error::Error> = Some(&error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    assert_eq!(causes, ["the samples can't be read", "can't read the store", "disk on fire"]);
}

#[test]
fn ranges_that_make_no_sense() {
    let query = Query::parse("g").unwrap();
    let error = |range| query.range(&given(), range, &Options::default(), &|| false).unwrap_err().to_string();
    assert_eq!(error((0, 10, 0)), "found a step of 0 ms, expected more than 0");
    assert_eq!(error((10, 0, 1)), "found a time range from 10 to 0 ms, expected from before to");
    let range = Query::parse("g[5m]").unwrap();
    assert_eq!(
        range.range(&given(), (0, 1, 1), &Options::default(), &|| false).unwrap_err().to_string(),
        "line 1, column 1: found a range vector, expected a scalar or an instant vector in a range query"
    );
}

#[test]
fn times_at_the_ends_of_64_bits_do_no_harm() {
    for at in [i64::MIN, i64::MAX] {
        for expr in
            ["g", "rate(g[1000y] offset 1000y)", "g @ -1e9 offset -1000y", "sum_over_time(g[1000y:1000y])"]
        {
            Query::parse(expr).unwrap().instant(&given(), at, &Options::default(), &|| false).unwrap();
        }
    }
}

#[test]
fn the_deepest_expressions_fit_the_stack() {
    for expr in [
        "(".repeat(120) + "g" + &")".repeat(120),
        "-".repeat(120) + "g",
        "abs(".repeat(120) + "g" + &")".repeat(120),
        "sum by (a) (".repeat(60) + "g" + &")".repeat(60),
        "g".to_owned() + &" or g".repeat(120),
        "g or (".repeat(60) + "g" + &")".repeat(60),
        "max_over_time(".repeat(60) + "g" + &"[1m:30s])".repeat(60),
    ] {
        let query = Query::parse(&expr).unwrap_or_else(|error| panic!("{expr:.20}: {error}"));
        let options =
            Options { limits: Limits { samples: 100_000_000, ..Limits::default() }, ..Options::default() };
        query
            .instant(&given(), 40_000, &options, &|| false)
            .unwrap_or_else(|error| panic!("{expr:.20}: {error}"));
    }
}
