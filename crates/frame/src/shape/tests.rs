use std::time::Duration;

use super::*;

fn times(seconds: impl IntoIterator<Item = i64>) -> Field {
    Field::new("time", seconds.into_iter().map(Timestamp::from_secs).collect::<Vec<_>>())
}

fn long() -> Frame {
    Frame::new("f")
        .with_field(times([1, 1, 2]))
        .with_field(Field::new("v", vec![1.0, 2.0, 3.0]))
        .with_field(Field::new("host", vec!["a", "b", "a"]))
}

#[test]
fn schemas_by_columns() {
    let schema = SeriesSchema::of(&long()).unwrap();
    assert_eq!(schema, SeriesSchema { shape: SeriesShape::Long, time: 0, factors: vec![2], values: vec![1] });
    let wide =
        Frame::new("").with_field(Field::new("v", vec![1i8])).with_field(times([1])).with_field(times([1]));
    assert_eq!(
        SeriesSchema::of(&wide),
        Some(SeriesSchema { shape: SeriesShape::Wide, time: 1, factors: vec![], values: vec![0, 2] })
    );
    assert_eq!(SeriesSchema::of(&Frame::new("").with_field(times([1]))), None);
    assert_eq!(SeriesSchema::of(&Frame::default()), None);
}

#[test]
fn long_to_wide_and_back() {
    let wide = long_to_wide(&long(), Some(Fill::Null)).unwrap();
    let titles: Vec<_> = wide.fields.iter().map(|field| field.title().into_owned()).collect();
    assert_eq!(titles, ["time", "v {host=a}", "v {host=b}"]);
    assert_eq!(wide.fields[2].values, Values::from(vec![Some(2.0), None]));
    let back = wide_to_long(&wide).unwrap();
    assert_eq!(back.field("host").unwrap().values, Values::from(vec!["a", "b", "a", "b"]));
    assert_eq!(back.field("v").unwrap().values, Values::from(vec![Some(1.0), Some(2.0), Some(3.0), None]));
}

#[test]
fn errors_say_what_was_found_and_what_to_do() {
    let message = |result: Result<Frame, ShapeError>| result.unwrap_err().to_string();
    assert_eq!(message(wide_to_long(&long())), "found a long time series, expected a wide time series");
    assert_eq!(
        message(long_to_wide(&Frame::default(), None)),
        "found no time series, expected a long time series"
    );
    assert_eq!(
        message(long_to_wide(&long().with_field(Field::new("host", vec![true; 3])), None)),
        "field 3 (\"host\"): found a second dimension of that name"
    );
    assert_eq!(
        message(long_to_wide_within(&long(), None, 5)),
        "the result would have 2 rows and 3 fields, the limit is 5 cells; filter or aggregate"
    );
    let mut unsorted = long();
    unsorted.fields[0] = times([1, 2, 1]);
    assert_eq!(
        message(long_to_wide(&unsorted, None)),
        "row 2: the time is before that of the row above; sort the rows by time, ascending"
    );
    let uneven = long().with_field(Field::new("n", vec![1i8]));
    assert_eq!(
        message(long_to_wide(&uneven, None)),
        "field 3 (\"n\"): found 1 rows, expected 3 as in field 0"
    );
}

#[test]
fn zeros_of_plain_columns_are_those_of_go() {
    let frame = Frame::new("")
        .with_field(times([1, 2]))
        .with_field(Field::new("host", vec!["a", "b"]))
        .with_field(Field::new("at", vec![Timestamp::EPOCH; 2]))
        .with_field(Field::new("n", vec![7u8; 2]));
    let wide = long_to_wide(&frame, None).unwrap();
    assert_eq!(wide.fields[1].values, Values::from(vec![Timestamp::EPOCH, Timestamp::YEAR_ONE]));
    assert_eq!(wide.fields[4].values, Values::from(vec![0u8, 7]));
}

#[test]
fn resampling_edges() {
    let frame = Frame::new("").with_field(times([10, 11, 30])).with_field(Field::new("v", vec![1i64, 2, 3]));
    let steps = |from, to, step, fill| Resample {
        from: Timestamp::from_secs(from),
        to: Timestamp::from_secs(to),
        step: Duration::from_secs(step),
        fill,
    };
    assert_eq!(resample(&frame, &steps(0, 100, 0, None)).unwrap(), frame);
    assert_eq!(resample(&frame, &steps(5, 4, 1, None)).unwrap().rows().unwrap(), 0);
    let sampled = resample(&frame, &steps(10, 30, 10, Some(Fill::Previous))).unwrap();
    assert_eq!(sampled.fields[1].values, Values::from(vec![1i64, 2, 3]));
    let sampled = resample(&frame, &steps(0, 20, 10, Some(Fill::Null))).unwrap();
    assert_eq!(sampled.fields[1].values, Values::from(vec![None, Some(1i64), Some(2)]));
    let error = resample(&frame, &steps(0, i64::MAX / 1_000_000_000, 1, None)).unwrap_err();
    assert!(matches!(error, ShapeError::TooLarge { fields: 2, .. }), "{error}");
    let everywhere =
        Resample { from: Timestamp::MIN, to: Timestamp::MAX, step: Duration::from_nanos(1), fill: None };
    assert!(matches!(resample(&frame, &everywhere), Err(ShapeError::TooLarge { .. })));
    let once = Resample { step: Duration::MAX, ..everywhere };
    assert_eq!(resample(&frame, &once).unwrap().rows().unwrap(), 1);
}
