//! Whatever the samples and the expression, evaluation ends, and its results keep their promises.

use proptest::prelude::*;

use super::*;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -1e6..1e6_f64,
        2 => (0..5_u8).prop_map(f64::from),
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, f64::MIN_POSITIVE]),
        1 => Just(f64::from_bits(crate::series::STALE_NAN_BITS)),
    ]
}

fn samples(value: impl Strategy<Value = f64>) -> impl Strategy<Value = Vec<Sample>> {
    prop::collection::vec((1..40_000_i64, value), 0..30).prop_map(|steps| {
        let mut at = -100_000;
        let next = |(distance, value)| {
            at += distance;
            Sample { at, value }
        };
        steps.into_iter().map(next).collect()
    })
}

fn source(value: impl Strategy<Value = f64>) -> impl Strategy<Value = Given> {
    prop::collection::vec(samples(value), 6).prop_map(|all| {
        let labels = |index: usize| {
            let name = ["m", "n"][index % 2];
            Labels::new([
                ("__name__".into(), name.into()),
                ("a".into(), ["1", "2", "3"][index / 2].into()),
                ("le".into(), ["0.5", "1", "+Inf"][index / 2].into()),
            ])
        };
        Given(
            all.into_iter()
                .enumerate()
                .map(|(index, samples)| SeriesData { labels: labels(index), samples })
                .collect(),
        )
    })
}

/// Expressions of the whole language whose types fit.
fn expression() -> impl Strategy<Value = String> {
    let selector = prop::sample::select(vec![
        "m",
        "n",
        "{a=\"1\"}",
        "{a=~\".+\"}",
        "m offset 30s",
        "n offset -1m",
        "m @ 5",
        "n @ end()",
        "none",
    ]);
    selector.prop_map(str::to_owned).prop_recursive(5, 40, 3, |vector| {
        prop_oneof![
            2 => calls(vector.clone(), scalar(vector.clone())),
            2 => aggregations(vector.clone(), scalar(vector.clone())),
            2 => operations(vector.clone(), scalar(vector.clone())),
            1 => vector.prop_map(|vector| format!("-({vector})")),
        ]
    })
}

fn scalar(vector: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec!["0", "1", "-2.5", "NaN", "Inf", "1e308", "0.5", "time()", "pi()"]);
    prop_oneof![4 => number.prop_map(str::to_owned), 1 => vector.prop_map(|vector| format!("scalar({vector})"))]
}

/// Every function, each with the arguments that its table entry asks for.
fn calls(
    vector: impl Strategy<Value = String> + Clone,
    scalar: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let range = (vector.clone(), prop::sample::select(vec!["[90s:20s]", "[2m:]", "[1m:1m] offset 10s"]))
        .prop_map(|(vector, range)| format!("({vector}){range}"));
    let plain = prop::sample::select(vec!["m[1m]", "n[10s]", "{a!=\"\"}[5m] offset 1m", "m[40s] @ 7"]);
    let range = prop_oneof![2 => plain.prop_map(str::to_owned), 1 => range];
    let text =
        prop::sample::select(vec!["\"a\"", "\"le\"", "\"$1\"", "\"(.*)\"", "\"\""]).prop_map(str::to_owned);
    let names: Vec<&str> = crate::promql::functions::names().collect();
    let name = prop::sample::select(names).prop_filter("a vector", |name| {
        crate::promql::functions::named(name).is_some_and(|function| function.returns == ValueType::Vector)
    });
    let args = (
        prop::collection::vec(vector, 3),
        prop::collection::vec(scalar, 3),
        prop::collection::vec(text, 5),
        range,
    );
    (name, args).prop_map(|(name, (vectors, scalars, texts, range))| {
        let types = crate::promql::functions::named(name).map(|function| function.args).unwrap_or_default();
        let arg = |(index, kind): (usize, &ValueType)| match kind {
            ValueType::Vector => vectors[index].clone(),
            ValueType::Scalar => scalars[index].clone(),
            ValueType::Range => range.clone(),
            ValueType::Text => texts[index].clone(),
        };
        let args: Vec<String> = types.iter().enumerate().map(arg).collect();
        format!("{name}({})", args.join(", "))
    })
}

fn aggregations(
    vector: impl Strategy<Value = String>,
    scalar: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let op = "(sum|avg|min|max|count|group|stddev|stdvar|topk|bottomk|quantile|count_values)";
    (op, "( by \\(a\\)| without \\(a\\)|)", vector, scalar).prop_map(|(op, by, vector, scalar)| {
        match op.as_str() {
            "topk" | "bottomk" | "quantile" => format!("{op}{by} ({scalar}, {vector})"),
            "count_values" => format!("{op}{by} (\"a\", {vector})"),
            _ => format!("{op}{by} ({vector})"),
        }
    })
}

