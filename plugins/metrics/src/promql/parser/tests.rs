use super::*;
use crate::promql::ast::{Pin, Shift};

fn error(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

/// The expression's shape with all grouping written out.
fn shape(text: &str) -> String {
    fn show(expr: &Expr) -> String {
        match &expr.kind {
            Kind::Number(value) => value.to_string(),
            Kind::Text(text) => format!("{text:?}"),
            Kind::Vector(selector) => selector.matchers.len().to_string() + "m" + &shift(selector.shift),
            Kind::Range(selector, range) => {
                format!("{}m[{range}]{}", selector.matchers.len(), shift(selector.shift))
            }
            Kind::Subquery(subquery) => {
                format!(
                    "{}[{}:{:?}]{}",
                    show(&subquery.expr),
                    subquery.range,
                    subquery.step,
                    shift(subquery.shift)
                )
            }
            Kind::Call(function, args) => {
                format!("{}({})", function.name, args.iter().map(show).collect::<Vec<_>>().join(","))
            }
            Kind::Aggregate(aggregate) => format!(
                "{:?}{:?}({}{})",
                aggregate.op,
                aggregate.grouping,
                aggregate.param.as_ref().map(|param| show(param) + ",").unwrap_or_default(),
                show(&aggregate.expr)
            ),
            Kind::Binary(binary) => {
                format!("({} {:?} {})", show(&binary.left), binary.op, show(&binary.right))
            }
            Kind::Negate(inner) => format!("-({})", show(inner)),
            Kind::Paren(inner) => show(inner),
        }
    }
    fn shift(shift: Shift) -> String {
        let offset = shift.offset.map(|offset| format!(" offset {offset}")).unwrap_or_default();
        offset
            + &match shift.pin {
                None => String::new(),
                Some(Pin::At(at)) => format!(" @ {at}"),
                Some(Pin::Start) => " @ start".to_owned(),
                Some(Pin::End) => " @ end".to_owned(),
            }
    }
    show(&parse(text).expect(text))
}

#[test]
fn operators_bind_as_documented() {
    assert_eq!(shape("1 + 2 * 3"), "(1 Add (2 Mul 3))");
    assert_eq!(shape("1 - 2 - 3"), "((1 Sub 2) Sub 3)");
    assert_eq!(shape("2 ^ 3 ^ 2"), "(2 Pow (3 Pow 2))");
    assert_eq!(shape("-2 ^ 2"), "-((2 Pow 2))");
    assert_eq!(shape("2 ^ -3 * 4"), "((2 Pow -3) Mul 4)");
    assert_eq!(shape("-a * b"), "(-(1m) Mul 1m)");
    assert_eq!(shape("a or b and c unless d"), "(1m Or ((1m And 1m) Unless 1m))");
    assert_eq!(shape("a > b + 1"), "(1m Greater (1m Add 1))");
    assert_eq!(shape("1 / 2 atan2 3 % 4"), "(((1 Div 2) Atan2 3) Mod 4)");
}

#[test]
fn selectors_ranges_and_modifiers() {
    assert_eq!(shape("a{b=\"c\", d!~\"e|f\"}[1h30m] offset -5m @ 1.5"), "3m[5400000] offset -300000 @ 1500");
    assert_eq!(shape("a @ end() offset 1w"), "1m offset 604800000 @ end");
    assert_eq!(shape("rate(a[5m])[1h:] @ start()"), "rate(1m[300000])[3600000:None] @ start");
    assert_eq!(shape("a[300]"), "1m[300000]");
    assert_eq!(shape("a[1y2w3d4h5m6s7ms]"), "1m[33019506007]");
    assert_eq!(shape("{\"a.b\", \"c d\"='e'}"), "2m");
}

#[test]
fn aggregations_and_words() {
    assert_eq!(shape("sum by (a, b,) (c)"), "SumBy([\"a\", \"b\"])(1m)");
    assert_eq!(shape("Sum(c) WITHOUT (by)"), "SumWithout([\"by\"])(1m)");
    assert_eq!(shape("topk(3, sum(c))"), "TopKBy([])(3,SumBy([])(1m))");
    assert_eq!(shape("sum + by - offset"), "((1m Add 1m) Sub 1m)");
    assert_eq!(shape("inf + NAN + infinite"), "((inf Add NaN) Add 1m)");
}

#[test]
fn numbers_and_texts() {
    for (text, value) in
        [("0x10", 16.0), ("010", 8.0), ("08", 8.0), ("1e3", 1000.0), (".5", 0.5), ("5m", 300.0)]
    {
        assert_eq!(shape(text), value.to_string(), "{text}");
    }
    assert_eq!(shape(r#""a\n\"\x41\u00e4\101""#), r#""a\n\"AäA""#);
    assert_eq!(shape(r"'it\'s'"), r#""it's""#);
    assert_eq!(shape("`a\\n`"), r#""a\\n""#);
}

#[test]
fn errors_say_where_what_and_what_instead() {
    for (text, wanted) in [
        ("", "line 1, column 1: found an empty query, expected an expression"),
        (
            "a +",
            "line 1, column 4: found the end of the query, expected a metric, a number, a function, an aggregation, `(` or `{`",
        ),
        (
            "sum(rate(x[5m])",
            "line 1, column 16: found the end of the query, expected an operator, `,` or `)`",
        ),
        ("a\n  + b{c}", "line 2, column 8: found `}`, expected one of `=`, `!=`, `=~`, `!~`"),
        ("ä{}", "line 1, column 1: found the character 'ä', which has no meaning here"),
        ("a{b=c}", "line 1, column 5: found `c`, expected a value in quotes"),
        (
            "rate(a)",
            "line 1, column 6: found an instant vector as argument of `rate`, expected a range vector; add a range such as `[5m]`",
        ),
        (
            "a{b=~\"(\"}",
            "line 1, column 6: found the pattern \"(\", which can't be used: found open group without closing ')'",
        ),
        ("rate(a[5m], 1)", "line 1, column 1: found 2 arguments of `rate`, expected 1"),
        (
            "a[5x]",
            "line 1, column 3: found `5x`, which is neither a number nor a duration: expected digits and a unit (ms, s, m, h, d, w, y), larger units first",
        ),
        ("a[1e300]", "line 1, column 3: found 1e300 seconds, expected at most 1000 years"),
        (
            "a[2000y]",
            "line 1, column 3: found `2000y`, which is neither a number nor a duration: it is longer than 1000 years",
        ),
        (
            "(a) offset 5m",
            "line 1, column 5: found `offset`, expected it once, behind a selector or a subquery",
        ),
        ("1 > 2", "line 1, column 5: found a comparison of two scalars, expected `bool` behind the operator"),
        (
            "{a=\"\"}",
            "line 1, column 1: found a selector that would take every series, expected a metric or a matcher that refuses the empty text",
        ),
        ("sum by a (b)", "line 1, column 8: found `a`, expected `(` and label names"),
        ("a b", "line 1, column 3: found `b`, expected an operator or the end of the query"),
        (
            "\"\\q\"",
            "line 1, column 1: found the escape `\\q`, expected one of \\a \\b \\f \\n \\r \\t \\v \\\\ \\x \\u \\U, octal digits or the quote (in a pattern write `\\\\q`)",
        ),
    ] {
        assert_eq!(error(text), wanted, "{text}");
    }
}

#[test]
fn an_unknown_function_is_named_with_those_there_are() {
    let error = error("1 + histogram_sum(a)");
    assert!(
        error.starts_with(
            "line 1, column 5: PromQL function `histogram_sum` is not supported here; supported: abs, absent,"
        ),
        "{error}"
    );
    assert!(error.contains(", rate, "), "{error}");
}

#[test]
fn hostile_texts_end_in_an_error_not_in_a_crash() {
    let deep = |open: &str, close: &str| open.repeat(5000) + "1" + &close.repeat(5000);
    for text in [
        deep("(", ")"),
        deep("-", ""),
        deep("abs(", ")"),
        deep("sum(", ")"),
        deep("1^", ""),
        deep("1+", ""),
        "a offset ".to_owned() + &"1".repeat(400),
        "x".repeat(MAX_LENGTH + 1),
        "a".to_owned() + &"[5m:1m]".repeat(5000),
        "a{b=~\"".to_owned() + &"(".repeat(10_000) + "\"}",
        "a{b=~\"(a{1000}){1000}\"}".to_owned(),
        "\"".to_owned(),
        "\"\\".to_owned(),
        "a[".to_owned(),
        "0x".to_owned(),
    ] {
        assert!(parse(&text).is_err(), "{:.40}", text);
    }
}

#[test]
fn the_deepest_expression_that_is_read_can_be_handled() {
    let nested = "(".repeat(MAX_DEPTH - 2) + "a" + &")".repeat(MAX_DEPTH - 2);
    assert!(parse(&nested).is_ok());
    let chain = "a".to_owned() + &" or a".repeat(MAX_DEPTH - 1);
    assert!(parse(&chain).is_ok());
}
