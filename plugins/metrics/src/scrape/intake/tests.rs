use super::*;
use crate::scrape::error::ScrapeError;
use crate::scrape::testing::{Recorder, START};
use crate::scrape::text::LabelLimits;
use crate::store::MetricType;

const LIMITS: ScrapeLimits = ScrapeLimits {
    body_bytes: 1 << 20,
    samples: 5,
    line_bytes: 1 << 10,
    labels: LabelLimits { labels: 3, name_bytes: 8, value_bytes: 8 },
};

struct Bench {
    sink: Arc<Recorder>,
    intake: Intake<Recorder>,
}

impl Bench {
    fn new(target: &[(&str, &str)]) -> Self {
        let sink = Arc::new(Recorder::default());
        let pairs = target.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value)));
        Self { intake: Intake::new(sink.clone(), Labels::new(pairs), LIMITS), sink }
    }

    /// Takes in a page at a second after the start.
    fn page(&mut self, second: i64, page: &str) -> Result<Taken, ScrapeError> {
        self.page_as(second, Format::Text, page)
    }

    fn page_as(&mut self, second: i64, format: Format, page: &str) -> Result<Taken, ScrapeError> {
        let mut reading = self.intake.read(START + second * 1000, format);
        let mut count = 0;
        for (number, line) in (1..).zip(page.lines()) {
            reading.line(number, line.as_bytes())?;
            count = number;
        }
        reading.check_end(count)?;
        Ok(reading.commit())
    }

    fn values(&self, series: &str) -> Vec<String> {
        self.sink.samples(series).into_iter().map(|(at, value)| format!("{at} {value}")).collect()
    }
}

fn taken(samples: usize, added: usize) -> Taken {
    Taken { samples, added, ..Taken::default() }
}

