use std::time::Duration;

use graftwire_model::EpochMillis;

use super::*;

fn model(min_step: &str, interval: i64, points: i64) -> QueryModel {
    QueryModel {
        min_step: min_step.to_owned(),
        interval,
        max_data_points: points,
        interval_factor: 1,
        ..QueryModel::default()
    }
}

fn steps(model: &QueryModel, seconds: i64) -> Steps {
    let range = TimeRange { from: EpochMillis(0), to: EpochMillis(seconds * 1000) };
    Steps::of(model, range, &QuerySettings::default()).unwrap()
}

/// Values of Go's `gtime.RoundInterval`, from the SDK that plugins in Go use.
#[test]
fn rounds_as_grafana_does() {
    for (from, to) in [
        (0, 1),
        (10, 1),
        (11, 10),
        (15, 10),
        (35, 20),
        (75, 50),
        (149, 100),
        (151, 200),
        (999, 1000),
        (1500, 1000),
        (1501, 2000),
        (3500, 2000),
        (12_500, 10_000),
        (25_001, 30_000),
        (90_000, 60_000),
        (90_001, 120_000),
        (449_999, 300_000),
        (1_050_000, 900_000),
        (2_700_001, 3_600_000),
        (5_400_000, 3_600_000),
        (9_000_001, 10_800_000),
        (16_200_000, 10_800_000),
        (32_400_001, 43_200_000),
        (86_400_000, 43_200_000),
        (172_800_001, 86_400_000),
        (604_800_001, 604_800_000),
        (1_814_400_001, 2_592_000_000),
        (63_071_999_999, 2_592_000_000),
        (63_072_000_000, 31_536_000_000),
        (99_999_999_999, 31_536_000_000),
    ] {
        assert_eq!(rounded(from), to, "{from}");
    }
}

#[test]
fn the_step_fits_points_and_least_step() {
    // An hour in 1000 points is 3.6 s, rounded to 5 s; the least step is larger or not.
    assert_eq!(steps(&model("", 0, 1000), 3600).step, 15_000, "the distance of samples");
    assert_eq!(steps(&model("1s", 0, 1000), 3600).step, 5_000);
    assert_eq!(steps(&model("", 2000, 1000), 3600).step, 5_000, "what the front end computed");
    assert_eq!(steps(&model("30s", 2000, 1000), 3600).step, 30_000, "what the user wrote comes first");
    assert_eq!(steps(&model("0s", 2000, 1000), 3600).step, 5_000, "0s is as good as empty");
    assert_eq!(steps(&model("$__interval", 2000, 1000), 3600).step, 5_000);
    assert_eq!(steps(&model("", 20_000, 0), 3600).step, 20_000, "without points 1500 are aimed at");
    let factor = QueryModel { interval_factor: 3, ..model("10s", 0, 1000) };
    assert_eq!(steps(&factor, 3600).step, 30_000);
}

#[test]
fn no_step_gives_too_many_points() {
    // 30 days in steps of 1 s would be 2.6 million; 11,000 steps need 235.6 s, and the next round step is 300 s.
    assert_eq!(steps(&model("1s", 0, 1_000_000), 30 * 86_400).step, 300_000);
    // 16,450 s in 11,000 steps is 1.4955 s, which Grafana rounds down to 1 s and then asks for too many points.
    assert_eq!(steps(&model("1s", 0, 1_000_000), 16_450).step, 2_000);
    assert_eq!(steps(&model("1s", 0, 1_000_000), 11_000).step, 1_000);
    for span in [0, 1, 10, 100_000, 31_536_000, 3_000_000_000, 1 << 53] {
        let step = enlarged(1, span);
        assert!(step >= 1 && span / step <= MOST_STEPS, "{span}: {step}");
    }
}

#[test]
fn the_rate_interval_holds_four_samples_and_spans_a_step() {
    assert_eq!(steps(&model("", 15_000, 1000), 3600).rate_interval, 60_000);
    assert_eq!(steps(&model("", 60_000, 1000), 3600).rate_interval, 75_000);
    assert_eq!(steps(&model("30s", 0, 1000), 3600).rate_interval, 120_000);
    let as_step = steps(&model("$__rate_interval", 15_000, 1000), 3600);
    assert_eq!((as_step.step, as_step.rate_interval), (60_000, 60_000));
    let every_second = QuerySettings { scrape_interval: Duration::from_secs(1), ..QuerySettings::default() };
    let range = TimeRange { from: EpochMillis(0), to: EpochMillis(300_000) };
    let steps = Steps::of(&model("", 1000, 1000), range, &every_second).unwrap();
    assert_eq!((steps.step, steps.rate_interval), (1000, 4000));
}

#[test]
fn durations_as_users_write_them() {
    for (text, millis) in [
        ("15s", 15_000),
        ("1m30s", 90_000),
        ("1.5h", 5_400_000),
        (">10s", 10_000),
        ("< 5", 5_000),
        ("10", 10_000),
        ("2d", 172_800_000),
        ("1w", 604_800_000),
        ("1M", 2_629_800_000),
        ("250ms", 250),
        ("0", 0),
    ] {
        assert_eq!(parsed(text).unwrap(), millis, "{text}");
    }
    for text in ["1D", "d", "1d2h", "1h 2m", "-3m", "1.5d", "$min", "1e99s", "9999999999999y"] {
        let error = parsed(text).unwrap_err().to_string();
        assert!(error.starts_with("query.interval: found \""), "{error}");
        assert!(error.ends_with("expected a duration such as 15s, 1m30s or 2d"), "{error}");
    }
}

#[test]
fn durations_as_promql_reads_them() {
    for (millis, text) in [
        (1, "1ms"),
        (15_000, "15s"),
        (90_000, "1m30s"),
        (1500, "1s500ms"),
        (3_600_000, "1h"),
        (90_061_001, "1d1h1m1s1ms"),
        (0, "0s"),
    ] {
        assert_eq!(written(millis), text);
        let read = crate::promql::Query::parse(&format!("a[{text}]"));
        assert_eq!(read.is_ok(), millis > 0, "{text}");
    }
}
