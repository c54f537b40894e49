//! Lines as plugins write them, good and bad, against the rules of go-plugin's host.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use super::entry::StderrParser;
use super::lines::MAX_LINE;
use super::{Channel, Level, Lines, LogBook, LogRecord, Piece, TailKeeper, cut, follow_stderr};

fn parse(line: &str) -> LogRecord {
    StderrParser::default().record(line, true)
}

fn pairs(record: &LogRecord) -> Vec<(&str, &str)> {
    record.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[test]
fn hclog_lines_give_level_message_time_and_pairs() {
    let record = parse(
        r#"{"@level":"warn","@message":"slow","@timestamp":"1970-01-01T00:00:01.500000Z","n":1,"s":"x","o":{"a":[1]}}"#,
    );
    assert_eq!((record.level, record.message.as_str()), (Level::Warn, "slow"));
    assert_eq!(record.time, UNIX_EPOCH + Duration::from_millis(1500));
    assert_eq!(pairs(&record), [("n", "1"), ("s", "x"), ("o", r#"{"a":[1]}"#)]);
    assert!(!record.crashes_grafana);
}

#[test]
fn module_and_caller_are_pairs_like_any_other() {
    let record = parse(r#"{"@level":"INFO","@message":"m","@module":"x","@caller":"f.go:1"}"#);
    assert_eq!(record.level, Level::Info);
    assert_eq!(pairs(&record), [("@module", "x"), ("@caller", "f.go:1")]);
}

#[test]
fn a_line_without_a_known_level_or_a_good_time_stays_verbatim_at_debug() {
    for line in [
        r#"{"@message":"m"}"#,
        r#"{"@level":"loud","@message":"m"}"#,
        r#"{"@level":"info","@message":"m","@timestamp":"2026-01-01T00:00:00Z"}"#,
        r#"{"@level":"info","@message":"m","@timestamp":"2026-01-01T00:00:00.123Z"}"#,
        r#"{"@level":"info","@message":"m","@timestamp":"2026-13-41T00:00:00.123456Z"}"#,
        r#"{"@level":"info","@message":"m","@timestamp":"yesterday"}"#,
    ] {
        let record = parse(line);
        assert_eq!(
            (record.level, record.message.as_str(), record.crashes_grafana),
            (Level::Debug, line, false)
        );
    }
}

#[test]
fn values_of_the_wrong_type_are_shown_and_marked() {
    for line in [
        r#"{"@message":5}"#,
        r#"{"@level":null,"@message":"m"}"#,
        r#"{"@level":"info","@message":"m","@timestamp":17}"#,
        r#"{"@level":["info"]}"#,
    ] {
        let record = parse(line);
        assert_eq!(
            (record.level, record.message.as_str(), record.crashes_grafana),
            (Level::Error, line, true)
        );
    }
}

#[test]
fn tags_set_the_level_and_stay_in_the_text() {
    for (line, level) in [
        ("[TRACE] a", Level::Trace),
        ("[WARN] a", Level::Warn),
        ("[ERROR]a", Level::Error),
        ("[warn] a", Level::Debug),
        ("[FATAL] a", Level::Debug),
        ("[] a", Level::Debug),
        (" [WARN] a", Level::Debug),
        ("plain", Level::Debug),
        ("", Level::Debug),
        ("[1,2]", Level::Debug),
        ("null", Level::Debug),
        ("{broken", Level::Debug),
    ] {
        let record = parse(line);
        assert_eq!((record.level, record.message.as_str()), (level, line), "{line}");
    }
}

#[test]
fn after_a_panic_every_untagged_line_is_an_error() {
    let mut parser = StderrParser::default();
    let mut level = |line| parser.record(line, true).level;
    assert_eq!(level("goroutine 1"), Level::Debug);
    assert_eq!(level("not a panic: really"), Level::Debug);
    assert_eq!(level("panic: index out of range"), Level::Error);
    assert_eq!(level("goroutine 1"), Level::Error);
    assert_eq!(level("[INFO] tagged"), Level::Info);
    assert_eq!(level(r#"{"@level":"debug","@message":"m"}"#), Level::Debug);
    assert_eq!(parse("fatal error: all goroutines are asleep").level, Level::Error);
}

#[test]
fn deeply_nested_json_is_text() {
    let line = format!(r#"{{"@level":"info","x":{}"#, "[".repeat(MAX_LINE / 2));
    assert_eq!(parse(&line).level, Level::Debug);
}

async fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut lines = Lines::new(text);
    let mut pieces = Vec::new();
    while let Some(piece) = lines.next().await.unwrap() {
        pieces.push(piece);
    }
    pieces
}

#[tokio::test]
async fn lines_end_with_lf_or_crlf_or_the_end() {
    let lines = pieces(b"a\r\n\nb").await;
    let texts: Vec<&[u8]> = lines.iter().map(|piece| piece.bytes.as_slice()).collect();
    assert_eq!(texts, [b"a".as_slice(), b"", b"b"]);
    assert!(lines.iter().all(|piece| piece.whole));
}

#[tokio::test]
async fn a_line_of_a_megabyte_comes_in_pieces_and_the_next_is_whole_again() {
    let text = [vec![b'x'; 1_000_000], b"\nnext\n".to_vec()].concat();
    let pieces = pieces(&text).await;
    assert_eq!(pieces.len(), 1_000_000usize.div_ceil(MAX_LINE) + 1);
    assert!(pieces.iter().all(|piece| piece.bytes.len() <= MAX_LINE));
    let (last, long) = pieces.split_last().unwrap();
    assert!(long.iter().all(|piece| !piece.whole));
    assert_eq!(long.iter().map(|piece| piece.bytes.len()).sum::<usize>(), 1_000_000);
    assert_eq!((last.bytes.as_slice(), last.whole), (b"next".as_slice(), true));
}

#[tokio::test]
async fn a_line_of_exactly_the_limit_loses_nothing() {
    let text = [vec![b'x'; MAX_LINE], b"\ny\n".to_vec()].concat();
    let pieces = pieces(&text).await;
    let total: usize = pieces.iter().map(|piece| piece.bytes.len()).sum();
    assert_eq!(total, MAX_LINE + 1);
    assert_eq!(pieces.last().unwrap(), &Piece { bytes: b"y".to_vec(), whole: true });
}

#[tokio::test]
async fn a_piece_of_a_long_line_is_never_taken_for_a_log_line() {
    let book = LogBook::new("x", 10);
    let filler = "x".repeat(MAX_LINE);
    let text = format!("{filler}{{\"@level\":\"error\",\"@message\":\"m\"}}\n");
    follow_stderr(text.as_bytes(), book.clone(), TailKeeper::new()).await;
    let levels: Vec<Level> = book.recent().iter().map(|record| record.level).collect();
    assert_eq!(levels, [Level::Debug, Level::Debug]);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_replaced() {
    let book = LogBook::new("x", 10);
    follow_stderr(b"a\xffb\n".as_slice(), book.clone(), TailKeeper::new()).await;
    assert_eq!(book.recent()[0].message, "a\u{fffd}b");
}

#[test]
fn the_book_keeps_the_last_records_within_count_and_bytes() {
    let book = LogBook::new("x", 3);
    for n in 0..5 {
        book.remark(Level::Info, n.to_string());
    }
    let kept: Vec<String> = book.recent().iter().map(|record| record.message.clone()).collect();
    assert_eq!(kept, ["2", "3", "4"]);

    let book = LogBook::new("x", 1000);
    for _ in 0..100 {
        book.remark(Level::Info, "x".repeat(MAX_LINE));
    }
    assert_eq!(book.recent().len(), 64);
}

#[tokio::test]
async fn a_slow_listener_misses_records_and_is_told() {
    let book = LogBook::new("x", 10);
    let mut feed = book.subscribe();
    for n in 0..300 {
        book.remark(Level::Info, n.to_string());
    }
    assert_eq!(feed.next().await.unwrap().message, "44");
    assert_eq!(feed.missed(), 44);
    drop(book);
    while feed.next().await.is_some() {}
}

#[test]
fn the_tail_keeps_the_last_fifty_lines_and_sixteen_kibibytes() {
    let tail = TailKeeper::new();
    (0..60).for_each(|n| tail.push(&n.to_string()));
    assert_eq!(tail.tail().lines().len(), 50);
    assert_eq!(tail.tail().lines()[0], "10");
    tail.push(&"x".repeat(100_000));
    assert_eq!(tail.tail().lines().len(), 1);
    assert!(tail.tail().to_string().len() < 17 * 1024);
    assert!(tail.tail().to_string().ends_with("…(cut)"));
}

#[test]
fn cutting_respects_characters() {
    assert_eq!(cut("short", 10), "short");
    let cut = cut(&"ä".repeat(20), 20);
    assert!(cut.len() <= 20 && cut.ends_with("…(cut)"), "{cut}");
}

#[test]
fn remarks_of_the_host_are_told_apart() {
    let book = LogBook::new("x", 3);
    book.remark(Level::Warn, "exited");
    assert_eq!(book.recent()[0].channel, Channel::Host);
}

/// Collects events as text: level, target and fields.
struct Events(Mutex<Vec<String>>);

impl tracing::Subscriber for Events {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!(" {field}={value:?}");
            }
        }
        let mut fields = Fields(format!("{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn every_record_is_a_tracing_event_at_its_level() {
    let events = Arc::new(Events(Mutex::default()));
    tracing::subscriber::with_default(Arc::clone(&events), || {
        let book = LogBook::new("a-datasource", 10);
        book.push(parse(r#"{"@level":"error","@message":"no {luck}","k":"v"}"#));
        ["[TRACE]", "[DEBUG]", "[INFO]", "[WARN]"].iter().for_each(|line| book.push(parse(line)));
    });
    let seen = events.0.lock().unwrap();
    assert_eq!(
        seen[0],
        r#"ERROR plugin message=no {luck} plugin="a-datasource" channel=Stderr pairs=[("k", "v")]"#
    );
    let levels: Vec<&str> = seen[1..].iter().filter_map(|event| event.split(' ').next()).collect();
    assert_eq!(levels, ["TRACE", "DEBUG", "INFO", "WARN"]);
}
