//! Which series there are: labels to numbers and back, and what is known of each.
//!
//! Texts are held once however many series carry them. It deliberately holds no samples but the unfinished chunks of
//! each series, which [`memory`](super::memory) fills.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::codec::Encoder;
use super::varint;
use crate::series::{Labels, Matcher};

/// A series' number in its store. It stays valid while samples keep coming; look it up again after a long pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub(super) u32);

/// What is known of a series.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) labels: Labels,
    /// Time of its first sample; `i64::MAX` before there is one.
    pub(super) first: i64,
    /// Time of its last sample, as far as known.
    pub(super) last: i64,
    /// A sample must be later than this.
    pub(super) floor: i64,
    /// Whether samples still come.
    pub(super) is_open: bool,
    /// Whether the database's row for it is out of date.
    pub(super) is_dirty: bool,
    /// The edition of the journal that defines it.
    pub(super) edition: u32,
    /// What isn't in the database yet.
    pub(super) head: Option<Box<Head>>,
}

/// The unfinished chunks of a series.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Everything since the last cut.
    pub(super) whole: Encoder,
    /// Everything since the last flush.
    pub(super) fresh: Encoder,
}

/// All series.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) series: BTreeMap<u32, Series>,
    ids: HashMap<Labels, u32>,
    texts: HashSet<Arc<str>>,
    next_id: u32,
}

impl Registry {
    /// The one copy of a text.
    pub(super) fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        text
    }

    /// Labels whose texts are shared with all others.
    pub(super) fn labels<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
        Labels::new(
            pairs
                .into_iter()
                .map(|(name, value)| (self.intern(name), self.intern(value)))
                .collect::<Vec<_>>(),
        )
    }

    pub(super) fn len(&self) -> usize {
        self.series.len()
    }

    /// The id of a series that is known.
    pub(super) fn id(&self, labels: &Labels) -> Option<u32> {
        self.ids.get(labels).copied()
    }

    /// Adds a series under the next number.
    pub(super) fn add(&mut self, labels: &Labels) -> u32 {
        let labels = self.labels(labels.iter());
        let id = self.next_id;
        self.insert(id, Series::new(labels));
        id
    }

    /// Adds a series under the number it had.
    pub(super) fn insert(&mut self, id: u32, series: Series) {
        self.next_id = self.next_id.max(id.saturating_add(1));
        self.ids.insert(series.labels.clone(), id);
        self.series.insert(id, series);
    }

    /// Leaves numbers free that series may have had whose labels are lost.
    pub(super) fn skip_ids(&mut self, count: u32) {
        self.next_id = self.next_id.saturating_add(count);
    }

    /// Forgets series that ended before `time`, and returns their numbers.
    pub(super) fn expire(&mut self, time: i64) -> Vec<u32> {
        let is_old = |series: &Series| series.head.is_none() && series.last < time;
        let old: Vec<u32> =
            self.series.iter().filter(|(_, series)| is_old(series)).map(|(id, _)| *id).collect();
        self.remove(&old);
        old
    }

    /// Forgets those of these series that never got a sample.
    pub(super) fn forget(&mut self, series: &[SeriesId]) {
        let is_empty = |id: &u32| self.series.get(id).is_some_and(|series| series.first == i64::MAX);
        let empty: Vec<u32> = series.iter().map(|id| id.0).filter(is_empty).collect();
        self.remove(&empty);
    }

    fn remove(&mut self, ids: &[u32]) {
        for id in ids {
            if let Some(series) = self.series.remove(id) {
                self.ids.remove(&series.labels);
            }
        }
        if !ids.is_empty() {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
        }
    }

    /// The series that meet all conditions and may have samples in `from..=to`, by ascending number.
    pub(super) fn find<'a>(
        &'a self,
        matchers: &'a [Matcher],
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = (u32, &'a Series)> {
        self.series
            .iter()
            .filter(move |(_, series)| series.first <= to && series.last >= from)
            .filter(move |(_, series)| matchers.iter().all(|matcher| matcher.matches(&series.labels)))
            .map(|(id, series)| (*id, series))
    }
}

impl Series {
    pub(super) fn new(labels: Labels) -> Self {
        Self {
            labels,
            first: i64::MAX,
            last: i64::MIN,
            floor: i64::MIN,
            is_open: true,
            is_dirty: true,
            edition: 0,
            head: None,
        }
    }

    /// Its row in the database.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::new();
        varint::put_signed(&mut row, self.first);
        varint::put_signed(&mut row, if self.is_open { i64::MAX } else { self.last });
        encode_labels(&mut row, &self.labels);
        row
    }

    /// A series from its row. One that was open counts as seen until `newest`.
    pub(super) fn decode(mut row: &[u8], newest: i64, registry: &mut Registry) -> Option<Self> {
        let from = &mut row;
        let (first, last) = (varint::take_signed(from)?, varint::take_signed(from)?);
        let labels = decode_labels(from, registry)?;
        let is_open = last == i64::MAX;
        Some(Self {
            first,
            last: if is_open { newest } else { last },
            is_open,
            is_dirty: false,
            ..Self::new(labels)
        })
    }
}

/// Appends labels: their number, then names and values.
pub(super) fn encode_labels(out: &mut Vec<u8>, labels: &Labels) {
    varint::put(out, labels.len() as u64);
    for text in labels.iter().flat_map(|(name, value)| [name, value]) {
        varint::put_text(out, text);
    }
}

/// Takes labels off the front.
pub(super) fn decode_labels(from: &mut &[u8], registry: &mut Registry) -> Option<Labels> {
    let count = varint::take(from)?;
    let mut pairs = Vec::new();
    for _ in 0..count {
        pairs.push((registry.intern(varint::take_text(from)?), registry.intern(varint::take_text(from)?)));
    }
    Some(Labels::new(pairs))
}
