//! What is known of each metric by its name, and which of it the database doesn't have yet.
//!
//! It deliberately has no tie to series: a metric stays described when its last series is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::metadata::Metadata;

/// More metric names than that get no metadata.
const MAX_NAMES: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Descriptions {
    by_name: BTreeMap<Arc<str>, Described>,
    next_number: u32,
}

#[derive(Debug)]
struct Described {
    /// The number of its row.
    number: u32,
    metadata: Metadata,
    is_dirty: bool,
}

impl Descriptions {
    /// Takes note of what is known of a metric.
    pub(super) fn describe(&mut self, name: &str, metadata: Metadata) {
        match self.by_name.get_mut(name) {
            Some(described) if described.metadata == metadata => {}
            Some(described) => (described.metadata, described.is_dirty) = (metadata, true),
            None => {
                self.insert(name.into(), Described { number: self.next_number, metadata, is_dirty: true })
            }
        }
    }

    /// Takes in what the database has.
    pub(super) fn restore(&mut self, number: u32, row: &[u8]) {
        if let Some((name, metadata)) = Metadata::decode(row) {
            self.insert(name, Described { number, metadata, is_dirty: false });
        }
    }

    fn insert(&mut self, name: Arc<str>, described: Described) {
        if self.by_name.len() < MAX_NAMES {
            self.next_number = self.next_number.max(described.number.saturating_add(1));
            self.by_name.insert(name, described);
        }
    }

    /// Every metric, in order of its name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Metadata)> {
        self.by_name.iter().map(|(name, described)| (name, &described.metadata))
    }

    /// The rows the database should get.
    pub(super) fn rows(&self) -> Vec<(u32, Option<Vec<u8>>)> {
        let dirty = self.by_name.iter().filter(|(_, described)| described.is_dirty);
        dirty.map(|(name, described)| (described.number, Some(described.metadata.encode(name)))).collect()
    }

    /// Takes note that the database has these rows.
    pub(super) fn rows_written(&mut self, rows: &[(u32, Option<Vec<u8>>)]) {
        let written: BTreeMap<u32, &Option<Vec<u8>>> =
            rows.iter().map(|(number, row)| (*number, row)).collect();
        for (name, described) in &mut self.by_name {
            if let Some(Some(row)) = written.get(&described.number) {
                // It may have changed since; then its row is another one.
                described.is_dirty = described.metadata.encode(name) != *row;
            }
        }
    }

    /// All rows are to be written again.
    pub(super) fn forget_rows(&mut self) {
        self.by_name.values_mut().for_each(|described| described.is_dirty = true);
    }
}
