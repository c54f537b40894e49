//! Whatever the query and the lines, reading and running end, and results keep their promises.

use proptest::prelude::*;

use super::*;

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "level", "app", "by", "json", "x_1", "__error__", "sum", "offset"])
        .prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c \"\\\\\\n\u{e9}\u{1f600}\u{1}]{0,6}", Just("x".to_owned()), Just("".to_owned())]
}

fn quoted() -> impl Strategy<Value = String> {
    text().prop_map(|text| print::Quoted(&text).to_string())
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (name(), prop::sample::select(vec!["=", "!="]), quoted())
            .prop_map(|(n, op, v)| format!("{n}{op}{v}")),
        (name(), prop::sample::select(vec!["=~", "!~"])).prop_map(|(n, op)| format!("{n} {op} \"a.*|b\"")),
        (name(), prop::sample::select(vec!["=", "==", "!=", ">", "<="]), -1e9..1e9_f64)
            .prop_map(|(n, op, v)| format!("{n}{op}{v}")),
        (
            name(),
            prop::sample::select(vec![">", "<", ">="]),
            1..100_000_u32,
            prop::sample::select(vec!["ms", "s", "KB", "MiB", "h"])
        )
            .prop_map(|(n, op, v, unit)| format!("{n}{op}{v}{unit}")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (inner.clone(), prop::sample::select(vec![" and ", " or ", " , ", " "]), inner)
            .prop_map(|(left, join, right)| format!("({left}{join}{right})"))
    })
}

fn stage() -> impl Strategy<Value = String> {
    prop_oneof![
        (prop::sample::select(vec!["|=", "!="]), quoted()).prop_map(|(op, v)| format!("{op} {v}")),
        (quoted(), quoted()).prop_map(|(a, b)| format!("|= {a} or {b}")),
        prop::sample::select(vec![
            "|~ \"a+|b\"",
            "!~ `^\\s`",
            "| json",
            "| logfmt",
            "| logfmt --strict --keep-empty",
            "| unpack",
            "| decolorize",
            "| json a, b=\"c.d[0]\"",
            "| logfmt a=\"b\"",
            "| regexp `(?P<w>\\w+)(?P<a> .*)?`",
            "| pattern `<a> <_>=<b>`",
            "| line_format `{{.a}} {{.b | upper}}`",
            "| label_format a=b, c=`{{.a}}x`",
            "| drop a, level=\"b\"",
            "| keep a",
        ])
        .prop_map(str::to_owned),
        condition().prop_map(|condition| format!("| {condition}")),
    ]
}

fn log_query() -> impl Strategy<Value = String> {
    let selector = prop_oneof![
        Just("{}".to_owned()),
        (name(), quoted()).prop_map(|(n, v)| format!("{{{n}={v}}}")),
        Just("{app=~\"s.*\"}".to_owned())
    ];
    (selector, prop::collection::vec(stage(), 0..5))
        .prop_map(|(selector, stages)| format!("{selector} {}", stages.join(" ")))
}

