use graftwire_frame::{FrameType, Values};
use graftwire_model::{ErrorSource, Millis, Query};
use proptest::prelude::*;

use super::*;
use crate::series::{
    Labels, METRIC_NAME, Matcher, STALE_NAN_BITS, Sample, SelectLimits, SeriesData, SourceError,
};

/// Two machines with two counters each, a sample every 15 s in the first hour of 1970 (from 00:00:15).
struct Machines;

impl SeriesSource for Machines {
    fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        _: SelectLimits,
    ) -> Result<Vec<SeriesData>, SourceError> {
        let series = |host: &str, mode: &str, slope: f64| SeriesData {
            labels: labels(&[(METRIC_NAME, "cpu_total"), ("host", host), ("mode", mode)]),
            samples: (1..=240).map(|i| Sample { at: i * 15_000, value: slope * (i * 15) as f64 }).collect(),
        };
        let bucket = |le: &str, count: f64| SeriesData {
            labels: labels(&[(METRIC_NAME, "lat_bucket"), ("le", le)]),
            samples: (1..=240).map(|i| Sample { at: i * 15_000, value: count }).collect(),
        };
        let mut all = vec![
            series("a", "idle", 1.0),
            series("a", "user", 2.0),
            series("b", "idle", 3.0),
            bucket("+Inf", 10.0),
            bucket("0.5", 4.0),
            bucket("1", 9.0),
        ];
        if let Some(last) = all.get_mut(2).and_then(|series| series.samples.last_mut()) {
            last.value = f64::from_bits(STALE_NAN_BITS);
        }
        all.retain(|series| matchers.iter().all(|matcher| matcher.matches(&series.labels)));
        for series in &mut all {
            series.samples.retain(|sample| (from..=to).contains(&sample.at));
        }
        all.retain(|series| !series.samples.is_empty());
        Ok(all)
    }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::new(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))
}

/// From 00:10:07 to 00:12:09.
fn query(json: &str) -> Query {
    Query {
        ref_id: "A".to_owned(),
        max_data_points: 1000,
        interval: Millis(15_000),
        time_range: TimeRange { from: EpochMillis(607_000), to: EpochMillis(729_000) },
        json: json.to_owned().into(),
        ..Query::default()
    }
}

fn asked(json: &str) -> Vec<Frame> {
    frames(&Machines, &query(json), &QuerySettings::default(), &|| false)
        .unwrap_or_else(|e| panic!("{json}: {e}"))
}

fn refused(json: &str) -> (i32, Option<ErrorSource>, String) {
    let response = answer(&Machines, &query(json), FrameFormat::Json, &QuerySettings::default(), &|| false);
    assert!(response.frames.is_empty() && response.is_error(), "{json}");
    (response.status, response.error_source, response.error)
}

/// The frame's JSON, as Grafana's pages get it.
fn json(frame: &Frame) -> String {
    let encoded = frame.encode(FrameFormat::Json).unwrap().into_bytes();
    String::from_utf8(encoded.to_vec()).unwrap()
}

