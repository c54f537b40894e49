use graftwire_sdk::model::{EpochMillis, Millis, TimeRange};

use super::*;

const SETTINGS: Settings = Settings { period_seconds: 4.0 };

fn query(from: i64, to: i64, step: i64) -> Query {
    let time_range = TimeRange { from: EpochMillis(from), to: EpochMillis(to) };
    Query { time_range, interval: Millis(step), ..Query::default() }
}

fn heights(json: &str, query: &Query) -> Vec<String> {
    let frame = WaveQuery::read(json.as_bytes()).unwrap().answer(query, &SETTINGS).unwrap();
    let field = &frame.fields[1];
    (0..field.len()).map(|row| field.text(row).unwrap().to_string()).collect()
}

#[test]
fn each_shape_has_its_heights() {
    let four_seconds = query(0, 3_000, 1_000);
    assert_eq!(heights(r#"{"shape":"square","amplitude":2}"#, &four_seconds), ["2", "2", "-2", "-2"]);
    assert_eq!(heights(r#"{"shape":"sawtooth"}"#, &four_seconds), ["-1", "-0.5", "0", "0.5"]);
    assert_eq!(heights("", &four_seconds)[1], "1", "a query without a model is a sine");
}

#[test]
fn points_are_bounded_whatever_is_asked() {
    let year = 365 * 86_400_000;
    assert_eq!(heights("", &query(0, year, 0)).len(), 1_001);
    let many = Query { max_data_points: i64::MAX, ..query(0, year, 1) };
    assert!(heights("", &many).len() <= 11_000);
    assert_eq!(heights("", &query(5, 5, 0)).len(), 1);
}

#[test]
fn what_cannot_be_answered_is_told() {
    let error = WaveQuery::read(br#"{"shape":"round"}"#).unwrap_err().to_string();
    assert!(error.contains("unknown variant `round`"), "{error}");
    let error = WaveQuery::default().answer(&query(2, 1, 0), &SETTINGS).unwrap_err().to_string();
    assert!(error.contains("from (2 ms) is after to (1 ms)"), "{error}");
    assert!(WaveQuery::default().answer(&query(i64::MIN, i64::MAX, 0), &SETTINGS).is_err());
}
