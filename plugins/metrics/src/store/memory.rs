//! What the store holds in memory: the series, their unfinished chunks, and the list of what lies on disk.
//!
//! Everything here happens under one short lock; it deliberately never touches a file. [`maintain`](super::maintain)
//! carries what it hands out to the disk.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::block::{BlockReader, BlockWriter, Entry};
use super::codec::MAX_SAMPLES;
use super::described::Descriptions;
use super::disk::{Frozen, Rows, Span};
use super::health::Stats;
use super::registry::{self, Registry, Series, SeriesId};
use super::varint;
use crate::series::{Labels, STALE_NAN_BITS, Sample};

/// A sample so much older than the newest one means that the clock was set back, in milliseconds. Less than that is
/// somebody's delay, and is refused per series.
const CLOCK_SET_BACK: i64 = 5 * 60 * 1000;

/// A chunk that large is cut: it just fills the database's pages.
const LARGE_CHUNK: usize = 8000;

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Appended {
    /// Samples that are in.
    pub stored: u64,
    /// Samples at a time the series already has; the first one stays.
    pub duplicate: u64,
    /// Samples before the series' last one.
    pub out_of_order: u64,
    /// Samples for numbers that name no series.
    pub unknown: u64,
}

/// Counters since the store was opened.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) appended: Appended,
    /// Series refused because of the limit.
    pub(super) refused_series: u64,
    /// How often the clock was set back.
    pub(super) clock_set_back: u64,
    /// Chunks on disk that couldn't be read.
    pub(super) damaged_chunks: u64,
    /// Damaged stretches in journals.
    pub(super) damaged_records: u64,
    /// Samples dropped because the disk took none for too long.
    pub(super) lost_samples: u64,
}

/// What the head of all series amounts to.
#[derive(Debug, Clone, Copy)]
struct Heads {
    bytes: usize,
    samples: u64,
    first: i64,
    last: i64,
    largest: usize,
}

impl Default for Heads {
    fn default() -> Self {
        Self { bytes: 0, samples: 0, first: i64::MAX, last: i64::MIN, largest: 0 }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) registry: Registry,
    /// The generation the heads will become.
    pub(super) generation: u32,
    /// Cut off, not on disk yet; oldest first.
    pub(super) frozen: VecDeque<Arc<Frozen>>,
    /// On disk.
    pub(super) spans: BTreeMap<u32, Span>,
    pub(super) counters: Counters,
    /// Time of the newest sample.
    pub(super) newest: Option<i64>,
    /// The newest time our own clock told.
    pub(super) clock: Option<i64>,
    pub(super) descriptions: Descriptions,
    removed_series: Vec<u32>,
    heads: Heads,
}

impl Memory {
    /// Nothing yet, of this generation.
    pub(super) fn new(generation: u32) -> Self {
        Self { generation, ..Self::default() }
    }

    /// Appends samples of one time by our clock.
    pub(super) fn append(&mut self, at: i64, batch: impl IntoIterator<Item = (SeriesId, f64)>) -> Appended {
        if self.clock.is_some_and(|newest| at < newest.saturating_sub(CLOCK_SET_BACK)) {
            self.accept_earlier_times(at);
        }
        self.clock = self.clock.max(Some(at));
        self.append_told(at, batch)
    }

    /// Appends samples of one time by any clock.
    pub(super) fn append_told(
        &mut self,
        at: i64,
        batch: impl IntoIterator<Item = (SeriesId, f64)>,
    ) -> Appended {
        let mut appended = Appended::default();
        for (SeriesId(id), value) in batch {
            let Some(series) = self.registry.series.get_mut(&id) else {
                appended.unknown += 1;
                continue;
            };
            match at.cmp(&series.floor) {
                std::cmp::Ordering::Greater => appended.stored += 1,
                std::cmp::Ordering::Equal => {
                    appended.duplicate += 1;
                    continue;
                }
                std::cmp::Ordering::Less => {
                    appended.out_of_order += 1;
                    continue;
                }
            }
            if series.push(Sample { at, value }, &mut self.heads) {
                self.freeze();
            }
        }
        self.newest = self.newest.max(Some(at).filter(|_| appended.stored > 0));
        self.counters.appended.add(appended);
        appended
    }

