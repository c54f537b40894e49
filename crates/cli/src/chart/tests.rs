//! Charts: they never panic, and say what they leave out.

use graftwire_frame::Timestamp;

use super::{Canvas, MAX_SERIES, draw, short};
use crate::series::Series;

const PLAIN: Canvas = Canvas { columns: 80, color: false };

fn series(name: &str, values: &[Option<f64>]) -> Series {
    let at = |index: usize| Timestamp::from_secs(1_700_000_000 + index as i64);
    Series { name: name.to_owned(), points: values.iter().enumerate().map(|(i, v)| (at(i), *v)).collect() }
}

#[test]
fn a_line_has_its_ends_and_its_name() {
    let chart = draw(&[series("load\x1b[2J", &[Some(1.0), Some(5.0), None, Some(2000.0)])], PLAIN);
    assert!(chart.contains("2k") && chart.contains("2023-11-14T22:13:20Z"), "{chart}");
    assert!(chart.contains("load\\u{1b}[2J  2k"), "{chart}");
    assert!(!chart.contains('\x1b'), "colours only when wanted");
}

#[test]
fn odd_ranges_are_drawn_too() {
    for values in [
        vec![Some(3.0)],
        vec![Some(0.0), Some(0.0)],
        vec![Some(f64::MAX), Some(f64::MIN)],
        vec![Some(1e-300), Some(2e-300)],
        vec![None, Some(1.0), None],
    ] {
        for columns in [0, 10, 80, 10_000] {
            assert!(draw(&[series("x", &values)], Canvas { columns, color: true }).contains('x'));
        }
    }
}

#[test]
fn nothing_is_said_to_be_nothing() {
    assert!(draw(&[], PLAIN).starts_with("nothing to draw"));
    assert!(draw(&[series("x", &[None, None])], PLAIN).starts_with("nothing to draw"));
}

#[test]
fn what_does_not_fit_is_counted() {
    let many: Vec<Series> = (0..MAX_SERIES + 3).map(|i| series(&i.to_string(), &[Some(1.0)])).collect();
    assert!(draw(&many, Canvas { color: true, ..PLAIN }).ends_with("… and 3 series more\n"));
    assert!(draw(&many, PLAIN).ends_with("… and 9 series more\n"));
}

#[test]
fn numbers_are_short() {
    let texts: Vec<String> = [0.0, 1.0, -2.5, 1234.0, 5e6, 0.001, 1e20].into_iter().map(short).collect();
    assert_eq!(texts, ["0", "1", "-2.5", "1.23k", "5M", "1.00e-3", "1.00e20"]);
}
