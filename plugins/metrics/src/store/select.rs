//! Answering queries: which series match, and their samples from disk and memory.
//!
//! The lock on memory is held only while series are chosen and unfinished chunks copied. It deliberately evaluates no
//! language.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::block::Entry;
use super::codec::{Chunk, Damaged};
use super::disk::{DiskError, Frozen};
use super::memory::Memory;
use super::metadata::Metadata;
use super::registry::SeriesId;
use super::{Store, lock};
use crate::series::{Labels, Matcher, Sample, SelectLimits, SeriesData, SeriesSource, SourceError};

/// After that many damaged places one query stops looking: the device is failing, and each costs time.
const MAX_DAMAGE_PER_QUERY: u32 = 64;

/// What a query found in memory.
struct Selection {
    /// By ascending number.
    series: Vec<SeriesData>,
    ids: Vec<u32>,
    generations: Vec<u32>,
    frozen: Vec<Arc<Frozen>>,
    heads: Vec<Option<Chunk>>,
}

impl SeriesSource for Store {
    fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        limits: SelectLimits,
    ) -> Result<Vec<SeriesData>, SourceError> {
        let Selection { series, ids, generations, frozen, heads } =
            Selection::new(&lock(&self.memory), matchers, from, to, limits)?;
        let mut gathering = Gathering { ids: &ids, series, from, to, left: limits.samples.saturating_add(1) };
        let mut damage_left = MAX_DAMAGE_PER_QUERY;
        for generation in generations {
            self.read_generation(generation, &mut gathering, &mut damage_left)?;
        }
        for frozen in frozen.iter().filter(|frozen| frozen.first <= to && frozen.last >= from) {
            gathering.take_frozen(frozen);
        }
        for (at, head) in heads.iter().enumerate() {
            if let Some(chunk) = head {
                gathering.take_or_skip(at, chunk);
            }
        }
        if gathering.left == 0 {
            return Err(SourceError::TooMany { what: "samples", limit: limits.samples });
        }
        Ok(gathering.finish())
    }
}

impl Selection {
    fn new(
        memory: &Memory,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        limits: SelectLimits,
    ) -> Result<Self, SourceError> {
        let (mut series, mut ids, mut heads) = (Vec::new(), Vec::new(), Vec::new());
        for (id, found) in memory.registry.find(matchers, from, to) {
            if ids.len() == limits.series {
                return Err(SourceError::TooMany { what: "series", limit: limits.series });
            }
            ids.push(id);
            series.push(SeriesData { labels: found.labels.clone(), samples: Vec::new() });
            let head = found.head.as_ref().and_then(|head| head.whole.peek());
            heads.push(head.filter(|chunk| chunk.first <= to && chunk.last >= from));
        }
        let overlapping = memory.spans.iter().filter(|(_, span)| span.first <= to && span.last >= from);
        Ok(Self {
            series,
            ids,
            heads,
            generations: overlapping.map(|(generation, _)| *generation).collect(),
            frozen: memory.frozen.iter().cloned().collect(),
        })
    }
}

/// Samples on their way into an answer.
struct Gathering<'a> {
    ids: &'a [u32],
    series: Vec<SeriesData>,
    from: i64,
    to: i64,
    /// Samples that may still come; 0 when there were more.
    left: usize,
}