fn numbers(frame: &Frame, field: usize) -> Vec<f64> {
    match &frame.fields[field].values {
        Values::Float64(column) => column.iter().map(|value| value.unwrap_or(f64::NAN)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_range_is_a_frame_per_series_on_aligned_steps() {
    let frames = asked(
        r#"{"expr":"irate(cpu_total{mode=\"idle\"}[1m])","range":true,"legendFormat":"{{host}} / {{ mode }}{{none}}"}"#,
    );
    assert_eq!(frames.len(), 2);
    assert_eq!(
        json(&frames[0]),
        concat!(
            r#"{"schema":{"refId":"A","meta":{"type":"timeseries-multi","typeVersion":[0,1],"#,
            r#""custom":{"resultType":"matrix"},"#,
            r#""executedQueryString":"Expr: irate(cpu_total{mode=\"idle\"}[1m])\nStep: 15s"},"#,
            r#""fields":[{"name":"Time","type":"time","typeInfo":{"frame":"time.Time"},"config":{"interval":15000}},"#,
            r#"{"name":"Value","type":"number","typeInfo":{"frame":"float64"},"labels":{"host":"a","mode":"idle"},"#,
            r#""config":{"displayNameFromDS":"a / idle"}}]},"#,
            r#""data":{"values":[[600000,615000,630000,645000,660000,675000,690000,705000,720000],[1,1,1,1,1,1,1,1,1]]}}"#,
        )
    );
    assert_eq!(numbers(&frames[1], 1), [3.0; 9]);
    assert_eq!(frames[1].meta.as_ref().unwrap().executed_query_string, "", "once is enough");
}

#[test]
fn steps_are_aligned_in_the_user_s_time_zone() {
    let starts = |offset: i64| {
        let text = format!(r#"{{"expr":"time()","interval":"1m","utcOffsetSec":{offset}}}"#);
        numbers(&asked(&text)[0], 1)
    };
    assert_eq!(starts(0), [600.0, 660.0, 720.0]);
    assert_eq!(starts(3600), [600.0, 660.0, 720.0]);
    assert_eq!(starts(15), [585.0, 645.0, 705.0]);
    assert_eq!(starts(-15), [555.0, 615.0, 675.0]);
}

#[test]
fn an_instant_is_a_number_per_series_at_the_end_of_the_range() {
    let frames = asked(r#"{"expr":"sum by (host) (cpu_total)","instant":true,"range":false}"#);
    assert_eq!(
        json(&frames[0]),
        concat!(
            r#"{"schema":{"refId":"A","meta":{"type":"numeric-multi","typeVersion":[0,1],"custom":{"resultType":"vector"},"#,
            r#""executedQueryString":"Expr: sum by (host) (cpu_total)\nStep: 15s"},"#,
            r#""fields":[{"name":"Time","type":"time","typeInfo":{"frame":"time.Time"}},"#,
            r#"{"name":"Value","type":"number","typeInfo":{"frame":"float64"},"labels":{"host":"a"},"#,
            r#""config":{"displayNameFromDS":"{host=\"a\"}"}}]},"data":{"values":[[729000],[2160]]}}"#,
        )
    );
    assert_eq!(frames.len(), 2);
    let both = asked(r#"{"expr":"sum(cpu_total)","instant":true,"range":true}"#);
    let types: Vec<_> = both.iter().map(|frame| frame.meta.clone().unwrap().frame_type).collect();
    assert_eq!(types, [FrameType::TIMESERIES_MULTI, FrameType::NUMERIC_MULTI]);
    assert_eq!(
        asked(r#"{"expr":"sum(cpu_total)","queryType":"instant"}"#)[0].meta.clone().unwrap().frame_type,
        FrameType::NUMERIC_MULTI
    );
    assert_eq!(
        asked(r#"{"expr":"1","range":false,"instant":false}"#)[0].rows().unwrap(),
        9,
        "old dashboards"
    );
}

#[test]
fn a_range_of_as_many_points_as_are_allowed_is_answered() {
    for (from, to) in [(0, 11_000_000), (999, 11_000_998), (1, 16_450_000), (0, 30 * 86_400_000)] {
        let asked = Query {
            max_data_points: 1_000_000,
            time_range: TimeRange { from: EpochMillis(from), to: EpochMillis(to) },
            ..query(r#"{"expr":"vector(1)","interval":"1s"}"#)
        };
        let frames = frames(&Machines, &asked, &QuerySettings::default(), &|| false).unwrap();
        assert!(frames[0].rows().unwrap() > 5_000, "{from} {to}");
    }
}

#[test]
fn other_kinds_of_answers() {
    let kind = |frame: &Frame| frame.meta.clone().unwrap().custom.unwrap().as_str().to_owned();
    let scalar = asked(r#"{"expr":"1 + 1","instant":true}"#);
    assert_eq!(
        (kind(&scalar[0]).as_str(), numbers(&scalar[0], 1)),
        (r#"{"resultType":"scalar"}"#, vec![2.0])
    );
    let text = asked(r#"{"expr":"\"hi\"","instant":true}"#);
    assert_eq!(kind(&text[0]), r#"{"resultType":"string"}"#);
    assert!(json(&text[0]).contains(r#"["hi"]"#));
    let matrix = asked(r#"{"expr":"cpu_total[30s]","instant":true}"#);
    assert_eq!((kind(&matrix[0]).as_str(), matrix.len()), (r#"{"resultType":"matrix"}"#, 3));
    assert_eq!(numbers(&matrix[0], 1), [705.0, 720.0]);
}

#[test]
fn no_data_is_one_typed_frame_without_fields() {
    for (text, kind) in [
        (r#"{"expr":"none"}"#, "timeseries-multi"),
        (r#"{"expr":"none","instant":true}"#, "numeric-multi"),
        (r#"{"expr":"none","format":"table"}"#, "timeseries-long"),
        (r#"{"expr":"none","format":"table","instant":true}"#, "numeric-long"),
        (r#"{"expr":"none","format":"heatmap"}"#, "timeseries-multi"),
    ] {
        let frames = asked(text);
        assert_eq!(frames.len(), 1, "{text}");
        assert!(frames[0].fields.is_empty(), "{text}");
        let meta = frames[0].meta.clone().unwrap();
        assert_eq!(meta.frame_type.as_str(), kind, "{text}");
        assert!(meta.executed_query_string.starts_with("Expr: none"), "{text}");
    }
}

#[test]
fn tables_have_a_column_per_label() {
    let frames = asked(r#"{"expr":"cpu_total * 0 + 1 or vector(7)","instant":true,"format":"table"}"#);
    assert_eq!(frames.len(), 1);
    let written = json(&frames[0]);
    assert!(written.contains(r#""type":"numeric-long""#), "{written}");
    assert!(
        written.ends_with(
            r#""data":{"values":[[729000,729000,729000,729000],[null,"a","a","b"],[null,"idle","user","idle"],[7,1,1,1]]}}"#
        ),
        "{written}"
    );
    let frames = asked(r#"{"expr":"cpu_total{host=\"a\"}","format":"table","interval":"1m"}"#);
    let written = json(&frames[0]);
    assert!(written.contains(r#""type":"timeseries-long""#), "{written}");
    assert!(
        written.contains(r#"[600000,600000,660000,660000,720000,720000]"#),
        "in order of time: {written}"
    );
}

#[test]
fn heat_maps_hold_what_lies_between_the_bounds() {
    let frames = asked(r#"{"expr":"lat_bucket","format":"heatmap","interval":"1m"}"#);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].meta.clone().unwrap().frame_type, FrameType::HEATMAP_ROWS);
    let names: Vec<_> = frames[0].fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["Time", "0.5", "1", "+Inf"]);
    assert_eq!(
        [numbers(&frames[0], 1)[0], numbers(&frames[0], 2)[0], numbers(&frames[0], 3)[0]],
        [4.0, 5.0, 1.0]
    );
    let mixed = asked(r#"{"expr":"{__name__=~\".+\"}","format":"heatmap"}"#);
    assert_eq!(mixed.len(), 6, "series without a bound are shown as they are");
}

#[test]
fn legends() {
    let name = |format: &str, labels: &Labels| legend::name(format, labels, "the expr");
    let some = labels(&[(METRIC_NAME, "m"), ("a", "1")]);
    assert_eq!(name("", &some).as_deref(), Some("m{a=\"1\"}"));
    assert_eq!(name("", &Labels::default()).as_deref(), Some("the expr"));
    assert_eq!(name("__auto", &some), None, "the front end compares the labels of all series");
    assert_eq!(name("__auto", &Labels::default()).as_deref(), Some("the expr"));
    assert_eq!(name("{{ a }}-{{__name__}}-{{b}}", &some).as_deref(), Some("1-m-"));
    assert_eq!(name("{{b}}", &some).as_deref(), Some("the expr"));
    assert_eq!(name("{{a", &some).as_deref(), Some("{{a"));
}

#[test]
fn variables_are_replaced_here() {
    let steps = Steps { step: 90_000, rate_interval: 150_000 };
    let range = TimeRange { from: EpochMillis(0), to: EpochMillis(3_599_600) };
    let replaced = |text: &str| variables::replaced(text, &steps, range);
    assert_eq!(replaced("rate(a[$__rate_interval])"), "rate(a[2m30s])");
    assert_eq!(replaced("a[${__interval}] + $__interval_ms"), "a[1m30s] + 90000");
    assert_eq!(replaced("$__range $__range_s ${__range_ms}"), "3600s 3600 3599600");
    assert_eq!(replaced("${__rate_interval_ms}"), "150000");
    assert_eq!(replaced("$other ${other} $ ${open $"), "$other ${other} $ ${open $");
    let frames = asked(r#"{"expr":"increase(cpu_total[$__range])"}"#);
    assert!(
        frames[0].meta.clone().unwrap().executed_query_string.starts_with("Expr: increase(cpu_total[122s])")
    );
    let (status, _, error) = refused(r#"{"expr":"rate(a[$window])"}"#);
    assert_eq!(
        (status, error.as_str()),
        (
            400,
            "line 1, column 8: found `$`, expected no variable: this one was not replaced by the dashboard"
        )
    );
}

#[test]
fn live_expressions_know_the_variables_of_time_too() {
    let text =
        super::live_expression("rate(a[$__rate_interval]) + b[$__interval] + $__range_s", 1000, 60_000);
    assert_eq!(text, "rate(a[4s]) + b[1s] + 60");
}

#[test]
fn ad_hoc_filters_narrow_every_selector() {
    let frames = asked(
        r#"{"expr":"cpu_total + on (host, mode) sum by (host, mode) (rate(cpu_total[1m]))","instant":true,
            "adhocFilters":[{"key":"host","operator":"=","value":"a"},{"key":"mode","operator":"=|","values":["user","x.y"]}]}"#,
    );
    assert_eq!(frames.len(), 1);
    assert_eq!(
        frames[0].meta.clone().unwrap().executed_query_string,
        "Expr: cpu_total + on (host, mode) sum by (host, mode) (rate(cpu_total[1m]))\nStep: 15s\n\
         Filters: host=\"a\", mode=~\"user|x\\\\.y\""
    );
    for (filters, wanted) in [
        (r#"{}"#, "found an object, expected a list"),
        (r#"[1]"#, "found the number 1, expected objects with the texts key, operator and value"),
        (
            r#"[{"key":"a","operator":"<","value":"1"}]"#,
            "found the operator \"<\", expected a label, an operator of PromQL, and a value that fits it",
        ),
        (
            r#"[{"key":"a","operator":"=~","value":"("}]"#,
            "found the pattern \"(\", which can't be used: found open group without closing ')', expected a label, an operator of PromQL, and a value that fits it",
        ),
    ] {
        let (status, _, error) = refused(&format!(r#"{{"expr":"a","adhocFilters":{filters}}}"#));
        assert_eq!((status, error), (400, format!("query.adhocFilters: {wanted}")));
    }
}

#[test]
fn warnings_become_notices() {
    let frames = asked(r#"{"expr":"quantile(2, cpu_total)","instant":true}"#);
    let notices = &frames[0].meta.as_ref().unwrap().notices;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].text, "line 1, column 10: the quantile should be between 0 and 1, found 2");
}

#[test]
fn what_a_query_may_leave_out_or_write_otherwise() {
    for text in [
        r#"{"expr":"1"}"#,
        r#"{"expr":"1","format":2,"legendFormat":null,"interval":null,"intervalMs":"15000","maxDataPoints":1e3,"exemplar":true,"editorMode":"code","datasource":{"uid":"x"},"unknown":[1]}"#,
        r#" {"expr":"1","utcOffsetSec":-1e99,"intervalFactor":-5} "#,
    ] {
        assert_eq!(asked(text)[0].rows().unwrap(), 9, "{text}");
    }
}

#[test]
fn errors_name_the_field_and_whose_fault_it_is() {
    for (text, wanted) in [
        (r#"{"expr":5}"#, "query.expr: found the number 5, expected a text"),
        (r#"{"expr":"1","instant":"yes"}"#, "query.instant: found the text \"yes\", expected true or false"),
        (
            r#"{"expr":"1","format":"logs"}"#,
            "query.format: found \"logs\", expected time_series, table or heatmap",
        ),
        (r#"{"expr":"1","format":{}}"#, "query.format: found an object, expected a text"),
        (r#"{"expr":"1","intervalMs":true}"#, "query.intervalMs: found true, expected a number"),
        (
            r#"{"expr":"1","interval":"often"}"#,
            "query.interval: found \"often\", expected a duration such as 15s, 1m30s or 2d",
        ),
        ("", "line 1, column 1: found an empty query, expected an expression"),
        (
            r#"{"expr":"a["}"#,
            "line 1, column 3: found the end of the query, expected a duration such as `5m`",
        ),
    ] {
        assert_eq!(refused(text), (400, Some(ErrorSource::Downstream), wanted.to_owned()), "{text}");
    }
    let (status, _, error) = refused("[1]");
    assert!(status == 400 && error.starts_with("query: found text that is no JSON object"), "{error}");
    let backwards = Query {
        time_range: TimeRange { from: EpochMillis(2), to: EpochMillis(1) },
        ..query(r#"{"expr":"1"}"#)
    };
    let failure = frames(&Machines, &backwards, &QuerySettings::default(), &|| false).unwrap_err();
    assert_eq!(failure.to_string(), "query.timeRange: found from 2 after to 1, expected from before to");
}

#[test]
fn a_broken_store_is_the_plugin_s_fault_and_a_stopped_query_is_not() {
    struct Broken;
    impl SeriesSource for Broken {
        fn select(
            &self,
            _: &[Matcher],
            _: i64,
            _: i64,
            _: SelectLimits,
        ) -> Result<Vec<SeriesData>, SourceError> {
            Err(SourceError::Broken("disk on fire".into()))
        }
    }
    let ask = |source: &dyn SeriesSource, cancelled: bool| {
        let settings = QuerySettings::default();
        answer(source, &query(r#"{"expr":"a"}"#), FrameFormat::Arrow, &settings, &|| cancelled)
    };
    let broken = ask(&Broken, false);
    assert_eq!((broken.status, broken.error_source), (500, Some(ErrorSource::Plugin)));
    assert_eq!(broken.error, "the samples can't be read: can't read the store: disk on fire");
    let stopped = ask(&Machines, true);
    assert_eq!((stopped.status, stopped.error_source), (504, Some(ErrorSource::Downstream)));
}

#[test]
fn the_answer_comes_in_the_format_that_is_asked_for() {
    for format in [FrameFormat::Arrow, FrameFormat::Json] {
        let json = query(r#"{"expr":"cpu_total / 0","range":true,"instant":true}"#);
        let response = answer(&Machines, &json, format, &QuerySettings::default(), &|| false);
        assert_eq!((response.status, response.error.as_str()), (200, ""));
        let decoded: Vec<Frame> = response.frames.iter().map(|frame| Frame::decode(frame).unwrap()).collect();
        assert!(response.frames.iter().all(|frame| frame.format == format));
        assert_eq!(decoded, frames(&Machines, &json, &QuerySettings::default(), &|| false).unwrap());
    }
}

proptest! {
    #[test]
    fn whatever_the_json_and_the_times_nothing_panics(
        expr in "(1|cpu_total|rate\\(cpu_total\\[\\$__rate_interval\\]\\)|lat_bucket\\[1m\\]|\"x\"|\\$__range_ms)",
        format in "(\"time_series\"|\"table\"|\"heatmap\"|3|null)",
        interval in "(\"\"|\"1s\"|\"1M\"|\"\\$__interval\"|\"\\$\\{__rate_interval\\}\"|\"1ns\")",
        instant in any::<bool>(),
        range in any::<bool>(),
        factor in any::<i64>(),
        points in any::<i64>(),
        millis in any::<i64>(),
        offset in any::<i64>(),
        from in prop_oneof![any::<i64>(), 0..1_000_000_i64],
        length in prop_oneof![any::<i64>(), 0..10_000_000_i64],
    ) {
        let json = format!(
            r#"{{"expr":{},"format":{format},"interval":{interval},"instant":{instant},"range":{range},
               "intervalFactor":{factor},"maxDataPoints":{points},"intervalMs":{millis},"utcOffsetSec":{offset}}}"#,
            serde_json::Value::from(expr)
        );
        let asked = Query {
            time_range: TimeRange { from: EpochMillis(from), to: EpochMillis(from.saturating_add(length)) },
            ..query(&json)
        };
        let response = answer(&Machines, &asked, FrameFormat::Arrow, &QuerySettings::default(), &|| false);
        prop_assert_ne!(response.status, 500, "{}", response.error);
        prop_assert_eq!(response.is_error(), response.frames.is_empty(), "{}", json);
    }

    #[test]
    fn any_json_is_an_answer_or_an_error_of_the_user(text in "\\PC*") {
        let response = answer(&Machines, &query(&text), FrameFormat::Json, &QuerySettings::default(), &|| false);
        prop_assert!(response.status == 400 || response.status == 200);
    }
}
