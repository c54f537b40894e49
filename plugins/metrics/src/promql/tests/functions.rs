//! Each function once or more, with values worked out by hand.

use super::*;

fn check(given: &str, cases: &[(&str, i64, &str)]) {
    let given = Given::new(given);
    for (expr, at, wanted) in cases {
        assert_eq!(instant(&given, expr, *at), *wanted, "{expr} at {at}");
    }
}

/// 0, 10, 20, … 60 s: a counter that rises by 1 per second, and falls to 5 at 40 s.
const COUNTER: &str = "c{a=\"b\"}: 100 110 120 130 5 15 25";

#[test]
fn changes_of_counters() {
    check(
        COUNTER,
        &[
            // Samples 10 … 60 s; change 25 − 110 + 130 = 45 in 50 s. The window begins at 0: 10 s, less than
            // 1.1 distances, so it is stretched to 60 s: 45 × 60/50 = 54.
            ("increase(c[1m])", 60, "{a=\"b\"} 54"),
            ("rate(c[1m])", 60, "{a=\"b\"} 0.9"),
            // No reset: −85 in 50 s, stretched to 60 s.
            ("delta(c[1m])", 60, "{a=\"b\"} -102"),
            ("irate(c[1m])", 60, "{a=\"b\"} 1"),
            // The last two are 130 and 5: after a reset the value itself has been gained.
            ("irate(c[1m])", 40, "{a=\"b\"} 0.5"),
            ("idelta(c[1m])", 40, "{a=\"b\"} -125"),
            ("resets(c[1m])", 60, "{a=\"b\"} 1"),
            ("changes(c[1m])", 60, "{a=\"b\"} 5"),
            // One sample is none.
            ("rate(c[10s])", 60, ""),
            // Windows exclude their first instant: only 20 and 30 s.
            ("increase(c[20s])", 30, "{a=\"b\"} 20"),
        ],
    );
}

#[test]
fn a_counter_is_not_stretched_below_zero() {
    // 2 at 50 s, 12 at 60 s: 10 in 10 s; it was 0 two seconds before 50 s, so it counts for 12 s.
    check("c: _ _ _ _ _ 2 12", &[("increase(c[5m])", 60, "{} 12"), ("delta(c[5m])", 60, "{} 15")]);
}

#[test]
fn a_fall_at_the_window_s_first_sample_is_not_within_it() {
    // (30 s, 60 s]: 5, 15, 25. The fall from 130 to 5 lies before. 20 in 20 s, stretched by 10 s at the start;
    // zero lies 5 s before, so by 5 s only.
    check(COUNTER, &[("increase(c[30s])", 60, "{a=\"b\"} 25")]);
}

#[test]
fn trends() {
    check(
        "g: 0 10 20 30 40 50 60",
        &[
            ("deriv(g[1m])", 60, "{} 1"),
            ("predict_linear(g[1m], 30)", 60, "{} 90"),
            ("deriv(vector(7)[1m:10s])", 60, "{} 0"),
            ("double_exponential_smoothing(g[1m], 0.5, 0.5)", 60, "{} 60"),
            ("holt_winters(g[1m], 0.5, 0.5)", 60, "{} 60"),
        ],
    );
    let given = Given::new("g: 1 2");
    let error = refused(&given, "holt_winters(g[1m], 1, 0.5)");
    assert_eq!(error, "line 1, column 21: found the factor 1, expected one above 0 and below 1");
}

#[test]
fn over_time() {
    check(
        "g{a=\"b\"}: 9 3 1 4 1 5 9",
        &[
            ("avg_over_time(g[40s])", 60, "{a=\"b\"} 4.75"),
            ("sum_over_time(g[40s])", 60, "{a=\"b\"} 19"),
            ("min_over_time(g[1m])", 60, "{a=\"b\"} 1"),
            ("max_over_time(g[1m])", 60, "{a=\"b\"} 9"),
            ("count_over_time(g[1m])", 60, "{a=\"b\"} 6"),
            ("first_over_time(g[1m])", 60, "g{a=\"b\"} 3"),
            ("last_over_time(g[1m])", 60, "g{a=\"b\"} 9"),
            ("present_over_time(g[1m])", 60, "{a=\"b\"} 1"),
            // 1 4 5 9: mean 4.75, squares 14.0625 + 0.5625 + 0.0625 + 18.0625 = 32.75.
            ("stdvar_over_time(g[40s])", 60, "{a=\"b\"} 8.1875"),
            ("stddev_over_time(g[40s]) ^ 2", 60, "{a=\"b\"} 8.1875"),
            // 1 1 3 4 5 9: rank 2.5.
            ("quantile_over_time(0.5, g[1m])", 60, "{a=\"b\"} 3.5"),
            ("quantile_over_time(2, g[1m])", 60, "{a=\"b\"} inf"),
            // 4 1 5 9: median 4.5, distances 0.5 3.5 0.5 4.5.
            ("mad_over_time(g[40s])", 60, "{a=\"b\"} 2"),
            ("absent_over_time(g[1m])", 60, ""),
            ("absent_over_time(g[1m])", 600, "{} 1"),
            ("absent_over_time(g{a=\"x\",c=~\"y\"}[1m])", 60, "{a=\"x\"} 1"),
        ],
    );
}

