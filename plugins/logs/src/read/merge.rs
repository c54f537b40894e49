//! Lines of many cursors → one order.
//!
//! Cursors whose time has not come are not read yet: a window over a hundred files holds a few batches. It
//! deliberately sorts nothing within a cursor: lines of one file stay in the order of the file.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use graftwire_sdk::error_text;

use super::batch::{Batch, Line};
use super::{Cursor, Direction, ReadStats};

/// How many problems are told; more of them say the same.
const MAX_NOTICES: usize = 10;

/// Gives lines in the order of their times.
pub struct Merge {
    slots: Vec<Slot>,
    heap: BinaryHeap<Head>,
    current: Option<usize>,
    direction: Direction,
    stats: ReadStats,
    notices: Vec<String>,
}

struct Slot {
    cursor: Option<Box<dyn Cursor>>,
    batch: Batch,
    next: usize,
}

/// The place of a slot in the order: what comes first is greatest.
#[derive(PartialEq, Eq)]
struct Head {
    key: i64,
    slot: Reverse<usize>,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then(self.slot.cmp(&other.slot))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Merge {
    /// Merges cursors that all read in this direction.
    #[must_use]
    pub fn new(cursors: Vec<Box<dyn Cursor>>, direction: Direction) -> Self {
        let mut merge = Self {
            slots: Vec::with_capacity(cursors.len()),
            heap: BinaryHeap::with_capacity(cursors.len()),
            current: None,
            direction,
            stats: ReadStats::default(),
            notices: Vec::new(),
        };
        for (slot, cursor) in cursors.into_iter().enumerate() {
            let (first, last) = cursor.bounds();
            let bound = if direction == Direction::Forward { first } else { last };
            merge.slots.push(Slot { cursor: Some(cursor), batch: Batch::default(), next: 0 });
            merge.push(slot, bound);
        }
        merge
    }

    /// The next line; `None` at the end, or when `cancelled` says so between batches.
    pub fn next(&mut self, cancelled: &dyn Fn() -> bool) -> Option<Line<'_>> {
        if let Some(slot) = self.current.take() {
            if let Some(state) = self.slots.get_mut(slot) {
                state.next += 1;
            }
            self.queue(slot);
        }
        loop {
            let Head { slot: Reverse(slot), .. } = self.heap.pop()?;
            let state = self.slots.get_mut(slot)?;
            if state.next < state.batch.len() {
                self.current = Some(slot);
                self.stats.lines += 1;
                let state = self.slots.get(slot)?;
                return state.batch.line(state.next);
            }
            if cancelled() {
                self.heap.clear();
                return None;
            }
            self.refill(slot);
        }
    }

    /// What was read so far.
    #[must_use]
    pub const fn stats(&self) -> ReadStats {
        self.stats
    }

    /// What could not be read.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    fn refill(&mut self, slot: usize) {
        let Some(state) = self.slots.get_mut(slot) else { return };
        let Some(cursor) = &mut state.cursor else { return };
        if state.batch.looked_at == 0 {
            self.stats.files += 1;
        }
        let more = cursor.fill(&mut state.batch);
        state.next = 0;
        self.stats.bytes += state.batch.looked_at;
        match more {
            Ok(true) => self.queue(slot),
            Ok(false) => self.close(slot),
            Err(error) => {
                self.close(slot);
                if self.notices.len() < MAX_NOTICES {
                    self.notices.push(error_text(&error));
                }
            }
        }
    }

    /// Puts a slot to where its next line, or else its next batch, belongs.
    fn queue(&mut self, slot: usize) {
        let Some(state) = self.slots.get(slot) else { return };
        match state.batch.line(state.next) {
            Some(line) => {
                let at = line.at;
                self.push(slot, at);
            }
            // What comes next in it is not known: it is read at once, whatever the others have.
            None if state.cursor.is_some() => {
                let first = if self.direction == Direction::Forward { i64::MIN } else { i64::MAX };
                self.push(slot, first);
            }
            None => {}
        }
    }

    fn push(&mut self, slot: usize, at: i64) {
        let key = if self.direction == Direction::Forward { at.saturating_neg() } else { at };
        self.heap.push(Head { key, slot: Reverse(slot) });
    }

    fn close(&mut self, slot: usize) {
        if let Some(state) = self.slots.get_mut(slot) {
            state.cursor = None;
            state.batch = Batch::default();
        }
    }
}

impl std::fmt::Debug for Merge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merge")
            .field("cursors", &self.slots.len())
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}