fn metric_query() -> impl Strategy<Value = String> {
    let range = prop_oneof![
        (
            prop::sample::select(vec!["rate", "count_over_time", "bytes_rate", "absent_over_time"]),
            log_query(),
            1..300_u32
        )
            .prop_map(|(function, query, range)| format!("{function}({query} [{range}s])")),
        (prop::sample::select(vec!["sum_over_time", "max_over_time", "rate"]), log_query(), name()).prop_map(
            |(function, query, label)| format!(
                "{function}({query} | unwrap {label} | __error__=\"\" [1m] offset 5s)"
            )
        ),
        (log_query()).prop_map(|query| format!(
            "quantile_over_time(0.9, {query} | unwrap duration(a) [2m]) by (level)"
        )),
    ];
    range.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (prop::sample::select(vec!["sum", "avg", "count", "stddev"]), inner.clone(), name())
                .prop_map(|(op, of, n)| format!("{op} by ({n}) ({of})")),
            (prop::sample::select(vec!["topk", "bottomk"]), inner.clone())
                .prop_map(|(op, of)| format!("{op}(2, {of})")),
            (
                inner.clone(),
                prop::sample::select(vec!["+", "/", ">", ">= bool", "and", "or", "unless"]),
                inner.clone()
            )
                .prop_map(|(left, op, right)| format!("({left} {op} {right})")),
            (inner, prop::sample::select(vec!["* 2", "> 1", "^ 0.5", "% 3"]))
                .prop_map(|(of, op)| format!("({of} {op})")),
        ]
    })
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..30),
        "[a-c]=[0-9]{1,3}(ms|KB)? level=(info|error) msg=\"[a-z \\\\]{0,5}\"?".prop_map(String::into_bytes),
        "\\{\"a\":[0-9]{1,3},\"b\":\\{\"c\":\"[a-z]{0,3}\"\\},\"_entry\":\"x\",\"level\":(null|true|\"x\")[}\\]]".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_to_the_same(query in prop_oneof![log_query(), metric_query()]) {
        let expr = parse(&query).map_err(|error| TestCaseError::fail(format!("{query}: {error}")))?;
        let printed = expr.to_string();
        prop_assert_eq!(parse(&printed), Ok(expr), "{}", printed);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_in_it(query in "\\PC{0,30}|[{}()|=!~\"`a-c0-9 \\[\\].,<>+*/^%-]{0,40}") {
        match parse(&query) {
            Ok(expr) => prop_assert_eq!(parse(&expr.to_string()), Ok(expr)),
            Err(error) => {
                let lines = query.lines().count().max(1) + 1;
                prop_assert!(error.place().line <= lines && error.place().column <= query.chars().count() + 1, "{}", error);
            }
        }
    }

    #[test]
    fn a_line_that_passes_keeps_the_promises(query in log_query(), lines in prop::collection::vec(line(), 1..6)) {
        let Ok(Expr::Log(query)) = parse(&query) else { return Ok(()) };
        let stream = Labels::new([("app", "shop"), ("level", "x")]);
        let (mut pipeline, mut fresh) = (Pipeline::new(&query), Pipeline::new(&query));
        let required: Vec<Vec<u8>> = pipeline.required_texts().into_iter().map(<[u8]>::to_vec).collect();
        for line in &lines {
            // Nothing of a line is left when the next one comes.
            let alone = fresh.process(5, line, &stream).map(|entry| (entry.line.to_vec(), entry.labels.to_labels()));
            fresh = Pipeline::new(&query);
            let entry = pipeline.process(5, line, &stream);
            prop_assert_eq!(entry.as_ref().map(|entry| (entry.line.to_vec(), entry.labels.to_labels())), alone);
            let Some(entry) = entry else { continue };
            prop_assert!(required.iter().all(|text| line.windows(text.len()).any(|part| part == text)));
            for (name, value) in entry.labels.to_labels().iter() {
                prop_assert_eq!(entry.labels.get(name), Some(value));
            }
        }
    }

    #[test]
    fn metric_queries_end(query in metric_query(), lines in prop::collection::vec((0..200_i64, line()), 0..20)) {
        let Ok(Expr::Metric(query)) = parse(&query) else { return Ok(()) };
        let grid = Grid { start: 20_000_000_000, end: 200_000_000_000, step: 13_000_000_000 };
        let mut evaluation = Evaluation::new(&query, grid, MetricLimits::default()).unwrap();
        let stream = Labels::new([("app", "shop")]);
        for (at, line) in &lines {
            if evaluation.add(at * 1_000_000_000, line, &stream).is_err() {
                return Ok(());
            }
        }
        if let Ok(series) = evaluation.finish() {
            prop_assert!(series.windows(2).all(|pair| pair[0].labels < pair[1].labels));
            for series in series {
                prop_assert!(!series.points.is_empty());
                prop_assert!(series.points.windows(2).all(|pair| pair[0].0 < pair[1].0));
            }
        }
    }
}
