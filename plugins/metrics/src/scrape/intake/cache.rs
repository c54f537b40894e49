//! The series of a target's last page: the text of a series to its number.
//!
//! It deliberately doesn't hold the texts. Two keyed hashes of 64 bits stand for each; the keys are random, so no
//! target can make two texts meet.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Stands for the text of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64, u64);

/// A series that is on the page.
#[derive(Debug)]
pub(super) struct Known<Id> {
    pub(super) id: Id,
    /// The time the target told for its last sample. Such a series isn't marked as ended: its samples have a time of
    /// their own, at which they stay true.
    pub(super) told: Option<i64>,
    seen: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Cache<Id> {
    known: HashMap<Key, Known<Id>>,
    hashes: (RandomState, RandomState),
    /// The number of the page.
    page: u32,
}

impl<Id> Default for Cache<Id> {
    fn default() -> Self {
        Self { known: HashMap::new(), hashes: (RandomState::new(), RandomState::new()), page: 0 }
    }
}

impl<Id: Copy> Cache<Id> {
    /// From now on, series that aren't found again count as unseen.
    pub(super) fn begin_page(&mut self) {
        self.page = self.page.wrapping_add(1);
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn key(&self, text: &str) -> Key {
        Key(self.hashes.0.hash_one(text), self.hashes.1.hash_one(text))
    }

    /// The series, which counts as seen.
    pub(super) fn find(&mut self, key: Key) -> Option<&mut Known<Id>> {
        let known = self.known.get_mut(&key)?;
        known.seen = self.page;
        Some(known)
    }

    pub(super) fn insert(&mut self, key: Key, id: Id, told: Option<i64>) {
        self.known.insert(key, Known { id, told, seen: self.page });
    }

    /// Forgets what wasn't seen, and returns the series to be marked as ended.
    pub(super) fn take_unseen(&mut self) -> Vec<Id> {
        let page = self.page;
        let unseen = self.known.extract_if(|_, known| known.seen != page);
        unseen.filter(|(_, known)| known.told.is_none()).map(|(_, known)| known.id).collect()
    }

    /// Forgets everything, and returns the series to be marked as ended.
    pub(super) fn clear(&mut self) -> Vec<Id> {
        let all = std::mem::take(&mut self.known).into_values();
        all.filter(|known| known.told.is_none()).map(|known| known.id).collect()
    }
}
