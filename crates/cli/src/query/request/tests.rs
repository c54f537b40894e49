//! Requests: what Grafana adds to a model, and what it leaves alone.

use std::time::Duration;

use graftwire_host::PluginSpec;
use graftwire_model::{EpochMillis, FrameFormat, QueryRequest, TimeRange};

use super::{Wanted, build, letters, models};
use crate::plugin::{context, settings::Instance};

fn request(json: &str, wanted: &Wanted) -> Result<QueryRequest, String> {
    let context = context::of(&PluginSpec::of_executable("gpx").with_id("x-datasource"), Instance::default());
    build(&context, &models(&[json.as_bytes().to_vec()])?, wanted)
}

fn an_hour() -> Wanted {
    let range = TimeRange { from: EpochMillis(0), to: EpochMillis(3_600_000) };
    Wanted { range, query_type: None, interval: None, max_data_points: None, format: FrameFormat::Arrow }
}

#[test]
fn a_model_gets_what_grafana_adds() {
    let request = request(r#"{"expr":"up","big":123456789012345678901234567890}"#, &an_hour()).unwrap();
    let query = &request.queries[0];
    assert_eq!((query.ref_id.as_str(), query.max_data_points, query.interval.0), ("A", 1000, 5000));
    assert_eq!(
        std::str::from_utf8(&query.json).unwrap(),
        r#"{"big":123456789012345678901234567890,"datasource":{"type":"x-datasource","uid":"x-datasource"},"expr":"up","intervalMs":5000,"maxDataPoints":1000,"refId":"A"}"#
    );
}

#[test]
fn flags_win_over_the_model_and_the_model_over_defaults() {
    let json = r#"{"maxDataPoints":50,"intervalMs":7,"queryType":"own"}"#;
    let query = request(json, &an_hour()).unwrap().queries.remove(0);
    assert_eq!((query.max_data_points, query.interval.0, query.query_type.as_str()), (50, 7, "own"));
    let wanted = Wanted {
        interval: Some(Duration::from_secs(1)),
        max_data_points: Some(9),
        query_type: Some("flag".to_owned()),
        ..an_hour()
    };
    let query = request(json, &wanted).unwrap().queries.remove(0);
    assert_eq!((query.max_data_points, query.interval.0, query.query_type.as_str()), (9, 1000, "own"));
}

#[test]
fn names_are_given_where_there_are_none() {
    let request = request(r#"[{},{"refId":"A"},{}]"#, &an_hour()).unwrap();
    let names: Vec<&str> = request.queries.iter().map(|query| query.ref_id.as_str()).collect();
    assert_eq!(names, ["B", "A", "C"]);
    assert_eq!(
        (letters(25), letters(26), letters(701), letters(702)),
        ("Z".into(), "AA".into(), "ZZ".into(), "AAA".into())
    );
}

#[test]
fn what_is_no_model_is_refused() {
    for json in ["", "1", "[1]", "{", r#"{"refId":5}"#, r#"[{"refId":"A"},{"refId":"A"}]"#] {
        assert!(request(json, &an_hour()).is_err(), "{json}");
    }
}
