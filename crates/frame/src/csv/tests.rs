use super::*;
use crate::{EnumIndex, Field, FieldConfig, Timestamp};

#[test]
fn every_kind_of_cell() {
    let frame = Frame::new("f")
        .with_field(Field::new("time", vec![Timestamp::from_nanos(1), Timestamp::EPOCH]))
        .with_field(
            Field::new("v", vec![f64::NAN, f64::NEG_INFINITY]).with_labels([("host", "a"), ("dc", "b")]),
        )
        .with_field(Field::new("text, \"quoted\"", vec![Some("a,b\n\"c\""), Some("")]))
        .with_field(Field::new("n", vec![None, Some(0.1f32)]))
        .with_field(
            Field::new("state", vec![EnumIndex(1), EnumIndex(7)])
                .with_config(FieldConfig::with_enum(["a", "b"])),
        );
    assert_eq!(
        to_string(&frame),
        "time,\"v {dc=b, host=a}\",\"text, \"\"quoted\"\"\",n,state\r\n\
         1970-01-01T00:00:00.000000001Z,NaN,\"a,b\n\"\"c\"\"\",,b\r\n\
         1970-01-01T00:00:00Z,-Inf,\"\",0.1,7\r\n"
    );
}

#[test]
fn frames_without_rows_or_fields() {
    assert_eq!(to_string(&Frame::new("f")), "");
    assert_eq!(to_string(&Frame::new("f").with_field(Field::new("v", Vec::<i64>::new()))), "v\r\n");
}
