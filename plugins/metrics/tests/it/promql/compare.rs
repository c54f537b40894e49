//! Answers in one shape, and how far two of them differ.

use std::collections::BTreeMap;

use graftwire_metrics::promql::{Options, Query, Value, WindowStart};
use graftwire_metrics::series::{Labels, Sample, SeriesSource};

/// How far two numbers may lie apart, relative to the larger: libraries of two languages round logarithms,
/// powers and sums differently in the last bits.
const TOLERANCE: f64 = 1e-12;

/// What an engine answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Refused(String),
    Text(String),
    /// The kind in Prometheus' words, and samples by labels.
    Series(String, BTreeMap<BTreeMap<String, String>, Vec<(i64, f64)>>),
}

/// When a query is evaluated, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    At(i64),
    Range(i64, i64, i64),
}

/// How many numbers were compared.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub exact: usize,
    pub near: usize,
    pub refused: usize,
}

pub(super) fn ours(source: &dyn SeriesSource, expr: &str, when: When, window_start: WindowStart) -> Outcome {
    let options = Options { window_start, ..Options::default() };
    let answer = Query::parse(expr).and_then(|query| match when {
        When::At(at) => query.instant(source, at, &options, &|| false),
        When::Range(start, end, step) => query.range(source, (start, end, step), &options, &|| false),
    });
    let points = |samples: &[Sample]| samples.iter().map(|sample| (sample.at, sample.value)).collect();
    match answer.map(|answer| answer.value) {
        Err(error) => Outcome::Refused(error.to_string()),
        Ok(Value::Text(text)) => Outcome::Text(text),
        Ok(Value::Scalar(sample)) => {
            Outcome::Series("scalar".to_owned(), [(BTreeMap::new(), points(&[sample]))].into())
        }
        Ok(Value::Vector(samples)) => Outcome::Series(
            "vector".to_owned(),
            samples.into_iter().map(|(labels, sample)| (map(&labels), points(&[sample]))).collect(),
        ),
        Ok(Value::Matrix(series)) => Outcome::Series(
            "matrix".to_owned(),
            series.into_iter().map(|series| (map(&series.labels), points(&series.samples))).collect(),
        ),
    }
}

pub(super) fn map(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Adds to the tally; the error says where the two differ.
pub(super) fn compare(ours: &Outcome, theirs: &Outcome, tally: &mut Tally) -> Result<(), String> {
    match (ours, theirs) {
        (Outcome::Refused(_), Outcome::Refused(_)) => {
            tally.refused += 1;
            Ok(())
        }
        (Outcome::Series(kind, ours), Outcome::Series(their_kind, theirs)) => {
            if kind != their_kind {
                return Err(format!("ours is a {kind}, theirs a {their_kind}"));
            }
            if !ours.keys().eq(theirs.keys()) {
                return Err(format!(
                    "series differ\n  ours:   {:?}\n  theirs: {:?}",
                    ours.keys(),
                    theirs.keys()
                ));
            }
            ours.iter()
                .zip(theirs.values())
                .try_for_each(|((labels, ours), theirs)| compare_series(labels, ours, theirs, tally))
        }
        (ours, theirs) if ours == theirs => Ok(()),
        (ours, theirs) => Err(format!("\n  ours:   {}\n  theirs: {}", short(ours), short(theirs))),
    }
}

fn compare_series(
    labels: &BTreeMap<String, String>,
    ours: &[(i64, f64)],
    theirs: &[(i64, f64)],
    tally: &mut Tally,
) -> Result<(), String> {
    let times = |points: &[(i64, f64)]| points.iter().map(|(at, _)| *at).collect::<Vec<_>>();
    if times(ours) != times(theirs) {
        return Err(format!(
            "{labels:?}: times differ\n  ours:   {:?}\n  theirs: {:?}",
            times(ours),
            times(theirs)
        ));
    }
    for ((at, ours), (_, theirs)) in ours.iter().zip(theirs) {
        if ours == theirs || (ours.is_nan() && theirs.is_nan()) {
            tally.exact += 1;
        } else if (ours - theirs).abs() <= TOLERANCE * ours.abs().max(theirs.abs()) {
            tally.near += 1;
        } else {
            return Err(format!("{labels:?} at {at}: ours {ours:?}, theirs {theirs:?}"));
        }
    }
    Ok(())
}

fn short(outcome: &Outcome) -> String {
    format!("{outcome:?}").chars().take(300).collect()
}
