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
            "found \"thing\", expected a type: counter, gauge, histogram, summary, untyped, unknown, \
          gaugehistogram, info, stateset",
        ),
        ("# HELP", "found the end of the line, expected a metric's name"),
    ] {
        assert_eq!(refusal(line, Format::Text), expected, "{line}");
    }
}
