use super::*;
use crate::Timestamp;

fn two_rows() -> Frame {
    Frame::new("cpu")
        .with_field(Field::new("time", vec![Timestamp::EPOCH, Timestamp::from_secs(10)]))
        .with_field(Field::new("usage", vec![Some(0.5), None]).with_labels([("host", "web")]))
}

#[test]
fn rows_refuses_fields_of_different_length_and_names_the_field() {
    assert_eq!(Frame::default().rows().unwrap(), 0);
    assert_eq!(two_rows().rows().unwrap(), 2);
    let uneven = two_rows().with_field(Field::new("n", vec![1i64]));
    assert_eq!(
        uneven.rows().unwrap_err().to_string(),
        r#"field 2 ("n"): found 1 rows, expected 2 as in field 0"#
    );
}

#[test]
fn append_adds_rows_and_widens_to_nullable() {
    let mut frame = Frame::new("").with_field(Field::new("n", vec![1i64]));
    frame.append(Frame::new("ignored").with_field(Field::new("other", vec![None, Some(2i64)]))).unwrap();
    assert_eq!(frame, Frame::new("").with_field(Field::new("n", vec![Some(1i64), None, Some(2)])));
}

#[test]
fn append_refuses_other_columns_and_adds_nothing() {
    let mut frame = two_rows();
    let error = frame.append(Frame::new("").with_field(Field::new("n", vec![1i64]))).unwrap_err();
    assert_eq!(error.to_string(), "append: found 1 columns [int64], expected 2 columns [time.Time, float64]");
    assert_eq!(frame, two_rows());
}

#[test]
fn schema_keeps_everything_but_the_rows() {
    let schema = two_rows().to_schema();
    assert_eq!(schema.rows().unwrap(), 0);
    assert!(schema.fields[1].is_nullable());
    assert_eq!(schema.fields[1].labels, two_rows().fields[1].labels);
}
