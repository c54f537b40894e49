//! Values → heat maps: buckets that differ in `le` become rows of one map.
//!
//! The step "frame" for the format `heatmap`. Prometheus' buckets count everything up to their bound; a heat map
//! wants what lies between two bounds, so neighbours are subtracted. It deliberately leaves series without a bound
//! as they are: they come as time series.

use std::collections::{BTreeMap, BTreeSet};

use graftwire_frame::{Column, Field, Frame, FrameMeta, FrameType, FrameTypeVersion};

use super::{Asked, series};
use crate::promql::Value;
use crate::series::{Labels, Sample, SeriesData};

/// The label that holds a bucket's upper bound.
const BOUND: &str = "le";

/// The buckets of one histogram: bound, its text, samples.
type Buckets = Vec<(f64, String, Vec<Sample>)>;

pub(super) fn frames(asked: &Asked, value: Value, instant: bool) -> Vec<Frame> {
    let Value::Matrix(all) = value else { return series::frames(asked, value, instant) };
    let mut histograms: BTreeMap<Labels, Buckets> = BTreeMap::new();
    let mut others = Vec::new();
    for series in all {
        match series.labels.get(BOUND).and_then(|text| Some((text.parse().ok()?, text.to_owned()))) {
            Some((bound, text)) => {
                let labels = Labels::new(series.labels.pairs().filter(|(name, _)| &**name != BOUND).cloned());
                histograms.entry(labels).or_default().push((bound, text, series.samples));
            }
            None => others.push(series),
        }
    }
    if histograms.is_empty() || !others.is_empty() {
        others.extend(histograms.into_iter().flat_map(|(labels, buckets)| restored(labels, buckets)));
        return series::frames(asked, Value::Matrix(others), instant);
    }
    histograms.into_values().map(|buckets| map(asked, buckets)).collect()
}

/// The series again, as they were.
fn restored(labels: Labels, buckets: Buckets) -> impl Iterator<Item = SeriesData> {
    buckets.into_iter().map(move |(_, text, samples)| {
        let bound = (BOUND.into(), text.as_str().into());
        SeriesData { labels: Labels::new(labels.pairs().cloned().chain([bound])), samples }
    })
}

fn map(asked: &Asked, mut buckets: Buckets) -> Frame {
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let instants: BTreeSet<i64> =
        buckets.iter().flat_map(|(_, _, samples)| samples).map(|sample| sample.at).collect();
    let instants: Vec<Sample> = instants.into_iter().map(|at| Sample { at, value: 0.0 }).collect();
    let meta = FrameMeta {
        custom: Some(series::result_type("matrix")),
        ..FrameMeta::of_type(FrameType::HEATMAP_ROWS, FrameTypeVersion::new(0, 1))
    };
    let mut frame = Frame::default().with_meta(meta).with_field(series::times(&instants, asked.step as f64));
    let mut below: BTreeMap<i64, f64> = BTreeMap::new();
    for (_, text, samples) in buckets {
        let counts: BTreeMap<i64, f64> = samples.iter().map(|sample| (sample.at, sample.value)).collect();
        let between = |instant: &Sample| {
            let count = counts.get(&instant.at)?;
            // Counters of different buckets are not read at the very same moment: never less than nothing.
            Some((count - below.get(&instant.at).copied().unwrap_or(0.0)).max(0.0))
        };
        let column: Column<f64> = instants.iter().map(between).collect();
        let mut field = Field::new(text.as_str(), column).with_labels([(BOUND, text.as_str())]);
        field.config_mut().display_name_from_ds = text;
        frame = frame.with_field(field);
        below.extend(counts);
    }
    frame
}
