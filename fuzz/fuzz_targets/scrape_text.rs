//! Any page as Prometheus text or OpenMetrics: what other machines answer when the metrics data source reads them.
//!
//! Each line is a sample, a note, or an error that says what was found and expected. The store takes no part.
#![no_main]

use graftwire_metrics::scrape::text::{Format, LabelLimits, Line, read_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|page: &[u8]| {
    for line in page.split(|byte| *byte == b'\n') {
        for format in [Format::Text, Format::OpenMetrics] {
            match read_line(line, format) {
                Ok(Line::Sample(sample)) => {
                    let labels = sample.labels(LabelLimits::default());
                    assert!(labels.is_ok_and(|labels| !labels.is_empty()) || !sample.series.is_empty());
                }
                Ok(_) => {}
                Err(error) => assert!(!error.found.is_empty() && !error.expected.is_empty()),
            }
        }
    }
});
