use super::*;

fn sample(line: &str) -> SampleLine<'_> {
    match read_line(line.as_bytes(), Format::Text) {
        Ok(Line::Sample(sample)) => sample,
        other => panic!("{line:?} gave {other:?}"),
    }
}

fn labels(line: &str) -> Vec<(&str, String)> {
    let labels = sample(line).labels(LabelLimits::default()).unwrap();
    labels.into_iter().map(|(name, value)| (name, value.into_owned())).collect()
}

fn refusal(line: &str, format: Format) -> String {
    match read_line(line.as_bytes(), format) {
        Ok(Line::Sample(sample)) => match sample.labels(LabelLimits::default()) {
            Err(error) => error.to_string(),
            Ok(labels) => panic!("{line:?} gave {labels:?}"),
        },
        Ok(other) => panic!("{line:?} gave {other:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn samples_with_and_without_labels_and_timestamps() {
    let with_all = sample("http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000");
    assert_eq!(with_all.series, "http_requests_total{method=\"post\",code=\"200\"}");
    assert_eq!((with_all.value, with_all.at), (1027.0, Some(1_395_066_363_000)));
    let bare = sample("\t metric_without_timestamp_and_labels \t 12.47\r");
    assert_eq!((bare.series, bare.value, bare.at), ("metric_without_timestamp_and_labels", 12.47, None));
}

#[test]
fn braces_quotes_and_escapes_in_values_end_nothing() {
    assert_eq!(
        labels(r#"x{path="C:\\DIR\\",error="Cannot find\n\"FILE}\" \d", } 1.458255915e9"#),
        [
            ("__name__", "x".to_owned()),
            ("path", "C:\\DIR\\".to_owned()),
            ("error", "Cannot find\n\"FILE}\" \\d".to_owned()),
        ]
    );
}

#[test]
fn refusals_say_what_was_found_and_expected() {
    for (line, expected) in [
        ("<html>", r#"found "<html>", expected a metric's name, or a comment that begins with #"#),
        ("1x 2", r#"found "1x 2", expected a metric's name, or a comment that begins with #"#),
        ("x", "found the end of the line, expected a value: a decimal number, +Inf, -Inf or NaN"),
        ("x 0x1p3", r#"found "0x1p3", expected a value: a decimal number, +Inf, -Inf or NaN"#),
        ("x 1e999", r#"found "1e999", expected a value: a decimal number, +Inf, -Inf or NaN"#),
        ("x 1 2.5", r#"found "2.5", expected a timestamp in whole milliseconds, or the end of the line"#),
        ("x 1 2 3", r#"found "3", expected the end of the line after value and timestamp"#),
        ("x{", "found the end of the line, expected a label's name, or }"),
        ("x{a", "found the end of the line, expected = after the label a"),
        ("x{a=1} 2", r#"found "1}", expected the value of label a in double quotes"#),
        ("x{a=\"1} 2", "found the end of the line, expected a \" that closes the value of label a"),
        ("x{a=\"1\" b=\"2\"} 2", r#"found "b=\"2\"}", expected , or } after a label's value"#),
        ("x{a=\"1\",a=\"2\"} 2", "found the label a twice, expected each label once"),
        ("x{__name__=\"y\"} 2", "found the label __name__ twice, expected each label once"),
        ("x{a:b=\"2\"} 2", r#"found ":b=\"2\"}", expected = after the label a"#),
        (
            "# TYPE x thing",
            "found \"thing\", expected a type: counter, gauge, histogram, summary, untyped, gaugehistogram, info, \
             stateset or unknown",
        ),
        ("# HELP 1x", "found \"1x\", expected a metric's name"),
    ] {
        assert_eq!(refusal(line, Format::Text), expected, "{line}");
    }
}

#[test]
fn comments_say_something_only_with_their_keyword() {
    let read = |line: &'static str, format| read_line(line.as_bytes(), format).unwrap();
    for line in [
        "",
        "  \t",
        "#",
        "# ",
        "#HELP x y",
        "# HELP",
        "# TYPE ",
        "# help x y",
        "# HELPER",
        "# EOF",
        "# UNIT x s",
        "#\tnote",
    ] {
        assert_eq!(read(line, Format::Text), Line::Nothing, "{line:?}");
    }
    assert_eq!(read_line(b"# \xff", Format::Text), Ok(Line::Nothing));
    let help = |text: &'static str| Line::Help { name: "x", text: text.into() };
    assert_eq!(read("# HELP x", Format::Text), help(""));
    assert_eq!(read("#\t HELP\tx  a \\\\ b\\n\\\"c\\\" ", Format::Text), help("a \\ b\n\\\"c\\\""));
    assert_eq!(read("# HELP x \\\"c\\\"", Format::OpenMetrics), help("\"c\""));
    let kind = |kind| Line::Type { name: "x:y", kind };
    assert_eq!(read("# TYPE x:y untyped", Format::Text), kind(MetricType::Unknown));
    assert_eq!(read("# TYPE x:y histogram\r", Format::Text), kind(MetricType::Histogram));
    assert_eq!(read("# UNIT x", Format::OpenMetrics), Line::Unit { name: "x", unit: "" });
    assert_eq!(read("# EOF", Format::OpenMetrics), Line::End);
}

#[test]
fn values_as_go_writes_them() {
    for (text, value) in [
        ("0", 0.0),
        ("-0", -0.0),
        ("+Inf", f64::INFINITY),
        ("-Inf", f64::NEG_INFINITY),
        ("Inf", f64::INFINITY),
        ("1e+06", 1e6),
        (".5", 0.5),
        ("5.", 5.0),
        ("1.7976931348623157e+308", f64::MAX),
        ("4.9406564584124654e-324", 5e-324),
    ] {
        assert_eq!(sample(&format!("x {text}")).value.to_bits(), value.to_bits(), "{text}");
    }
    assert!(sample("x NaN").value.is_nan());
    for text in ["1_000", "0x10", "one", "1,5", "--1", "∞"] {
        assert!(read_line(format!("x {text}").as_bytes(), Format::Text).is_err(), "{text}");
    }
}

#[test]
fn times_in_either_unit() {
    let at = |line: &'static str, format| match read_line(line.as_bytes(), format) {
        Ok(Line::Sample(sample)) => sample.at,
        other => panic!("{other:?}"),
    };
    assert_eq!(at("x 1 -5", Format::Text), Some(-5));
    assert_eq!(at("x 1 1520879607.789", Format::OpenMetrics), Some(1_520_879_607_789));
    assert_eq!(at("x 1 -1.5e0 # {a=\"b\"} 1", Format::OpenMetrics), Some(-1500));
    assert_eq!(at("x{} 1 # {a=\"b\"} 1 2", Format::OpenMetrics), None);
    for line in ["x 1 9223372036854775808", "x 1 1e3"] {
        assert!(read_line(line.as_bytes(), Format::Text).is_err(), "{line}");
    }
    for line in ["x 1 NaN", "x 1 Inf", "x 1 1e300"] {
        assert!(read_line(line.as_bytes(), Format::OpenMetrics).is_err(), "{line}");
    }
}

#[test]
fn bytes_that_are_no_text_are_named_by_their_place() {
    let error = read_line(b"x{a=\"\xff\"} 1", Format::Text).unwrap_err();
    assert_eq!(error.to_string(), "found bytes that aren't UTF-8 at byte 6, expected UTF-8 text");
}

/// A sample as Prometheus' own libraries write it.
fn written(name: &str, labels: &[(String, String)], value: f64, at: Option<i64>, format: Format) -> String {
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{name}=\"{escaped}\"")
        })
        .collect();
    let value = match value {
        value if value.is_infinite() => format!("{}Inf", if value > 0.0 { '+' } else { '-' }),
        value => format!("{value:?}"),
    };
    let at = match (at, format) {
        (None, _) => String::new(),
        (Some(at), Format::Text) => format!(" {at}"),
        (Some(at), Format::OpenMetrics) => {
            format!(" {}{}.{:03}", if at < 0 { "-" } else { "" }, at.abs() / 1000, at.abs() % 1000)
        }
    };
    format!("{name}{{{}}} {value}{at}", labels.join(","))
}

mod properties {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,20}",
            labels in proptest::collection::btree_map("[a-zA-Z][a-zA-Z0-9_]{0,8}", proptest::string::string_regex("(?s).{0,20}").unwrap(), 0..5),
            bits in any::<u64>(),
            at in proptest::option::of(-9_007_199_254_740i64..9_007_199_254_740),
            open_metrics in any::<bool>(),
        ) {
            let format = if open_metrics { Format::OpenMetrics } else { Format::Text };
            let labels: BTreeMap<String, String> = labels;
            let pairs: Vec<_> = labels.into_iter().collect();
            let value = f64::from_bits(bits);
            let text = written(&name, &pairs, value, at, format);
            let Ok(Line::Sample(sample)) = read_line(text.as_bytes(), format) else {
                panic!("{text:?} gave {:?}", read_line(text.as_bytes(), format));
            };
            prop_assert!(sample.value.to_bits() == value.to_bits() || (sample.value.is_nan() && value.is_nan()));
            prop_assert_eq!(sample.at, at);
            let mut read = sample.labels(LabelLimits::default()).unwrap().into_iter();
            prop_assert_eq!(read.next(), Some(("__name__", name.as_str().into())));
            let read: Vec<_> = read.map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for format in [Format::Text, Format::OpenMetrics] {
                if let Ok(Line::Sample(sample)) = read_line(&bytes, format) {
                    let _ = sample.labels(LabelLimits::default());
                }
            }
        }

        #[test]
        fn anything_like_a_line_is_read_or_refused(line in "(# (HELP|TYPE|UNIT|EOF) ?)?[ax:_é]{0,3}[ \t]?[{]?([ab=,\"\\\\n} 1#]|é){0,30}") {
            for format in [Format::Text, Format::OpenMetrics] {
                if let Ok(Line::Sample(sample)) = read_line(line.as_bytes(), format) {
                    let _ = sample.labels(LabelLimits::default());
                }
            }
        }
    }
}
