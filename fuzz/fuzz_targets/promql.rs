//! Any text as a PromQL query: the metrics data source's step *answer*, from text to rows.
//!
//! What parses is evaluated over a few fixed series, with small limits: an answer, or an error that says what is wrong.
//! Whether numbers are right is Prometheus' business, in the tests of the plugin.
#![no_main]

use std::sync::Arc;

use graftwire_metrics::promql::{Limits, Options, Query};
use graftwire_metrics::series::{
    Labels, Matcher, Sample, SelectLimits, SeriesData, SeriesSource, SourceError,
};
use libfuzzer_sys::fuzz_target;

const START: i64 = 1_700_000_000_000;
const STEP: i64 = 15_000;
const SAMPLES: i64 = 40;

/// A few series with a counter's reset, a gap, and values that are no numbers.
struct Few;

impl SeriesSource for Few {
    fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        _limits: SelectLimits,
    ) -> Result<Vec<SeriesData>, SourceError> {
        let mut found: Vec<_> = all().collect();
        found.retain(|series| matchers.iter().all(|matcher| matcher.matches(&series.labels)));
        for series in &mut found {
            series.samples.retain(|sample| (from..=to).contains(&sample.at));
        }
        found.retain(|series| !series.samples.is_empty());
        Ok(found)
    }
}

fn all() -> impl Iterator<Item = SeriesData> {
    let named = [
        [("__name__", "cpu_seconds_total"), ("cpu", "0"), ("mode", "idle")],
        [("__name__", "cpu_seconds_total"), ("cpu", "1"), ("mode", "user")],
        [("__name__", "duration_seconds_bucket"), ("le", "0.5"), ("instance", "a:1")],
        [("__name__", "duration_seconds_bucket"), ("le", "+Inf"), ("instance", "a:1")],
        [("__name__", "load1"), ("instance", "a:1"), ("job", "node")],
        [("__name__", "up"), ("instance", "a:1"), ("job", "node")],
    ];
    named.into_iter().enumerate().map(|(index, pairs)| {
        let pairs = pairs.map(|(name, value)| (Arc::from(name), Arc::from(value)));
        let samples = (0..SAMPLES).filter(|at| at % 13 != 5);
        let value = move |at: i64| match at % 17 {
            3 => f64::NAN,
            4 => f64::INFINITY,
            at => at as f64 * (index as f64 + 0.5),
        };
        let samples = samples.map(|at| Sample { at: START + at * STEP, value: value(at) }).collect();
        SeriesData { labels: Labels::new(pairs), samples }
    })
}

fuzz_target!(|text: &str| {
    let Ok(query) = Query::parse(text) else { return };
    let limits = Limits { points: 100, samples: 20_000, values: 50_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let end = START + SAMPLES * STEP;
    let _ = query.instant(&Few, end, &options, &|| false);
    let _ = query.range(&Few, (START, end, STEP * 2), &options, &|| false);
});
