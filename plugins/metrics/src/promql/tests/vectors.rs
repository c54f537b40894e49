//! Selection, aggregation and operators, with values worked out by hand.

use super::*;

const NODES: &str = r#"
    cpu{n="a",m="x"}: 1 2 3
    cpu{n="a",m="y"}: 10 20 30
    cpu{n="b",m="x"}: 100 200 300
    info{n="a",v="7"}: 1 1 1
    info{n="b",v="8"}: 1 1 1"#;

fn check(cases: &[(&str, &str)]) {
    let given = Given::new(NODES);
    for (expr, wanted) in cases {
        assert_eq!(instant(&given, expr, 20), *wanted, "{expr}");
    }
}

#[test]
fn by_default_the_first_instant_of_a_window_counts() {
    let given = Given::new("g: 1 2 3 4");
    let count = |options: &Options, expr: &str, at: i64| match Query::parse(expr)
        .unwrap()
        .instant(&given, at * 1000, options, &|| false)
        .unwrap()
        .value
    {
        Value::Vector(values) => values.first().map(|(_, sample)| sample.value),
        other => panic!("{other:?}"),
    };
    for (expr, at, closed, opened) in [
        ("count_over_time(g[10s])", 30, Some(2.0), Some(1.0)),
        ("count_over_time(g[15s])", 30, Some(2.0), Some(2.0)),
        ("count_over_time(g[20s:10s])", 30, Some(3.0), Some(2.0)),
        ("g", 330, Some(4.0), None),
        ("g", 331, None, None),
    ] {
        assert_eq!(count(&Options::default(), expr, at), closed, "{expr} at {at}");
        assert_eq!(count(&open(), expr, at), opened, "{expr} at {at}");
    }
}

#[test]
fn the_newest_sample_within_the_lookback_counts() {
    let given = Given::new("g: 1 2 3");
    assert_eq!(instant(&given, "g", 29), "g 3");
    assert_eq!(instant(&given, "g", 319), "g 3");
    assert_eq!(instant(&given, "g", 320), "", "exactly five minutes old is too old");
    assert_eq!(instant(&given, "g", -1), "");
    assert_eq!(instant(&given, "g offset 10s", 20), "g 2");
    assert_eq!(instant(&given, "g offset -10s", 0), "g 2");
    assert_eq!(instant(&given, "g @ 10", 100_000), "g 2");
    assert_eq!(range(&given, "g @ start() + g @ end()", (0, 20, 10)), "{} 4@0 4@10 4@20");
}

#[test]
fn a_stale_marker_ends_a_series_at_once() {
    let given = Given::new("g: 1 stale _ 4 NaN");
    assert_eq!(range(&given, "g", (0, 40, 10)), "g 1@0 4@30 NaN@40");
    assert_eq!(range(&given, "count_over_time(g[1m])", (0, 40, 10)), "{} 1@0 1@10 1@20 2@30 3@40");
}

#[test]
fn range_vectors_show_their_samples() {
    let given = Given::new("g{a=\"1\"}: 1 stale 3\ng{a=\"2\"}: 5");
    assert_eq!(instant(&given, "g[30s]", 20), "g{a=\"1\"} 1@0 3@20\ng{a=\"2\"} 5@0");
    assert_eq!(instant(&given, "g{a=\"1\"}[20s:10s]", 25), "g{a=\"1\"} 3@20");
}

