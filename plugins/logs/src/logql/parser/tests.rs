use super::super::parse;
use super::*;

/// Queries, and what they read as when printed.
#[test]
fn queries_are_read_and_printed() {
    let table = [
        ("{}", "{}"),
        (r#"{ a = "b" , c =~ `d\d` }"#, r#"{a="b", c=~"d\\d"}"#),
        (r#"{a!="b",c!~"d"} |= "x"!="y" |~`z` !~ "w""#, r#"{a!="b", c!~"d"} |= "x" != "y" |~ "z" !~ "w""#),
        (r#"({a="b"} |= "c")"#, r#"{a="b"} |= "c""#),
        ("{} # comment\n | json # more", "{} | json"),
        ("{} | json | logfmt | unpack | decolorize", "{} | json | logfmt | unpack | decolorize"),
        (r#"{} | json a, b="c.d""#, r#"{} | json a="a", b="c.d""#),
        (r#"{} | logfmt --keep-empty --strict a"#, r#"{} | logfmt --strict --keep-empty a="a""#),
        (
            r#"{} | a="b" and c>1 or d<=5ms, e!=20KB f=~"g""#,
            r#"{} | ((((a="b" and c>1) or d<=5ms) and e!=20000B) and f=~"g")"#,
        ),
        (r#"{} | a=-5 | b==1h"#, r#"{} | a==-5 | b==1h0m0s"#),
        (r#"{} | json="x" | by=1 | sum>2"#, r#"{} | json="x" | by==1 | sum>2"#),
        (r#"{} | label_format a=b, c="{{.d}}""#, r#"{} | label_format a=b, c="{{.d}}""#),
        (r#"{} | drop a, b="c" | keep d"#, r#"{} | drop a, b="c" | keep d"#),
        (r#"{} |= "a" or "b""#, r#"{} |= "a" or "b""#),
        ("rate({}[5m])", "rate({} [5m])"),
        (r#"rate({}[5m] offset 1h |= "x")"#, r#"rate({} |= "x" [5m] offset 1h)"#),
        (r#"rate(({} |= "x")[5m])"#, r#"rate({} |= "x" [5m])"#),
        ("sum by(a,b)(rate({}[1h30m]))", "sum by (a, b) (rate({} [1h30m]))"),
        ("sum(rate({}[1d])) without(a)", "sum without (a) (rate({} [1d]))"),
        ("topk(3,rate({}[5m]))", "topk(3, rate({} [5m]))"),
        (
            "avg_over_time({} | unwrap duration(x) | y>1 [5m]) by (z)",
            "avg_over_time({} | unwrap duration(x) | y>1 [5m]) by (z)",
        ),
        ("avg_over_time({}[5m] | unwrap x)", "avg_over_time({} | unwrap x [5m])"),
        ("quantile_over_time(0.99,{}|unwrap x[5m])", "quantile_over_time(0.99, {} | unwrap x [5m])"),
        ("rate({}[5m]) > bool 2 + 3 * 2", "(rate({} [5m]) > bool 8)"),
        ("rate({}[5m]) or rate({}[1m]) and vector(1)", "(rate({} [5m]) or (rate({} [1m]) and vector(1)))"),
        ("2 ^ 3 ^ 2", "512"),
        ("-1 + 2", "1"),
    ];
    for (text, printed) in table {
        let expr = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let again = parse(&expr.to_string()).unwrap_or_else(|error| panic!("{expr}: {error}"));
        assert_eq!(again, expr, "{text}");
        assert_eq!(expr.to_string(), printed, "{text}");
    }
}

/// Queries, the place of the error, and words of its text.
#[test]
fn errors_say_where_what_was_found_and_expected() {
    let table = [
        ("", (1, 1), "found an empty query, expected a selector"),
        (
            "nginx",
            (1, 1),
            "found `nginx`, expected a selector such as {job=\"nginx\"}, or one of count_over_time",
        ),
        ("{a}", (1, 3), "found `}`, expected one of `=`, `!=`, `=~`, `!~`"),
        ("{a=b}", (1, 4), "found `b`, expected a text in quotes"),
        ("{a=\"b\"", (1, 7), "found the end of the query, expected `,` or `}`"),
        ("{a=\"b}", (1, 4), "expected a closing \""),
        ("{a=~\"(\"}", (1, 5), "found the pattern \"(\", which can't be used: unclosed group"),
        ("{} | jsn", (1, 9), "a comparison behind the label `jsn`, or one of the stages json, logfmt"),
        ("{}\n| pattern \"x\"", (2, 11), "it has no capture with a name"),
        ("{} | regexp `x`", (1, 13), "expected at least one named group"),
        ("{} | line_format `{{.x`", (1, 18), "found {{ without its end"),
        (
            "{} | line_format `{{nope .x}}`",
            (1, 18),
            "found the function `nope`, which is not supported here; there are",
        ),
        ("{} | line_format `{{range .x}}{{end}}`", (1, 18), "found `range`, which is not supported here"),
        ("{} | line_format `{{$x}}`", (1, 18), "found a variable"),
        ("{} | line_format `{{trunc .x}}`", (1, 18), "found `trunc` with 1 arguments, expected 2"),
        ("{} | json a=\"b..c\"", (1, 13), "found the path \"b..c\""),
        ("{} | json a, a", (1, 14), "found the label `a` twice"),
        ("{} | label_format a=b, a=c", (1, 24), "found the label `a` twice"),
        ("{} | logfmt --loose", (1, 13), "expected --strict or --keep-empty"),
        ("{} | x > y", (1, 10), "expected a number, a duration such as 20ms"),
        ("{} | x =~ 5", (1, 11), "expected a regular expression in quotes"),
        ("{} |= ip(\"1.2.3.4\")", (1, 7), "`ip(…)` in a filter is not supported here"),
        ("{} |> \"x\"", (1, 4), "the line filter `|>` is not supported here"),
        ("{} | distinct a", (1, 6), "`| distinct` is not supported here"),
        ("{} | unwrap x", (1, 4), "found `|`, expected a stage"),
        ("{}[5m]", (1, 3), "expected a function around a range"),
        ("{} foo", (1, 4), "found `foo`, expected a stage"),
        ("rate({})", (1, 8), "found `)`, expected a stage or a range such as [5m]"),
        ("rate({}[5])", (1, 8), "expected a duration above 0"),
        ("rate({}[$__auto])", (1, 8), "was not replaced by the dashboard"),
        ("rate({}[5m]) offset 1h", (1, 14), "`offset` directly behind the range"),
        ("rate({}[5m] offset -1h)", (1, 20), "a negative offset is not supported here"),
        ("sum(5)", (1, 1), "found `sum` of a number"),
        ("sum({})", (1, 5), "expected a function around a log query"),
        ("topk(rate({}[5m]))", (1, 6), "expected a number, such as topk(5, …)"),
        ("topk(0, rate({}[5m]))", (1, 6), "expected a whole number from 1"),
        ("rate({}[5m]) + on(a) rate({}[5m])", (1, 16), "`on` is not supported here"),
        ("rate({}[5m]) + bool 1", (1, 16), "found `bool` behind `+`"),
        ("rate({}[5m]) and 1", (1, 14), "between a number and series"),
        ("1 / 0", (1, 3), "which is no finite number"),
        ("count_over_time({} | unwrap x [5m])", (1, 1), "with `unwrap`, expected it without"),
        ("avg_over_time({}[5m])", (1, 1), "without `unwrap`, expected a label to take values of"),
        ("rate({}[5m]) by (a)", (1, 1), "expected `sum by (…) (rate(…))`"),
        ("avg_over_time({} | unwrap seconds(x) [5m])", (1, 27), "one of duration, duration_seconds, bytes"),
        ("sort(rate({}[5m]))", (1, 1), "the function `sort` is not supported here; sort in the panel"),
        ("rate({job=\"ü\"}[5m]) rate", (1, 21), "found `rate`, expected an operator"),
        ("{a=\"\\q\"}", (1, 4), "found the escape `\\q`"),
        ("{} | x > 5parsecs", (1, 10), "found `5parsecs`"),
        ("{} ; {}", (1, 4), "found the character ';'"),
    ];
    for (text, (line, column), words) in table {
        let error = parse(text).map(|expr| panic!("{text} is {expr}")).unwrap_err();
        assert_eq!(error.place(), Place { line, column }, "{text}: {error}");
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}

#[test]
fn limits_are_told() {
    let error = |text: &str| parse(text).unwrap_err().to_string();
    let long = format!("{{a=\"{}\"}}", "x".repeat(MAX_LENGTH));
    assert!(error(&long).contains("bytes of query, expected at most 65536"), "{}", error(&long));
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(error(&deep).contains("levels of parentheses, expected at most 64"), "{}", error(&deep));
    for deep in [
        format!("{}{{}}", "(".repeat(5000)),
        format!("{{}} | {}a=1", "(".repeat(5000)),
        format!("rate({}{{}}", "(".repeat(5000)),
    ] {
        assert!(error(&deep).contains("levels of parentheses"), "{}", error(&deep));
    }
    let many = format!("{{}} {}", "| json ".repeat(200));
    assert!(error(&many).contains("129 stages, expected at most 128"), "{}", error(&many));
    for many in [
        format!("1{}", " + rate({}[5m])".repeat(300)),
        format!("{{}} | a=1{}", " or a=1".repeat(300)),
        format!("{{}} | a=1{}", ", a=1".repeat(300)),
        format!("{{}} |= \"a\"{}", " or \"a\"".repeat(300)),
    ] {
        assert!(error(&many).contains("stages, expected at most 128"), "{}", error(&many));
    }
}

#[test]
fn a_selector_alone() {
    assert_eq!(selector(r#"{a="b"}"#).unwrap().to_string(), r#"{a="b"}"#);
    assert!(selector(r#"{a="b"} |= "c""#).is_err());
    assert!(selector("rate({}[5m])").is_err());
}