impl Gathering<'_> {
    /// Adds a chunk's samples to the series at a place. Stops when the limit is reached.
    fn take(&mut self, at: usize, chunk: &Chunk<impl AsRef<[u8]>>) -> Result<ControlFlow<()>, Damaged> {
        let Some(SeriesData { samples, .. }) = self.series.get_mut(at) else {
            return Ok(ControlFlow::Continue(()));
        };
        let before = samples.len();
        let left = &mut self.left;
        let read = chunk.read(self.from, self.to, |sample| {
            if *left > 0 {
                *left -= 1;
                samples.push(sample);
            }
        });
        if read.is_err() {
            samples.truncate(before);
        }
        read.map(|()| if *left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Adds a chunk that never left memory, so it can't be damaged.
    fn take_or_skip(&mut self, at: usize, chunk: &Chunk) {
        let _: Result<_, Damaged> = self.take(at, chunk);
    }

    fn take_frozen(&mut self, frozen: &Frozen) {
        for at in 0..self.ids.len() {
            let chunk = self.ids.get(at).and_then(|id| frozen.chunk(*id));
            if let Some(chunk) = chunk {
                self.take_or_skip(at, chunk);
            }
        }
    }

    /// Series with samples, each in strictly ascending time. Generations overlap only if the clock was set back; then
    /// what was written later stands.
    fn finish(self) -> Vec<SeriesData> {
        let mut series = self.series;
        series.retain(|series| !series.samples.is_empty());
        for SeriesData { samples, .. } in &mut series {
            if !samples.is_sorted_by(|a, b| a.at < b.at) {
                samples.reverse();
                samples.sort_by_key(|sample| sample.at);
                samples.dedup_by_key(|sample| sample.at);
            }
        }
        series
    }
}

impl Store {
    /// Reads one generation's chunks past what is damaged.
    fn read_generation(
        &self,
        generation: u32,
        gathering: &mut Gathering<'_>,
        damage_left: &mut u32,
    ) -> Result<(), SourceError> {
        let places: BTreeMap<u32, usize> =
            gathering.ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let wanted: Vec<u32> = {
            let damaged = lock(&self.damaged);
            gathering.ids.iter().copied().filter(|id| !damaged.contains(&(generation, *id))).collect()
        };
        let mut left = wanted.as_slice();
        while !left.is_empty() && *damage_left > 0 && gathering.left > 0 {
            let outcome = self.disk.read(generation, left, |Entry { id, chunk }| match places.get(&id) {
                Some(at) => gathering.take(*at, &chunk),
                None => Ok(ControlFlow::Continue(())),
            });
            match outcome {
                Ok(()) => break,
                Err((done, DiskError::Damaged(_))) => {
                    let (_, rest) = left.split_at(done.min(left.len()));
                    let Some((damaged, rest)) = rest.split_first() else { break };
                    self.note_damage(generation, *damaged);
                    *damage_left -= 1;
                    left = rest;
                }
                Err((_, error)) => return Err(SourceError::Broken(Box::new(error))),
            }
        }
        Ok(())
    }

    fn note_damage(&self, generation: u32, id: u32) {
        if lock(&self.damaged).insert((generation, id)) {
            lock(&self.memory).counters.damaged_chunks += 1;
        }
    }

    /// The names of the labels that series meeting all conditions have, in order.
    #[must_use]
    pub fn label_names(&self, matchers: &[Matcher], from: i64, to: i64) -> Vec<Arc<str>> {
        let memory = lock(&self.memory);
        let series = memory.registry.find(matchers, from, to);
        let names: BTreeSet<_> =
            series.flat_map(|(_, series)| series.labels.pairs().map(|pair| &pair.0)).collect();
        names.into_iter().cloned().collect()
    }

    /// The values that a label has in series meeting all conditions, in order.
    #[must_use]
    pub fn label_values(&self, name: &str, matchers: &[Matcher], from: i64, to: i64) -> Vec<Arc<str>> {
        let memory = lock(&self.memory);
        let series = memory.registry.find(matchers, from, to);
        let values: BTreeSet<_> = series
            .flat_map(|(_, series)| series.labels.pairs().filter(|pair| &*pair.0 == name).map(|pair| &pair.1))
            .collect();
        values.into_iter().cloned().collect()
    }

    /// The series that meet all conditions and may have samples in `from..=to`, in order of their labels.
    #[must_use]
    pub fn series(&self, matchers: &[Matcher], from: i64, to: i64) -> Vec<Labels> {
        let memory = lock(&self.memory);
        let mut series: Vec<_> =
            memory.registry.find(matchers, from, to).map(|(_, series)| series.labels.clone()).collect();
        series.sort();
        series
    }

    /// What is known of each metric, in order of their names.
    #[must_use]
    pub fn metadata(&self) -> Vec<(Arc<str>, Metadata)> {
        lock(&self.memory).descriptions.iter().map(|(name, of)| (name.clone(), of.clone())).collect()
    }

    /// The series that get samples now and meet all conditions: what a live stream sends. Ask again now and then, since
    /// series come and go.
    #[must_use]
    pub fn live_series(&self, matchers: &[Matcher]) -> Vec<(SeriesId, Labels)> {
        let memory = lock(&self.memory);
        let series = memory.registry.find(matchers, i64::MIN, i64::MAX).filter(|(_, series)| series.is_open);
        series.map(|(id, series)| (SeriesId(id), series.labels.clone())).collect()
    }

    /// The last sample of each of these series; `None` for one that has none or has ended.
    #[must_use]
    pub fn latest(&self, series: &[SeriesId]) -> Vec<Option<Sample>> {
        let memory = lock(&self.memory);
        let latest = |id: &SeriesId| {
            let series = memory.registry.series.get(&id.0).filter(|series| series.is_open)?;
            Some(series.head.as_ref()?.whole.last())
        };
        series.iter().map(latest).collect()
    }
}