#[test]
fn aggregations() {
    check(&[
        ("sum(cpu)", "{} 333"),
        ("sum by (n) (cpu)", "{n=\"a\"} 33\n{n=\"b\"} 300"),
        ("sum without (n) (cpu)", "{m=\"x\"} 303\n{m=\"y\"} 30"),
        ("avg by (n) (cpu)", "{n=\"a\"} 16.5\n{n=\"b\"} 300"),
        ("min(cpu)", "{} 3"),
        ("max(cpu)", "{} 300"),
        ("count(cpu)", "{} 3"),
        ("group by (m) (cpu)", "{m=\"x\"} 1\n{m=\"y\"} 1"),
        // 3, 30: mean 16.5, variance 13.5².
        ("stddev by (n) (cpu)", "{n=\"a\"} 13.5\n{n=\"b\"} 0"),
        ("stdvar by (n) (cpu)", "{n=\"a\"} 182.25\n{n=\"b\"} 0"),
        ("quantile(0.5, cpu)", "{} 30"),
        ("quantile(0.75, cpu)", "{} 165"),
        ("topk(2, cpu)", "cpu{m=\"x\", n=\"b\"} 300\ncpu{m=\"y\", n=\"a\"} 30"),
        ("bottomk(1, cpu)", "cpu{m=\"x\", n=\"a\"} 3"),
        ("topk by (n) (1, cpu)", "cpu{m=\"y\", n=\"a\"} 30\ncpu{m=\"x\", n=\"b\"} 300"),
        ("topk(0, cpu)", ""),
        ("count_values(\"v\", info)", "{v=\"1\"} 2"),
        ("count_values by (n) (\"w\", cpu > 5)", "{n=\"a\", w=\"30\"} 1\n{n=\"b\", w=\"300\"} 1"),
    ]);
    let given = Given::new(NODES);
    assert_eq!(range(&given, "topk(1, cpu{n=\"a\"})", (0, 20, 10)), "cpu{m=\"y\", n=\"a\"} 10@0 20@10 30@20");
    assert_eq!(refused(&given, "topk(NaN, cpu)"), "line 1, column 6: found NaN, expected a number of series");
    assert_eq!(
        refused(&given, "count_values(\"\", cpu)"),
        "line 1, column 1: found an empty label name, expected one"
    );
}

#[test]
fn values_print_as_go_prints_them() {
    let print = super::super::aggregate::plain;
    assert_eq!(print(1.0), "1");
    assert_eq!(print(-0.5), "-0.5");
    assert_eq!(print(1e21), "1000000000000000000000");
    assert_eq!(print(f64::INFINITY), "+Inf");
    assert_eq!(print(f64::NEG_INFINITY), "-Inf");
    assert_eq!(print(f64::NAN), "NaN");
}

#[test]
fn operators_with_scalars() {
    check(&[
        ("1 + 2 * 3 ^ 2", "19"),
        ("-5 % 3", "-2"),
        ("1 / 0", "inf"),
        ("1 < bool 2", "1"),
        ("cpu{m=\"y\"} * 2", "{m=\"y\", n=\"a\"} 60"),
        ("2 - cpu{m=\"y\"}", "{m=\"y\", n=\"a\"} -28"),
        ("cpu > 5", "cpu{m=\"x\", n=\"b\"} 300\ncpu{m=\"y\", n=\"a\"} 30"),
        ("30 >= cpu", "cpu{m=\"x\", n=\"a\"} 3\ncpu{m=\"y\", n=\"a\"} 30"),
        ("cpu{n=\"a\"} == bool 30", "{m=\"x\", n=\"a\"} 0\n{m=\"y\", n=\"a\"} 1"),
    ]);
}

