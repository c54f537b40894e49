//! Series: names, gaps, and what is left out.

use graftwire_frame::{Field, FieldConfig, Frame, Timestamp};

use super::{of_frame, printable};

fn times() -> Field {
    Field::new("time", vec![Timestamp::from_secs(1), Timestamp::from_secs(2)])
}

#[test]
fn a_wide_frame_has_a_series_per_number() {
    let frame = Frame::new("cpu")
        .with_field(times())
        .with_field(Field::new("Value", vec![Some(1.5), None]).with_labels([("mode", "user")]))
        .with_field(Field::new("load", vec![f64::NAN, 3.0]));
    let series = of_frame(&frame);
    assert_eq!(series[0].name, "cpu{mode=user}");
    assert_eq!(series[0].points[1], (Timestamp::from_secs(2), None));
    assert_eq!((series[1].name.as_str(), series[1].points[0].1), ("load", None));
}

#[test]
fn a_long_frame_is_taken_apart_by_its_texts() {
    let frame = Frame::new("")
        .with_field(times())
        .with_field(Field::new("host", vec!["a", "b"]))
        .with_field(Field::new("n", vec![1_i64, 2]));
    let names: Vec<String> = of_frame(&frame).into_iter().map(|series| series.name).collect();
    assert_eq!(names, ["n{host=a}", "n{host=b}"]);
}

#[test]
fn a_frame_without_times_or_numbers_has_none() {
    assert!(of_frame(&Frame::new("").with_field(Field::new("n", vec![1_i64]))).is_empty());
    assert!(of_frame(&Frame::new("").with_field(times())).is_empty());
}

#[test]
fn display_names_win() {
    let field = Field::new("v", vec![1.0, 2.0])
        .with_labels([("a", "b")])
        .with_config(FieldConfig { display_name_from_ds: "Load".to_owned(), ..FieldConfig::default() });
    assert_eq!(of_frame(&Frame::new("x").with_field(times()).with_field(field))[0].name, "Load");
}

#[test]
fn text_can_not_steer_a_terminal() {
    assert_eq!(printable("a\x1b[2Jb\nc\u{202e}ä"), "a\\u{1b}[2Jb\\nc\\u{202e}ä");
}
