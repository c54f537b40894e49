use graftwire_model::EpochMillis;
use serde_json::Value;

use super::*;
use crate::sql::dialect::{GO_SDK, MYSQL, POSTGRES, SQLITE, TIMESCALE};

const ALL: [Dialect; 5] = [SQLITE, POSTGRES, TIMESCALE, MYSQL, GO_SDK];

fn context() -> MacroContext {
    MacroContext {
        time_range: TimeRange { from: EpochMillis(1_600_000_000_123), to: EpochMillis(1_600_003_600_000) },
        interval: Interval::from_millis(600_000),
        table: "my_table".to_owned(),
        column: "my_col".to_owned(),
    }
}

fn sql(text: &str, dialect: &Dialect) -> String {
    expand(text, dialect, &context()).unwrap_or_else(|error| panic!("{text}: {error}")).sql
}

fn error(text: &str) -> String {
    expand(text, &SQLITE, &context()).unwrap_err().to_string()
}

#[test]
fn the_defaults_of_the_go_sdk() {
    let tables: Value =
        serde_json::from_str(&std::fs::read_to_string("tests/golden/tables.json").unwrap()).unwrap();
    let rows = tables["sql_macros"].as_array().unwrap();
    assert!(rows.len() >= 16);
    for row in rows {
        let text = row["in"].as_str().unwrap();
        match (expand(text, &GO_SDK, &context()), row["out"].as_str()) {
            (Ok(found), Some(expected)) => assert_eq!(found.sql, expected, "{text}"),
            (Err(_), None) => {}
            (found, expected) => panic!("{text}: found {found:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn macros_of_postgresql() {
    for (text, expected) in [
        ("$__time(a.b)", "a.b AS \"time\""),
        ("$__timeEpoch(c)", "extract(epoch from c) as \"time\""),
        ("$__timeFilter(c)", "c BETWEEN '2020-09-13T12:26:40.123Z' AND '2020-09-13T13:26:40Z'"),
        ("$__timeFrom()", "'2020-09-13T12:26:40.123Z'"),
        ("$__timeTo()", "'2020-09-13T13:26:40Z'"),
        ("$__timeGroup(c,'5m')", "floor(extract(epoch from c)/300)*300"),
        ("$__timeGroup(c,'500ms')", "floor(extract(epoch from c)/0.5)*0.5"),
        ("$__timeGroupAlias(c, '1h')", "floor(extract(epoch from c)/3600)*3600 AS \"time\""),
        ("$__timeGroup(c,'5m'), x", "floor(extract(epoch from c)/300)*300 AS \"time\", x"),
        ("$__unixEpochFilter(c)", "c >= 1600000000 AND c <= 1600003600"),
        ("$__unixEpochNanoFilter(c)", "c >= 1600000000123000000 AND c <= 1600003600000000000"),
        ("$__unixEpochNanoFrom()", "1600000000123000000"),
        ("$__unixEpochNanoTo()", "1600003600000000000"),
        ("$__unixEpochFrom()", "1600000000"),
        ("$__unixEpochTo()", "1600003600"),
        ("$__unixEpochGroup(c,'5m')", "floor((c)/300)*300"),
        ("$__unixEpochGroupAlias(c,'5m')", "floor((c)/300)*300 AS \"time\""),
        ("$__interval $__interval_ms", "10m 600000"),
    ] {
        assert_eq!(sql(text, &POSTGRES), expected, "{text}");
    }
    assert_eq!(sql("$__timeGroup(c,'5m')", &TIMESCALE), "time_bucket('300.000s',c)");
    assert_eq!(sql("$__timeGroupAlias(c,'1.5s')", &TIMESCALE), "time_bucket('1.500s',c) AS \"time\"");
}

#[test]
fn macros_of_mysql() {
    for (text, expected) in [
        ("$__time(c)", "UNIX_TIMESTAMP(c) as time_sec"),
        ("$__timeEpoch(c)", "UNIX_TIMESTAMP(c) as time_sec"),
        ("$__timeFilter(c)", "c BETWEEN FROM_UNIXTIME(1600000000) AND FROM_UNIXTIME(1600003600)"),
        ("$__timeFrom()", "FROM_UNIXTIME(1600000000)"),
        ("$__timeTo()", "FROM_UNIXTIME(1600003600)"),
        ("$__timeGroup(c,'5m')", "UNIX_TIMESTAMP(c) DIV 300 * 300"),
        ("$__timeGroupAlias(c,'5m')", "UNIX_TIMESTAMP(c) DIV 300 * 300 AS \"time\""),
        ("$__unixEpochGroup(c,'5m')", "c DIV 300 * 300"),
        ("$__unixEpochGroupAlias(c,'5m')", "c DIV 300 * 300 AS \"time\""),
        ("$__unixEpochFilter(c)", "c >= 1600000000 AND c <= 1600003600"),
    ] {
        assert_eq!(sql(text, &MYSQL), expected, "{text}");
    }
    let mut before = context();
    before.time_range.from = EpochMillis(-1_500);
    let found = expand("$__timeFilter(c)", &MYSQL, &before).unwrap().sql;
    assert_eq!(
        found,
        "c BETWEEN DATE_ADD(FROM_UNIXTIME(0), INTERVAL -2 SECOND) AND FROM_UNIXTIME(1600003600)"
    );
}

#[test]
fn macros_of_sqlite() {
    for (text, expected) in [
        ("$__time(c)", "c AS \"time\""),
        ("$__timeEpoch(c)", "unixepoch(c, 'auto', 'subsec') AS \"time\""),
        ("$__timeFilter(c)", "unixepoch(c, 'auto', 'subsec') BETWEEN 1600000000.123 AND 1600003600"),
        ("$__timeFrom()", "'2020-09-13 12:26:40.123'"),
        ("$__timeTo()", "'2020-09-13 13:26:40'"),
        ("$__timeGroup(c,'5m')", "CAST(unixepoch(c, 'auto', 'subsec') / 300 AS INTEGER) * 300"),
        ("$__unixEpochGroup(c,'5m')", "CAST((c) / 300 AS INTEGER) * 300"),
        ("$__unixEpochGroupSeconds(c, 60)", "cast((c / 60) as int) * 60"),
        ("$__from $__to", "1600000000123 1600003600000"),
        ("$__unixEpochFilter(c)", "c >= 1600000000 AND c <= 1600003600"),
    ] {
        assert_eq!(sql(text, &SQLITE), expected, "{text}");
    }
}

#[test]
fn every_template_has_its_values() {
    for dialect in &ALL {
        for known in dialect.macros {
            let argument = |name: &&str| match *name {
                "interval" => "'1m'",
                "part" => "day",
                "fill?" => "NULL",
                _ => "c",
            };
            let arguments: Vec<_> = known.arguments.iter().map(argument).collect();
            let text = format!("$__{}({})", known.name, arguments.join(", "));
            let found = sql(&text, dialect);
            assert!(!found.contains("$__") && !found.contains('{') && !found.is_empty(), "{text}: {found}");
            assert!(!known.help.is_empty() && !known.name.starts_with('_'));
        }
    }
}

#[test]
fn brackets_nest_and_strings_hide_them() {
    assert_eq!(
        sql("$__unixEpochFilter(f(a, (b)))", &SQLITE),
        "f(a, (b)) >= 1600000000 AND f(a, (b)) <= 1600003600"
    );
    assert_eq!(
        sql("$__unixEpochFilter(f(')', \"(\", [,] /* ) */))", &SQLITE),
        "f(')', \"(\", [,] /* ) */) >= 1600000000 AND f(')', \"(\", [,] /* ) */) <= 1600003600"
    );
    assert_eq!(
        sql("$__time($__unixEpochGroup(c, $__interval))", &SQLITE),
        "CAST((c) / 600 AS INTEGER) * 600 AS \"time\""
    );
}

#[test]
fn comments_stay_and_strings_take_values_alone() {
    let text = "-- $__nope(\n/* $__timeFilter(x) */ SELECT '$__interval', '$__timeFilter(x)', '$__nope'";
    assert_eq!(sql(text, &SQLITE), text.replace("'$__interval'", "'10m'"));
    assert_eq!(sql("'$__from()' $__interval(x)", &SQLITE), "'1600000000123' 10m(x)");
}

#[test]
fn the_third_argument_sets_the_fill() {
    let fill = |text: &str| expand(text, &SQLITE, &context()).unwrap().fill;
    let interval = Interval::from_millis(300_000);
    assert_eq!(fill("$__timeGroup(c, '5m')"), None);
    for (argument, fill_mode) in [
        ("NULL", Fill::Null),
        ("null", Fill::Null),
        ("previous", Fill::Previous),
        ("'Previous'", Fill::Previous),
        ("0", Fill::Value(0.0)),
        ("-1.5", Fill::Value(-1.5)),
    ] {
        let found = fill(&format!("$__timeGroupAlias(c, '5m', {argument})"));
        assert_eq!(found, Some(GroupFill { interval, fill: fill_mode }), "{argument}");
    }
    assert!(error("$__timeGroup(c, '5m', zero)").contains("expected NULL, previous or a number"));
}

#[test]
fn errors_name_the_line_and_the_cure() {
    assert_eq!(
        error("SELECT 1\nWHERE $__timeFiltr(c)"),
        "line 2: found $__timeFiltr, which is no macro of SQLite; did you mean $__timeFilter?"
    );
    assert!(error("$__TIMEFROM()").contains("did you mean $__timeFrom"), "{}", error("$__TIMEFROM()"));
    assert_eq!(error("$__somethingElse"), "line 1: found $__somethingElse, which is no macro of SQLite");
    assert_eq!(error("$__timeFilter"), "line 1: found 0 argument(s), expected $__timeFilter(column)");
    assert_eq!(error("$__timeFilter(a, b)"), "line 1: found 2 argument(s), expected $__timeFilter(column)");
    assert_eq!(
        error("\n\n$__timeGroup(a)"),
        "line 3: found 1 argument(s), expected $__timeGroup(column, interval, fill?)"
    );
    assert_eq!(error("$__timeFilter( )"), "line 1: argument 1 of $__timeFilter is empty");
    assert_eq!(error("$__timeFilter(a"), "line 1: the bracket after $__timeFilter is never closed");
    assert!(error("$__timeGroup(a, 'x')").contains("found \"x\", expected a length of time"));
    assert!(error("$__timeGroup(a, '0s')").contains("expected more than nothing"));
    assert!(error("$__timeGroup(a, '-5m')").contains("expected more than nothing"));
}

#[test]
fn neither_depth_nor_length_is_without_end() {
    let deep = |depth: usize| format!("{}c{}", "$__time(".repeat(depth), ")".repeat(depth));
    assert!(expand(&deep(5), &SQLITE, &context()).is_ok());
    assert!(error(&deep(10_000)).contains("16 deep"));
    assert!(error(&" ".repeat(LONGEST + 1)).contains("the limit is 1048576"));
    // Doubles its argument at each level.
    let doubling = format!("{}{}{}", "$__unixEpochFilter(".repeat(15), "c".repeat(1000), ")".repeat(15));
    assert!(error(&doubling).contains("the limit is 1048576"));
}

#[test]
fn a_comma_after_the_first_time_group_names_it() {
    let select = "SELECT $__timeGroup(c,'5m') AS time, x GROUP BY $__timeGroup(c,'5m'), x";
    assert!(!sql(select, &POSTGRES).contains("AS \"time\""), "the first decides");
    assert!(sql("SELECT $__timeGroup(c,'5m'), x", &SQLITE).contains("* 300 AS \"time\", x"));
}

/// Texts of pieces that mean something, put together without sense: an answer or an error, in every dialect.
#[test]
fn no_text_makes_it_panic_or_lose_its_way() {
    const PIECES: [&str; 30] = [
        "$__timeFilter",
        "$__timeGroup",
        "$__interval",
        "$__",
        "$__x",
        "$",
        "${__from:date:",
        "${__to}",
        "(",
        "(",
        ")",
        ")",
        ",",
        "'",
        "''",
        "\"",
        "--",
        "\n",
        "/*",
        "*/",
        "$$",
        "$a$",
        "[",
        "]",
        "`",
        "\\",
        ";",
        "é",
        "'5m'",
        " NULL ",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % most).unwrap()
    };
    let (mut expanded, mut refused) = (0, 0);
    for _ in 0..4_000 {
        let text: String = (0..next(14)).map(|_| PIECES[next(30)]).collect();
        let text = crate::sql::replace_globals(&text, context().time_range);
        for dialect in &ALL {
            match expand(&text, dialect, &context()) {
                Ok(found) => {
                    expanded += 1;
                    let _ = crate::sql::first_statement_end(&found.sql, dialect.lexis);
                }
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().starts_with("line "), "{text:?}: {error}");
                }
            }
        }
    }
    assert!(expanded > 1_000 && refused > 1_000, "{expanded} {refused}");
}