#[test]
fn operators_between_vectors() {
    check(&[
        ("cpu - cpu", "{m=\"x\", n=\"a\"} 0\n{m=\"x\", n=\"b\"} 0\n{m=\"y\", n=\"a\"} 0"),
        ("cpu{m=\"x\"} + ignoring (m, v) info", "{n=\"a\"} 4\n{n=\"b\"} 301"),
        ("cpu{m=\"x\"} + on (n) info", "{n=\"a\"} 4\n{n=\"b\"} 301"),
        ("cpu{m=\"x\"} > on (n) info", "{n=\"a\"} 3\n{n=\"b\"} 300"),
        ("cpu{m=\"x\"} > ignoring (m, v) info", "cpu{n=\"a\"} 3\ncpu{n=\"b\"} 300"),
        (
            "cpu * on (n) group_left (v) info",
            "{m=\"x\", n=\"a\", v=\"7\"} 3\n{m=\"x\", n=\"b\", v=\"8\"} 300\n{m=\"y\", n=\"a\", v=\"7\"} 30",
        ),
        (
            "info - on (n) group_right () cpu",
            "{m=\"x\", n=\"a\"} -2\n{m=\"x\", n=\"b\"} -299\n{m=\"y\", n=\"a\"} -29",
        ),
        ("cpu{m=\"y\"} <= bool on (n) cpu{m=\"x\"}", "{n=\"a\"} 0"),
    ]);
    let given = Given::new(NODES);
    assert_eq!(
        refused(&given, "1 + (info * on (n) cpu)"),
        "line 1, column 6: found cpu{m=\"x\", n=\"a\"} and cpu{m=\"y\", n=\"a\"} on the right side for the match group {n=\"a\"}, \
         expected one of them; make the matching labels unique on that side"
    );
    assert_eq!(
        refused(&given, "cpu * on (n) info"),
        "line 1, column 1: found cpu{m=\"x\", n=\"a\"} and cpu{m=\"y\", n=\"a\"} on one side for the match group {n=\"a\"}, \
         expected one of them; say `group_left` or `group_right` to match several"
    );
    assert_eq!(
        refused(&given, "cpu{n=\"a\"} * on (n) group_left (m) (cpu{n=\"a\",m=\"x\"})"),
        "line 1, column 1: found cpu{m=\"x\", n=\"a\"} and cpu{m=\"y\", n=\"a\"} for the match group {n=\"a\"}, which would become \
         one series; keep a label that tells them apart"
    );
}

#[test]
fn series_that_never_live_together_do_not_collide() {
    let given = Given::new("a{v=\"1\"}: 1 stale _\na{v=\"2\"}: _ 5 6\nb: 1 1 1");
    assert_eq!(range(&given, "b + ignoring (v) a", (0, 20, 10)), "{} 2@0 6@10 7@20");
    assert_eq!(range(&given, "a + ignoring (v) b", (0, 20, 10)), "{} 2@0 6@10 7@20");
    assert_eq!(
        range(&given, "abs(label_replace(a, \"v\", \"\", \"\", \"\"))", (0, 20, 10)),
        "{} 1@0 5@10 6@20"
    );
}

#[test]
fn set_operators() {
    check(&[
        ("cpu and cpu > 5", "cpu{m=\"x\", n=\"b\"} 300\ncpu{m=\"y\", n=\"a\"} 30"),
        ("cpu and on (n) info{n=\"b\"}", "cpu{m=\"x\", n=\"b\"} 300"),
        ("cpu unless on (m) cpu{m=\"x\"}", "cpu{m=\"y\", n=\"a\"} 30"),
        (
            "cpu{m=\"y\"} or info",
            "cpu{m=\"y\", n=\"a\"} 30\ninfo{n=\"a\", v=\"7\"} 1\ninfo{n=\"b\", v=\"8\"} 1",
        ),
        ("cpu{m=\"y\"} or on (n) info", "cpu{m=\"y\", n=\"a\"} 30\ninfo{n=\"b\", v=\"8\"} 1"),
        ("none or vector(0)", "{} 0"),
    ]);
}

#[test]
fn subqueries() {
    let given = Given::new("g: 1 2 3 4 5 6 7");
    // At 20, 40, 60 s; the window begins after 0.
    assert_eq!(instant(&given, "sum_over_time(g[60s:20s])", 60), "{} 15");
    assert_eq!(instant(&given, "sum_over_time(g[60s:20s] offset 10s)", 60), "{} 9");
    assert_eq!(instant(&given, "max_over_time(sum_over_time(g[20s])[40s:10s])", 60), "{} 13");
    assert_eq!(instant(&given, "count_over_time(g[5m:])", 60), "{} 2", "0 and 60 s, one minute apart");
    assert_eq!(range(&given, "sum_over_time(g[20s:10s] @ 30)", (0, 20, 10)), "{} 7@0 7@10 7@20");
}
