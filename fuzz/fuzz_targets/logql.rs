//! Any text as a LogQL query over any bytes as lines: the logs data source's steps *parse* and *pipeline*.
//!
//! The first line of the input is the query, every further one a line. What parses is printed and read again, and must
//! be the same; what runs must end. Whether results are right is Loki's business, in the tests of the plugin.
#![no_main]

use graftwire_logs::logql::{self, Evaluation, Expr, Grid, Labels, Level, MetricLimits, Pipeline};
use libfuzzer_sys::fuzz_target;

const SECOND: i64 = 1_000_000_000;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n');
    let query = lines.next().unwrap_or_default();
    let Ok(query) = std::str::from_utf8(query) else { return };
    let Ok(expr) = logql::parse(query) else { return };
    let printed = expr.to_string();
    assert_eq!(logql::parse(&printed).as_ref(), Ok(&expr), "{printed}");
    let stream = Labels::new([("app", "shop"), ("host", "a1")]);
    match &expr {
        Expr::Log(query) => {
            let mut pipeline = Pipeline::new(query);
            let required: Vec<Vec<u8>> = pipeline.required_texts().into_iter().map(<[u8]>::to_vec).collect();
            for (at, line) in (0..).zip(lines) {
                let Some(entry) = pipeline.process(at * SECOND, line, &stream) else { continue };
                let _ = (entry.labels.to_labels(), Level::of_entry(&entry));
                let holds = |text: &Vec<u8>| line.windows(text.len()).any(|window| window == text);
                assert!(required.iter().all(holds), "a line passed without a text that it must hold");
            }
        }
        Expr::Metric(query) => {
            let grid = Grid { start: 0, end: 100 * SECOND, step: 7 * SECOND };
            let limits = MetricLimits { values: 10_000, ..MetricLimits::default() };
            let Ok(mut evaluation) = Evaluation::new(query, grid, limits) else { return };
            for (at, line) in (0..).zip(lines) {
                if evaluation.add(at * SECOND, line, &stream).is_err() {
                    return;
                }
            }
            let _ = evaluation.finish();
        }
    }
});
