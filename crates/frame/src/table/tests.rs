use super::*;
use crate::Timestamp;

fn frame() -> Frame {
    let times = [1_714_979_289, 1_714_979_299, 1_714_979_309].map(Timestamp::from_secs);
    Frame::new("cpu")
        .with_ref_id("A")
        .with_field(Field::new("time", times.to_vec()))
        .with_field(
            Field::new("usage", vec![Some(0.25), None, Some(f64::NAN)]).with_labels([("host", "web")]),
        )
        .with_field(Field::new("名前", vec!["日本語", "b", "c"]))
}

#[test]
fn columns_are_aligned_and_rows_are_bounded() {
    let expected = "\
cpu (A): 3 fields, 3 rows
time                  usage              名前
                      host=web
time.Time             float64, nullable  string
--------------------  -----------------  ------
2024-05-06T07:08:09Z               0.25  日本語
2024-05-06T07:08:19Z               null  b
… 1 more row
";
    assert_eq!(render(&frame(), &TableLimits::default().with_rows(2)), expected);
}

#[test]
fn fields_are_bounded() {
    let text = render(&frame(), &TableLimits::default().with_fields(1));
    assert!(text.starts_with("cpu (A): 3 fields, 3 rows, the first 1 fields shown\ntime\n"), "{text}");
}

#[test]
fn nothing_steers_the_terminal_and_long_cells_are_cut() {
    let frame = Frame::new("").with_field(Field::new("v", vec!["\u{1b}[2J\n\u{202e}x", "日本語日本語"]));
    let text = render(&frame, &TableLimits::default().with_cell_width(26));
    assert!(text.contains("\\u{1b}[2J\\n\\u{202e}x"), "{text}");
    let text = render(&frame, &TableLimits::default().with_cell_width(6));
    assert!(text.ends_with("日本…\n"), "{text}");
}

#[test]
fn an_empty_frame_is_one_line() {
    assert_eq!(render(&Frame::default(), &TableLimits::default()), "0 fields, 0 rows\n");
}