#[test]
fn a_series_is_looked_up_once_and_found_by_its_text() {
    let mut bench = Bench::new(&[("job", "j")]);
    assert_eq!(bench.page(0, "a{x=\"1\"} 1\na{x=\"2\"} 2").unwrap(), taken(2, 2));
    assert_eq!(bench.page(1, "a{x=\"2\"} 3\na{x=\"1\"} 4").unwrap(), taken(2, 0));
    assert_eq!(bench.sink.kept().resolved, 2);
    assert_eq!(bench.values(r#"a{job="j", x="1"}"#), ["0 1", "1 4"]);
    assert_eq!(bench.values(r#"a{job="j", x="2"}"#), ["0 2", "1 3"]);
}

#[test]
fn a_series_that_vanished_has_ended_and_may_return() {
    let mut bench = Bench::new(&[]);
    bench.page(0, "a 1\nb 1").unwrap();
    bench.page(1, "b 2").unwrap();
    bench.page(2, "b 3").unwrap();
    assert_eq!(bench.page(3, "a 4\nb 4").unwrap(), taken(2, 1));
    assert_eq!(bench.values("a"), ["0 1", "1 end", "3 4"]);
    assert_eq!(bench.values("b"), ["0 1", "1 2", "2 3", "3 4"]);
}

#[test]
fn a_series_written_another_way_has_not_ended() {
    let mut bench = Bench::new(&[]);
    bench.page(0, "a{x=\"1\",y=\"2\"} 1\nb 1").unwrap();
    bench.page(1, "a{ y=\"2\", x=\"1\", } 2").unwrap();
    assert_eq!(bench.values(r#"a{x="1", y="2"}"#), ["0 1", "1 2"]);
    assert_eq!(bench.values("b"), ["0 1", "1 end"]);
}

#[test]
fn a_broken_page_leaves_nothing_and_ends_everything() {
    let mut bench = Bench::new(&[]);
    bench.page(0, "a 1").unwrap();
    let error = bench.page(1, "a 2\nnew 1\n! 1").unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"line 3: found "! 1", expected a metric's name, or a comment that begins with #"#
    );
    bench.intake.end_all(START + 1000);
    assert_eq!(bench.values("a"), ["0 1", "1 end"]);
    assert_eq!(bench.sink.names(), ["a"]);
    assert_eq!(bench.page(2, "a 3").unwrap(), taken(1, 1));
    assert_eq!(bench.values("a"), ["0 1", "1 end", "2 3"]);
}

#[test]
fn labels_of_the_target_win_and_the_pages_go_on_under_another_name() {
    for (line, expected) in [
        ("a{job=\"p\"} 1", r#"a{exported_job="p", job="j", room="lab"}"#),
        (
            "a{job=\"p\",exported_job=\"q\"} 1",
            r#"a{exported_exported_job="p", exported_job="q", job="j", room="lab"}"#,
        ),
        ("a{job=\"\",room=\"\",x=\"\"} 1", r#"a{job="j", room="lab"}"#),
        ("a{room=\"r\",z=\"1\"} 1", r#"a{exported_room="r", job="j", room="lab", z="1"}"#),
    ] {
        let mut bench = Bench::new(&[("job", "j"), ("room", "lab")]);
        let limits = LabelLimits { name_bytes: 64, ..LIMITS.labels };
        bench.intake.limits.labels = limits;
        bench.page(0, line).expect(line);
        assert_eq!(bench.sink.names(), [expected], "{line}");
    }
}

#[test]
fn a_time_that_the_target_tells_is_kept() {
    let mut bench = Bench::new(&[]);
    let line = |second: i64| format!("a 1 {}\nb 1", START + second * 1000);
    assert_eq!(bench.page(100, &line(40)).unwrap(), taken(2, 2));
    // The same sample told again is neither stored twice nor refused.
    assert_eq!(bench.page(115, &line(40)).unwrap(), taken(2, 0));
    assert_eq!(bench.page(130, &line(70)).unwrap(), taken(2, 0));
    let earlier = bench.page(145, &line(60)).unwrap();
    assert_eq!(earlier, Taken { out_of_order: 1, ..taken(2, 0) });
    // Its last sample stays true after it vanished.
    bench.page(160, "b 1").unwrap();
    assert_eq!(bench.values("a"), ["40 1", "70 1"]);
    assert_eq!(bench.values("b"), ["100 1", "115 1", "130 1", "145 1", "160 1"]);
}

#[test]
fn a_time_far_from_now_is_left_out_and_counted() {
    let mut bench = Bench::new(&[]);
    let page = |seconds: [i64; 4]| -> String {
        (0..).zip(seconds).map(|(at, second)| format!("m{at} 1 {}\n", START + second * 1000)).collect()
    };
    let taken_in = bench.page(10_000, &page([6_399, 6_400, 10_600, 10_601])).unwrap();
    assert_eq!(taken_in, Taken { out_of_bounds: 2, ..taken(4, 4) });
    assert_eq!(bench.values("m0"), [""; 0]);
    assert_eq!(bench.values("m1"), ["6400 1"]);
    assert_eq!(bench.values("m2"), ["10600 1"]);
    assert_eq!(bench.values("m3"), [""; 0]);
    // m0 stays too old; m1 is in, though too old by now; the time of m3 has come.
    let taken_in = bench.page(10_001, &page([6_399, 6_400, 10_600, 10_601])).unwrap();
    assert_eq!(taken_in, Taken { out_of_bounds: 1, ..taken(4, 0) });
    assert_eq!(bench.values("m3"), ["10601 1"]);
}

#[test]
fn seconds_and_the_end_mark_of_open_metrics() {
    let mut bench = Bench::new(&[]);
    let page = "# TYPE a counter\n# HELP a one \\\"two\\\"\n# UNIT a seconds\n\
                a_total 1 1700000000.5 # {trace_id=\"x\"} 0.67 1700000000.1\na_b 2 # {} 1\n# EOF\n";
    assert_eq!(bench.page_as(0, Format::OpenMetrics, page).unwrap(), taken(2, 2));
    assert_eq!(bench.values("a_total"), ["0.5 1"]);
    assert_eq!(bench.values("a_b"), ["0 2"]);
    let metadata = bench.sink.kept().metadata["a_total"].clone();
    assert_eq!(metadata.kind, MetricType::Counter);
    assert_eq!((&*metadata.help, &*metadata.unit), ("one \"two\"", "seconds"));

    let cut = bench.page_as(1, Format::OpenMetrics, "a 1\nb 2").unwrap_err();
    assert_eq!(
        cut.to_string(),
        "line 2: found the end of the page, expected # EOF before it; the page was cut short"
    );
    let after = bench.page_as(2, Format::OpenMetrics, "a 1\n# EOF\n\nb 2").unwrap_err();
    assert_eq!(after.to_string(), "line 4: found another line, expected nothing after # EOF");
    assert!(bench.page(3, "# EOF\na 1").is_ok(), "an ordinary comment in the text format");
}

#[test]
fn descriptions_are_passed_on_when_they_change() {
    let mut bench = Bench::new(&[]);
    let page = "# HELP a what\\nit \\\\is\n# TYPE a gauge\na 1";
    bench.page(0, page).unwrap();
    bench.page(1, page).unwrap();
    assert_eq!(bench.sink.kept().described, 1);
    assert_eq!(&*bench.sink.kept().metadata["a"].help, "what\nit \\is");
    bench.page(2, "# TYPE a untyped\na 1").unwrap();
    assert_eq!(bench.sink.kept().described, 2);
    assert_eq!(bench.sink.kept().metadata["a"].kind, MetricType::Unknown);
    assert!(bench.page(3, "# TYPE b gauge\nb x").is_err());
    assert_eq!(bench.sink.kept().described, 2, "a broken page describes nothing");
}

#[test]
fn reaching_a_limit_fails_the_page() {
    for (page, expected) in [
        (
            "a 1\nb 1\nc 1\nd 1\ne 1\nf 1",
            "found more than 5 samples, expected at most that; let the target offer fewer, or split it",
        ),
        ("a 1\nabcdefghi 1", "line 2: found a metric's name of 9 bytes, expected at most 8 bytes"),
        ("a{abcdefghi=\"\"} 1", "line 1: found a label's name of 9 bytes, expected at most 8 bytes"),
        ("a{b=\"123456789\"} 1", "line 1: found a value of label b of 9 bytes, expected at most 8 bytes"),
        (
            "a{b=\"\",c=\"\",d=\"\",e=\"\"} 1",
            "line 1: found more labels of one series, expected at most 3 labels",
        ),
    ] {
        let mut bench = Bench::new(&[]);
        assert_eq!(bench.page(0, page).unwrap_err().to_string(), expected);
        assert_eq!(bench.sink.names(), [""; 0]);
    }
    let mut bench = Bench::new(&[]);
    bench.page(0, "abcdefgh 1\na{abcdefgh=\"12345678\",b=\"\",c=\"\"} 1\nc 1\nd 1\ne 1").unwrap();
}

#[test]
fn a_full_store_is_counted_and_asked_again() {
    let mut bench = Bench::new(&[]);
    bench.page(0, "a 1").unwrap();
    bench.sink.kept().is_full = true;
    let refused = Taken { refused: 2, ..taken(3, 0) };
    assert_eq!(bench.page(1, "a 2\nb 2\nc 2").unwrap(), refused);
    bench.sink.kept().is_full = false;
    assert_eq!(bench.page(2, "a 3\nb 3\nc 3").unwrap(), taken(3, 2));
    assert_eq!(bench.values("b"), ["2 3"]);
}

#[test]
fn numbers_that_the_store_forgot_are_looked_up_again() {
    let mut bench = Bench::new(&[]);
    let report = Report { is_up: true, duration: Default::default(), samples: 1, added: 0 };
    bench.page(0, "a 1").unwrap();
    bench.intake.report(START, report);
    let forgotten = bench.sink.kept().series.len();
    bench.sink.kept().forgotten = forgotten;
    for second in 1..3 {
        bench.page(second, "a 2").unwrap();
        bench.intake.report(START + second * 1000, report);
    }
    let kept = bench.sink.kept();
    for name in ["a", "up"] {
        let samples: Vec<_> = kept.series.iter().filter(|(labels, _)| labels.to_string() == name).collect();
        assert_eq!(samples[1].1.len(), 1, "{name}");
    }
}

#[test]
fn a_series_that_stands_twice_counts_as_out_of_order() {
    let mut bench = Bench::new(&[]);
    assert_eq!(bench.page(0, "a 1\na 2").unwrap(), Taken { out_of_order: 1, ..taken(2, 2) });
    assert_eq!(bench.page(1, "a 1\na 2").unwrap(), Taken { out_of_order: 1, ..taken(2, 0) });
    assert_eq!(bench.values("a"), ["0 1", "1 1"]);
}

#[test]
fn a_target_that_is_given_up_ends_its_reports_too() {
    let mut bench = Bench::new(&[("job", "j")]);
    bench.page(0, "a 1").unwrap();
    bench.intake.report(
        START,
        Report { is_up: true, duration: std::time::Duration::from_millis(1500), samples: 1, added: 1 },
    );
    bench.intake.retire(START + 1000);
    for (series, value) in [
        (r#"a{job="j"}"#, "1"),
        (r#"up{job="j"}"#, "1"),
        (r#"scrape_duration_seconds{job="j"}"#, "1.5"),
        (r#"scrape_samples_scraped{job="j"}"#, "1"),
        (r#"scrape_series_added{job="j"}"#, "1"),
    ] {
        assert_eq!(bench.values(series), [format!("0 {value}"), "1 end".to_owned()], "{series}");
    }
}

proptest::proptest! {
    #[test]
    fn junk_is_refused_without_panic(lines in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..60), 0..20)) {
        for format in [Format::Text, Format::OpenMetrics] {
            let mut bench = Bench::new(&[("job", "j")]);
            let mut reading = bench.intake.read(START, format);
            if (1..).zip(&lines).all(|(number, line)| reading.line(number, line).is_ok()) {
                reading.commit();
            }
        }
    }
}