fn operations(
    vector: impl Strategy<Value = String> + Clone,
    scalar: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let arithmetic = "(\\+|-|\\*|/|%|\\^|atan2|==|!=|>|<|>=|<=|> bool|== bool)";
    let matching =
        "( on \\(a\\)| ignoring \\(le\\)| on \\(a\\) group_left \\(\\)| on \\(\\) group_right \\(le\\)|)";
    let between = (vector.clone(), arithmetic, matching, vector.clone());
    let set = (vector.clone(), "(and|or|unless)", "( on \\(a\\)| ignoring \\(le\\)|)", vector.clone());
    prop_oneof![
        2 => between.prop_map(|(left, op, matching, right)| format!("({left} {op}{matching} {right})")),
        2 => set.prop_map(|(left, op, matching, right)| format!("({left} {op}{matching} {right})")),
        1 => (vector.clone(), arithmetic, scalar).prop_map(|(left, op, right)| format!("({left} {op} {right})")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn evaluation_keeps_its_promises(
        given in source(value()),
        expr in expression(),
        start in -200_000..200_000_i64,
        steps in 0..20_i64,
        step in 1..60_000_i64,
    ) {
        let query = Query::parse(&expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
        let _ = query.instant(&given, start, &Options::default(), &|| false);
        let end = start + steps * step;
        let Ok(answer) = query.range(&given, (start, end, step), &Options::default(), &|| false) else { return Ok(()) };
        let Value::Matrix(series) = answer.value else { return Err(TestCaseError::fail("no matrix")) };
        for pair in series.windows(2) {
            prop_assert!(pair[0].labels < pair[1].labels, "series are sorted and differ");
        }
        for series in &series {
            prop_assert!(!series.samples.is_empty());
            for sample in &series.samples {
                prop_assert!((start..=end).contains(&sample.at) && (sample.at - start) % step == 0);
                prop_assert!(!sample.is_stale_marker());
            }
            for pair in series.samples.windows(2) {
                prop_assert!(pair[0].at < pair[1].at);
            }
        }
    }

    /// What is true of counters whatever they do, as long as they are finite and not negative.
    #[test]
    fn rates_of_counters_are_finite_and_not_negative(
        given in source(0.0..1e12_f64),
        function in "(rate|increase|irate|resets|changes|count_over_time)",
        start in -100_000..200_000_i64,
        step in 1..60_000_i64,
    ) {
        let query = Query::parse(&format!("{function}(m[1m])")).unwrap();
        let end = start + 10 * step;
        let answer = query.range(&given, (start, end, step), &Options::default(), &|| false).unwrap();
        let Value::Matrix(series) = answer.value else { return Err(TestCaseError::fail("no matrix")) };
        for sample in series.iter().flat_map(|series| &series.samples) {
            prop_assert!(sample.value.is_finite() && sample.value >= 0.0, "{sample:?}");
        }
    }

    /// A range query is the instant queries of its steps.
    #[test]
    fn a_range_is_its_instants(
        given in source(value()),
        expr in expression(),
        start in -200_000..200_000_i64,
        step in 1..60_000_i64,
    ) {
        // `start()` and `end()` differ by definition, and so does the order of evaluation errors.
        prop_assume!(!expr.contains("@ end"));
        let query = Query::parse(&expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
        let end = start + 7 * step;
        let Ok(answer) = query.range(&given, (start, end, step), &Options::default(), &|| false) else { return Ok(()) };
        let Value::Matrix(series) = answer.value else { return Err(TestCaseError::fail("no matrix")) };
        for at in (start..=end).step_by(step as usize) {
            let wanted: Vec<String> = series
                .iter()
                .filter_map(|series| {
                    let sample = series.samples.iter().find(|sample| sample.at == at)?;
                    Some(format!("{} {:?}", series.labels, sample.value))
                })
                .collect();
            let instant = query.instant(&given, at, &Options::default(), &|| false).unwrap().value;
            let mut found: Vec<String> = match instant {
                Value::Vector(samples) => {
                    let mut samples = samples;
                    samples.sort_by(|a, b| a.0.cmp(&b.0));
                    samples.iter().map(|(labels, sample)| format!("{labels} {:?}", sample.value)).collect()
                }
                Value::Scalar(sample) => vec![format!("{} {:?}", Labels::default(), sample.value)],
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            found.retain(|line| !line.is_empty());
            prop_assert_eq!(&found, &wanted, "{} at {}", expr, at);
        }
    }

    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        let _ = Query::parse(&text);
    }

    #[test]
    fn parsing_pieces_of_the_language_never_panics(
        pieces in prop::collection::vec("(m|sum|by|rate|\\(|\\)|\\{|\\}|\\[|\\]|,|:|=~?|!=|5m|1e9|-|\\+|\\^|@|offset|\"a|\"|'|`|#|\n| |on|bool|and|0x|start|inf|ä)", 0..30)
    ) {
        let _ = Query::parse(&pieces.concat());
    }
}
