//! The series collected so far: from a name and label values to the store's number without building labels again.
//!
//! It also notices which series a source no longer gives, and ends them. It deliberately reads nothing.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::metric::{Metric, unit};
use crate::series::{Labels, METRIC_NAME};
use crate::store::{Metadata, MetricType, SeriesId, Store};

/// See the module.
#[derive(Debug)]
pub(super) struct Known {
    series: HashMap<u64, Entry>,
    /// Labels that all series carry.
    common: Vec<(String, String)>,
    batch: Vec<(SeriesId, f64)>,
}

#[derive(Debug)]
struct Entry {
    id: SeriesId,
    labels: Labels,
    /// The source it comes from.
    place: usize,
    /// The tick that last gave it.
    tick: u32,
}

/// Takes the samples of one tick.
pub(super) struct Sink<'a> {
    known: &'a mut Known,
    store: &'a Store,
    tick: u32,
    place: usize,
    /// The sources that were read in this tick.
    read: Vec<usize>,
    /// Stands in the place of the common labels.
    job: Option<&'static str>,
}

impl Known {
    pub(super) fn new(common: &[(&str, &str)]) -> Self {
        let common = common.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { series: HashMap::new(), common, batch: Vec::new() }
    }

    pub(super) fn sink<'a>(&'a mut self, store: &'a Store, tick: u32) -> Sink<'a> {
        Sink { known: self, store, tick, place: 0, read: Vec::new(), job: None }
    }
}

impl Sink<'_> {
    /// From here on samples come from the source at a place.
    pub(super) fn begin(&mut self, place: usize) {
        self.place = place;
        self.job = None;
        self.read.push(place);
    }

    /// From here on series carry this job alone instead of the common labels.
    pub(super) fn set_job(&mut self, job: &'static str) {
        self.job = Some(job);
    }

    /// How many samples came so far.
    pub(super) fn len(&self) -> usize {
        self.known.batch.len()
    }

    /// Takes a sample.
    pub(super) fn put(&mut self, metric: &Metric, labels: &[(&str, &str)], value: f64) {
        self.take(metric.name, labels, value, || metric.metadata());
    }

    /// Takes a sample of a metric whose name the kernel gives.
    pub(super) fn put_named(
        &mut self,
        name: &str,
        kind: MetricType,
        help: impl FnOnce() -> String,
        labels: &[(&str, &str)],
        value: f64,
    ) {
        self.take(name, labels, value, || Metadata { kind, help: help().into(), unit: unit(name).into() });
    }

    fn take(&mut self, name: &str, labels: &[(&str, &str)], value: f64, describe: impl FnOnce() -> Metadata) {
        let mut hasher = DefaultHasher::new();
        (name, labels, self.job).hash(&mut hasher);
        let key = hasher.finish();
        let id = match self.known.series.get_mut(&key) {
            Some(entry) if is_of(&entry.labels, name, labels) => {
                (entry.tick, entry.place) = (self.tick, self.place);
                entry.id
            }
            _ => match self.add(key, name, labels, describe) {
                Some(id) => id,
                None => return,
            },
        };
        self.known.batch.push((id, value));
    }

    fn add(
        &mut self,
        key: u64,
        name: &str,
        labels: &[(&str, &str)],
        describe: impl FnOnce() -> Metadata,
    ) -> Option<SeriesId> {
        let common = self.known.common.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let common: Vec<_> = match self.job {
            Some(job) => vec![("job", job)],
            None => common.collect(),
        };
        let all = [(METRIC_NAME, name)].into_iter().chain(common).chain(labels.iter().copied());
        let labels = Labels::new(all.map(|(name, value)| (name.into(), value.into())));
        let id = self.store.resolve(&labels)?;
        self.store.describe(name, describe());
        self.known.series.insert(key, Entry { id, labels, place: self.place, tick: self.tick });
        Some(id)
    }

    /// Appends what came, and ends the series that the sources read no longer gave.
    pub(super) fn finish(self, at: i64) {
        let Self { known, store, tick, read, .. } = self;
        let mut ended = Vec::new();
        known.series.retain(|_, entry| {
            let is_gone = entry.tick != tick && read.contains(&entry.place);
            ended.extend(is_gone.then_some(entry.id));
            !is_gone
        });
        let appended = store.append(at, &known.batch);
        if !ended.is_empty() {
            store.end(at, &ended);
        }
        known.batch.clear();
        if appended.unknown > 0 {
            // The store has forgotten numbers that we still had; they are looked up again.
            known.series.clear();
        }
    }
}

/// Whether labels carry a name and these values. Two series with one hash are told apart by it.
fn is_of(labels: &Labels, name: &str, values: &[(&str, &str)]) -> bool {
    labels.metric_name() == name
        && values.iter().all(|(name, value)| labels.get(name).unwrap_or_default() == *value)
}