    /// Gives series that are open the marker of their end.
    pub(super) fn end(&mut self, at: i64, series: &[SeriesId]) {
        let is_live = |series: &Series| series.is_open && series.first != i64::MAX;
        let ended: Vec<SeriesId> = series
            .iter()
            .filter(|id| self.registry.series.get(&id.0).is_some_and(is_live))
            .copied()
            .collect();
        let marker = f64::from_bits(STALE_NAN_BITS);
        self.append(at, ended.into_iter().map(|id| (id, marker)));
    }

    /// The clock was set back: what is in is cut off, so that the earlier times can follow.
    fn accept_earlier_times(&mut self, at: i64) {
        self.freeze();
        self.registry.series.values_mut().for_each(|series| series.floor = i64::MIN);
        (self.newest, self.clock) = (Some(at), Some(at));
        self.counters.clock_set_back += 1;
    }

    /// The number of a series; `None` if it is new and the store is at its limit.
    pub(super) fn resolve(&mut self, labels: &Labels, max_series: usize) -> Option<SeriesId> {
        if let Some(id) = self.registry.id(labels) {
            return Some(SeriesId(id));
        }
        if self.registry.len() >= max_series {
            self.counters.refused_series += 1;
            return None;
        }
        Some(SeriesId(self.registry.add(labels)))
    }

    /// Bytes of the unfinished chunks.
    pub(super) fn head_bytes(&self) -> usize {
        self.heads.bytes
    }

    /// Samples that are not in the database yet.
    pub(super) fn samples_in_memory(&self) -> u64 {
        self.heads.samples + self.frozen.iter().map(|frozen| frozen.samples).sum::<u64>()
    }

    /// What is held, but for the size of files.
    pub(super) fn stats(&self) -> Stats {
        let samples_in_memory = self.samples_in_memory();
        let frozen = self.frozen.front().map(|frozen| frozen.first);
        Stats {
            series: self.registry.len(),
            open_series: self.registry.series.values().filter(|series| series.is_open).count(),
            samples: samples_in_memory + self.spans.values().map(|span| span.samples).sum::<u64>(),
            samples_in_memory,
            head_bytes: self.heads.bytes,
            disk_bytes: 0,
            oldest: self.spans.values().map(|span| span.first).chain(frozen).chain(self.head_first()).min(),
            newest: self.newest,
            appended: self.counters.appended,
            clock_set_back: self.counters.clock_set_back,
        }
    }

    /// Time of the oldest sample in the heads.
    pub(super) fn head_first(&self) -> Option<i64> {
        (self.heads.samples > 0).then_some(self.heads.first)
    }

    /// Whether some chunk has reached the size it should have on disk.
    pub(super) fn has_large_chunk(&self) -> bool {
        self.heads.largest >= LARGE_CHUNK
    }

    /// The samples since the last flush as a journal record; `None` if there are none.
    pub(super) fn drain_fresh(&mut self, edition: u32) -> Option<Vec<u8>> {
        let mut block = BlockWriter::new(self.newest.unwrap_or_default());
        let (mut definitions, mut defined) = (Vec::new(), 0_u64);
        for (id, series) in &mut self.registry.series {
            let Some(chunk) = series.head.as_mut().and_then(|head| head.fresh.take()) else { continue };
            block.push(*id, &chunk);
            if series.edition != edition {
                series.edition = edition;
                defined += 1;
                varint::put(&mut definitions, u64::from(*id));
                registry::encode_labels(&mut definitions, &series.labels);
            }
        }
        block.first_id()?;
        let mut record = Vec::with_capacity(definitions.len() + block.bytes().len() + 4);
        varint::put(&mut record, defined);
        record.extend_from_slice(&definitions);
        record.extend_from_slice(block.bytes());
        Some(record)
    }

    /// Takes in a journal record; a part that can't be read counts as damage.
    pub(super) fn replay(&mut self, record: &[u8]) {
        if self.replay_parts(record).is_none() {
            self.counters.damaged_records += 1;
        }
    }