#[test]
fn over_time_with_odd_values() {
    check(
        "n: 1 NaN 3 NaN\nm: NaN NaN NaN NaN\ni: inf 1 -inf 2",
        &[
            ("min_over_time(n[1m])", 30, "{} 1"),
            ("max_over_time(n[1m])", 30, "{} 3"),
            ("max_over_time(m[1m])", 30, "{} NaN"),
            ("changes(n[1m])", 30, "{} 3"),
            ("changes(m[1m])", 30, "{} 0"),
            ("sum_over_time(i[1m])", 30, "{} NaN"),
            ("sum_over_time(i[20s])", 30, "{} -inf"),
            ("mad_over_time(n[1m])", 30, "{} NaN"),
        ],
    );
    // A sum that loses nothing, and a mean whose sum would overflow.
    check("s: 1e100 1 -1e100", &[("sum_over_time(s[1m])", 20, "{} 1")]);
    check("s: 1e308 1e308 1e308", &[("avg_over_time(s[1m]) / 1e308", 20, "{} 1")]);
}

#[test]
fn functions_of_values() {
    check(
        "g: -2.5",
        &[
            ("abs(g)", 0, "{} 2.5"),
            ("ceil(g)", 0, "{} -2"),
            ("floor(g)", 0, "{} -3"),
            ("round(g)", 0, "{} -2"),
            ("round(g, 5)", 0, "{} 0"),
            ("round(g, 0.4)", 0, "{} -2.4"),
            ("sgn(g)", 0, "{} -1"),
            ("sgn(g - g)", 0, "{} 0"),
            ("sqrt(g)", 0, "{} NaN"),
            ("sqrt(g * g)", 0, "{} 2.5"),
            ("exp(g - g)", 0, "{} 1"),
            ("ln(g - g)", 0, "{} -inf"),
            ("log2(g + 10.5)", 0, "{} 3"),
            ("log10(g + 102.5)", 0, "{} 2"),
            ("clamp(g, -1, 1)", 0, "{} -1"),
            ("clamp(g, 1, -1)", 0, ""),
            ("clamp(g, NaN, 1)", 0, "{} NaN"),
            ("clamp_min(g, 0)", 0, "{} 0"),
            ("clamp_max(g, -3)", 0, "{} -3"),
            ("deg(g - g + pi())", 0, "{} 180"),
            ("rad(g - g + 180) - pi()", 0, "{} 0"),
            ("sin(g - g) + cos(g - g) + tan(g - g)", 0, "{} 1"),
            ("asin(g - g) + acos(g - g + 1) + atan(g - g)", 0, "{} 0"),
            ("sinh(g - g) + cosh(g - g) + tanh(g - g)", 0, "{} 1"),
            ("asinh(g - g) + acosh(g - g + 1) + atanh(g - g)", 0, "{} 0"),
            ("-g", 0, "{} 2.5"),
            ("vector(3)", 0, "{} 3"),
            ("scalar(g)", 0, "-2.5"),
            ("scalar(none)", 0, "NaN"),
            ("time()", 7, "7"),
            ("timestamp(g)", 7, "{} 0"),
            ("timestamp(-g)", 7, "{} 7"),
            ("absent(g)", 0, ""),
            ("absent(none{a=\"1\",a=\"2\",b=\"3\"})", 0, "{b=\"3\"} 1"),
        ],
    );
}

#[test]
fn dates() {
    // 2024-02-29 13:45:30 UTC, a Thursday.
    let at = 1_709_214_330;
    let wanted = [
        ("minute()", "{} 45"),
        ("hour()", "{} 13"),
        ("day_of_week()", "{} 4"),
        ("day_of_month()", "{} 29"),
        ("day_of_year()", "{} 60"),
        ("days_in_month()", "{} 29"),
        ("month()", "{} 2"),
        ("year()", "{} 2024"),
        // 1969-12-31 23:59:59, a Wednesday.
        ("year(vector(-1))", "{} 1969"),
        ("day_of_week(vector(-1))", "{} 3"),
        // 1900 was no leap year, 2000 was one.
        ("days_in_month(vector(-2203977600))", "{} 28"),
        ("days_in_month(vector(951782400))", "{} 29"),
        ("hour(vector(NaN))", "{} NaN"),
        ("year(vector(Inf))", "{} NaN"),
    ];
    let given = Given(Vec::new());
    for (expr, wanted) in wanted {
        assert_eq!(instant(&given, expr, at), wanted, "{expr}");
    }
}

