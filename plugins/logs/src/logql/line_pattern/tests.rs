use super::*;

#[test]
fn patterns_without_sense_are_refused() {
    for source in ["", "text", "<_>", "<a><b>", "<a> <a>", "<_><a>", "<1>"] {
        assert!(LinePattern::new(source).is_err(), "{source}");
    }
}

#[test]
fn what_is_no_capture_is_text() {
    let pattern = LinePattern::new("<1> <a> < b> <b").unwrap();
    let mut found = Vec::new();
    pattern.each(b"<1> x < b> <b", |label, value| found.push((label.to_owned(), value.to_vec())));
    assert_eq!(found, [("a".to_owned(), b"x".to_vec())]);
    let mut found = 0;
    pattern.each(b"no", |_, _| found += 1);
    assert_eq!(found, 0);
}