    fn replay_parts(&mut self, mut record: &[u8]) -> Option<()> {
        for _ in 0..varint::take(&mut record)? {
            let id = u32::try_from(varint::take(&mut record)?).ok()?;
            let labels = registry::decode_labels(&mut record, &mut self.registry)?;
            if !self.registry.series.contains_key(&id) {
                self.registry.insert(id, Series::new(labels));
            }
        }
        let mut chunks = BlockReader::new(record).ok()?;
        while let Some(Entry { id, chunk }) = chunks.advance().ok()? {
            let Some(series) = self.registry.series.get_mut(&id) else { continue };
            let heads = &mut self.heads;
            let read = chunk.read(i64::MIN, i64::MAX, |sample| {
                if sample.at > series.floor {
                    series.push(sample, heads);
                }
            });
            self.newest = self.newest.max(Some(series.last));
            read.ok()?;
        }
        Some(())
    }

    /// After a replay nothing is fresh: it all came from the journal.
    pub(super) fn forget_fresh(&mut self) {
        let heads = self.registry.series.values_mut().filter_map(|series| series.head.as_mut());
        heads.for_each(|head| head.fresh = Default::default());
    }

    /// Cuts everything off into a generation; `false` if there is nothing.
    pub(super) fn freeze(&mut self) -> bool {
        let heads = std::mem::take(&mut self.heads);
        let mut chunks = Vec::new();
        for (id, series) in &mut self.registry.series {
            let Some(head) = &mut series.head else { continue };
            match head.whole.take() {
                Some(chunk) => {
                    head.fresh = Default::default();
                    chunks.push((*id, chunk));
                }
                // A whole generation without a sample: it has probably ended.
                None => series.head = None,
            }
        }
        if chunks.is_empty() {
            return false;
        }
        let (first, last, samples) = (heads.first, heads.last, heads.samples);
        self.frozen.push_back(Arc::new(Frozen { generation: self.generation, first, last, samples, chunks }));
        self.generation += 1;
        true
    }

    /// The rows the database should have by now. [`rows_written`](Self::rows_written) once it has them.
    pub(super) fn rows(&self) -> Rows {
        let dirty =
            self.registry.series.iter().filter(|(_, series)| series.is_dirty && series.first != i64::MAX);
        let removed = self.removed_series.iter().map(|id| (*id, None));
        Rows {
            series: removed.chain(dirty.map(|(id, series)| (*id, Some(series.encode())))).collect(),
            metadata: self.descriptions.rows(),
        }
    }

    /// Takes note that the database has these rows.
    pub(super) fn rows_written(&mut self, rows: &Rows) {
        for (id, row) in &rows.series {
            match row {
                // It may have changed since; then its row is another one.
                Some(row) => {
                    if let Some(series) = self.registry.series.get_mut(id) {
                        series.is_dirty = series.encode() != *row;
                    }
                }
                None => self.removed_series.retain(|removed| removed != id),
            }
        }
        self.descriptions.rows_written(&rows.metadata);
    }

    /// All rows are to be written again: the database is a new one.
    pub(super) fn forget_rows(&mut self) {
        self.registry.series.values_mut().for_each(|series| series.is_dirty = true);
        self.descriptions.forget_rows();
        self.removed_series.clear();
        self.spans.clear();
    }

    /// Forgets series that ended before `time`.
    pub(super) fn expire(&mut self, time: i64) {
        self.removed_series.extend(self.registry.expire(time));
    }
}

impl Series {
    /// Appends a sample, later than the last one. Returns whether the chunk can take no more.
    fn push(&mut self, sample: Sample, heads: &mut Heads) -> bool {
        let head = self.head.get_or_insert_default();
        let before = head.whole.size();
        head.whole.push(sample);
        head.fresh.push(sample);
        let size = head.whole.size();
        heads.bytes += size - before;
        heads.samples += 1;
        heads.first = heads.first.min(sample.at);
        heads.last = heads.last.max(sample.at);
        heads.largest = heads.largest.max(size);
        let is_full = head.whole.count() >= MAX_SAMPLES;

        let is_open = sample.value.to_bits() != STALE_NAN_BITS;
        self.is_dirty |= is_open != self.is_open || self.first > sample.at;
        self.is_open = is_open;
        self.first = self.first.min(sample.at);
        self.last = self.last.max(sample.at);
        self.floor = sample.at;
        is_full
    }
}

impl Appended {
    fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.duplicate += other.duplicate;
        self.out_of_order += other.out_of_order;
        self.unknown += other.unknown;
    }
}