#[test]
fn sorting() {
    let given = "g{a=\"1\"}: 2\ng{a=\"2\"}: NaN\ng{a=\"3\"}: 1\ng{a=\"4\"}: 3";
    check(
        given,
        &[
            ("sort(g)", 0, "g{a=\"3\"} 1\ng{a=\"1\"} 2\ng{a=\"4\"} 3\ng{a=\"2\"} NaN"),
            ("sort_desc(g)", 0, "g{a=\"4\"} 3\ng{a=\"1\"} 2\ng{a=\"3\"} 1\ng{a=\"2\"} NaN"),
        ],
    );
}

#[test]
fn labels_replaced_and_joined() {
    check(
        "g{a=\"x:1\",b=\"y\"}: 1",
        &[
            (
                r#"label_replace(g, "host", "$1-${1}!", "a", "(.*):.*")"#,
                0,
                r#"g{a="x:1", b="y", host="x-x!"} 1"#,
            ),
            (r#"label_replace(g, "host", "$1", "a", "x")"#, 0, r#"g{a="x:1", b="y"} 1"#),
            (r#"label_replace(g, "a", "", "b", "y")"#, 0, r#"g{b="y"} 1"#),
            (r#"label_replace(g, "__name__", "h", "", "")"#, 0, r#"h{a="x:1", b="y"} 1"#),
            (r#"label_join(g, "c", "/", "b", "none", "b")"#, 0, r#"g{a="x:1", b="y", c="y//y"} 1"#),
            (r#"label_join(g, "a", "/")"#, 0, r#"g{b="y"} 1"#),
        ],
    );
    let given = Given::new("g{a=\"1\"}: 1\ng{a=\"2\"}: 1");
    assert_eq!(
        refused(&given, r#"label_replace(g, "a", "", "", "")"#),
        "line 1, column 1: the result would hold the series g twice; keep them apart by a label, or aggregate them"
    );
    assert_eq!(
        refused(&given, r#"label_replace(g, "", "", "", "")"#),
        "line 1, column 18: found an empty label name, expected one"
    );
}

#[test]
fn histograms() {
    let given = r#"
        b{le="1"}: 10
        b{le="2"}: 30
        b{le="4"}: 40
        b{le="+Inf"}: 50"#;
    check(
        given,
        &[
            // Rank 25 of 50: 15 of the 20 in (1, 2].
            ("histogram_quantile(0.5, b)", 0, "{} 1.75"),
            // Rank 5: half of (0, 1].
            ("histogram_quantile(0.1, b)", 0, "{} 0.5"),
            // In the last bucket: the highest finite bound.
            ("histogram_quantile(0.95, b)", 0, "{} 4"),
            ("histogram_quantile(-1, b)", 0, "{} -inf"),
            ("histogram_quantile(NaN, b)", 0, "{} NaN"),
            ("histogram_quantile(0.5, b{le!=\"+Inf\"})", 0, "{} NaN"),
            ("histogram_quantile(0.5, b * 0)", 0, "{} NaN"),
        ],
    );
    // Counts that fall are raised: 10, 10, 40.
    check(
        "b{le=\"1\"}: 10\nb{le=\"2\"}: 5\nb{le=\"inf\"}: 40",
        &[("histogram_quantile(0.25, b)", 0, "{} 1")],
    );
    // The second bucket's count differs from the first's by a rounding error, so it has no observations.
    check(
        r#"b{le="1"}: 10
           b{le="2"}: 10.000000000000002
           b{le="4"}: 20
           b{le="+Inf"}: 20"#,
        &[("histogram_quantile(0.5000000000000001, b)", 0, "{} 2.0000000000000004")],
    );
    // Two series that write the same bound differently count together.
    check(
        "b{le=\"1\"}: 2\nb{le=\"1.0\"}: 2\nb{le=\"+Inf\"}: 8",
        &[("histogram_quantile(0.25, b)", 0, "{} 0.5")],
    );
}

#[test]
fn warnings_are_given_once() {
    let given = Given::new("b{le=\"x\"}: 1 1 1\nb{le=\"y\"}: 1 1 1");
    let query = Query::parse("histogram_quantile(2, b) or quantile(-1, b) or sort(b)").unwrap();
    let answer = query.range(&given, (0, 20_000, 10_000), &Options::default(), &|| false).unwrap();
    assert_eq!(
        answer.warnings,
        [
            "line 1, column 20: the quantile should be between 0 and 1, found 2",
            "line 1, column 23: found a series without a number in its label `le`; it is left out",
            "line 1, column 38: the quantile should be between 0 and 1, found -1",
            "line 1, column 48: sorting has no effect on a range query",
        ]
    );
}
