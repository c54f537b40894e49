use super::*;

#[test]
fn every_word_of_the_table_has_its_level() {
    let table = [
        (Level::Critical, "emerg fatal alert crit critical 0 1 2"),
        (Level::Error, "err eror error 3"),
        (Level::Warning, "warn warning 4"),
        (Level::Info, "info information informational notice 5 6"),
        (Level::Debug, "dbug debug 7"),
        (Level::Trace, "trace"),
    ];
    for (level, words) in table {
        for word in words.split(' ') {
            assert_eq!(Level::of_value(word), Some(level), "{word}");
            assert_eq!(Level::of_value(&word.to_uppercase()), Some(level), "{word}");
        }
    }
    for word in ["", "8", "-1", "infos", "in", "unknown", "errors", "terror"] {
        assert_eq!(Level::of_value(word), None, "{word}");
    }
}

#[test]
fn the_first_level_of_a_line_counts_and_only_whole_words() {
    let level = |line: &str| Level::of_line(line.as_bytes());
    assert_eq!(level("2026-01-31 [ERROR] no warning came"), Some(Level::Error));
    assert_eq!(level("level=warn msg=\"error\""), Some(Level::Warning));
    assert_eq!(level("informed errors of my_error"), None);
    assert_eq!(level("status 3 of 7"), None);
    assert_eq!(level(""), None);
    assert_eq!(Level::of_line(b"\xff\xfeINFO\xff"), Some(Level::Info));
    let far = format!("{} error", "x ".repeat(SCANNED));
    assert_eq!(level(&far), None);
}

#[test]
fn labels_come_before_the_line_and_the_most_telling_first() {
    let level = |pairs: &[(&'static str, &'static str)]| Level::of_labels(pairs.iter().copied());
    assert_eq!(level(&[("level", "info"), ("detected_level", "error")]), Some(Level::Error));
    assert_eq!(level(&[("level", "info"), ("detected_level", "unknown")]), Some(Level::Info));
    assert_eq!(level(&[("SEVERITY", "Warning"), ("app", "error")]), Some(Level::Warning));
    assert_eq!(level(&[("PRIORITY", "3")]), Some(Level::Error));
    assert_eq!(level(&[("app", "error")]), None);

    let crate::logql::Expr::Log(query) = crate::logql::parse("{} | logfmt").unwrap() else { panic!() };
    let mut pipeline = crate::logql::Pipeline::new(&query);
    let stream = crate::logql::Labels::default();
    let entry = pipeline.process(0, b"level=debug msg=error", &stream).unwrap();
    assert_eq!(Level::of_entry(&entry), Some(Level::Debug));
    let entry = pipeline.process(0, b"an error", &stream).unwrap();
    assert_eq!(Level::of_entry(&entry), Some(Level::Error));
}
