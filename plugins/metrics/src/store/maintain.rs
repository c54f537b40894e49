//! From memory to disk: flushes to the journal, cuts into the database, retention, and what to do when the disk
//! takes nothing.
//!
//! A flush appends the new samples to the journal. When the unfinished chunks have grown large or old, they are cut
//! off as a generation and committed; then its journal goes. What can't be committed waits in memory, within bounds,
//! and is tried again with every flush. It deliberately decides nothing about queries.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::disk::{self, DiskError, Frozen};
use super::journal::{self, Journal};
use super::memory::Memory;
use super::{Store, lock};

/// How much waits for the database in memory; beyond it the oldest generation stays in its journal only.
const MAX_FROZEN: usize = 4 << 20;
/// Commits that fail on damage in a row before the database is given up.
const MAX_DAMAGED_COMMITS: u32 = 3;
/// Old samples are only dropped once the clock has run evenly that long: a clock that is set wrong for a moment after
/// the start must not cost the history.
const STEADY: Duration = Duration::from_secs(600);
/// A jump of the clock.
const JUMP: u64 = 10_000;

/// What maintenance remembers from flush to flush.
#[derive(Debug)]
pub(super) struct Upkeep {
    journal: Journal,
    clock: SteadyClock,
    /// Generations that were dropped from memory and lie in their journals.
    parked: Vec<Parked>,
    damaged_commits: u32,
    has_compacted: bool,
}

#[derive(Debug)]
struct Parked {
    generation: u32,
    samples: u64,
}

/// Why the last write failed, if it did.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) journal: Option<String>,
    pub(super) database: Option<String>,
}

/// A time by both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Milliseconds since the Unix epoch.
    pub(super) wall: i64,
    pub(super) steady: Instant,
}

impl Moment {
    pub(super) fn now() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
        Self { wall, steady: Instant::now() }
    }
}

/// Tells whether the wall clock has run evenly for a while.
#[derive(Debug, Default)]
struct SteadyClock {
    last: Option<Moment>,
    since: Option<Instant>,
}

impl SteadyClock {
    fn is_steady(&mut self, now: Moment) -> bool {
        let jumped = self.last.is_none_or(|last| {
            let passed = now.steady.duration_since(last.steady).as_millis() as i64;
            (now.wall - last.wall).abs_diff(passed) > JUMP
        });
        self.last = Some(now);
        let since = if jumped { now.steady } else { self.since.unwrap_or(now.steady) };
        self.since = Some(since);
        now.steady.duration_since(since) >= STEADY
    }
}

impl Upkeep {
    pub(super) fn new(journal: Journal) -> Self {
        Self {
            journal,
            clock: SteadyClock::default(),
            parked: Vec::new(),
            damaged_commits: 0,
            has_compacted: false,
        }
    }
}

impl Store {
    /// Writes everything that is new to the disk. What fails is kept and tried again; see [`Store::health`].
    pub fn flush(&self) {
        self.flush_at(Moment::now());
    }

    pub(super) fn flush_at(&self, now: Moment) {
        let mut upkeep = lock(&self.upkeep);
        if self.is_closed.load(Ordering::SeqCst) {
            return;
        }
        let is_steady = upkeep.clock.is_steady(now);
        self.write_journal(&mut upkeep, now);
        if self.commit_frozen(&mut upkeep, now, is_steady) {
            self.recover_parked(&mut upkeep);
            self.drop_expired(&mut upkeep, now, is_steady);
        }
        self.park_excess(&mut upkeep);
    }

    fn write_journal(&self, upkeep: &mut Upkeep, now: Moment) {
        let (record, generation) = {
            let mut memory = lock(&self.memory);
            if upkeep.journal.generation() != memory.generation {
                upkeep.journal.begin(memory.generation);
            }
            let record = memory.drain_fresh(upkeep.journal.edition());
            if self.is_cut_due(&memory, now) {
                memory.freeze();
            }
            (record, memory.generation)
        };
        let written = match record {
            Some(record) => upkeep.journal.append(&record),
            None => upkeep.journal.retry(),
        };
        lock(&self.faults).journal = written.err().map(|error| describe(&error));
        if upkeep.journal.generation() != generation {
            upkeep.journal.begin(generation);
        }
    }

    fn is_cut_due(&self, memory: &Memory, now: Moment) -> bool {
        let cut_after = self.options.cut_after.as_millis() as i64;
        memory.head_bytes() >= self.options.head_bytes
            || memory.has_large_chunk()
            || memory.head_first().is_some_and(|first| now.wall.saturating_sub(first) >= cut_after)
    }

    /// Commits what is cut off, oldest first. Returns whether nothing is left waiting.
    fn commit_frozen(&self, upkeep: &mut Upkeep, now: Moment, is_steady: bool) -> bool {
        loop {
            let (frozen, old) = {
                let memory = lock(&self.memory);
                let Some(frozen) = memory.frozen.front().cloned() else { return true };
                let old = self.expired(&memory, frozen.bytes() as u64, now, is_steady);
                (frozen, old)
            };
            if !self.commit(upkeep, Some(&frozen), &old, now) {
                return false;
            }
            if let Err(error) = journal::remove(&*self.volume, frozen.generation) {
                // It is read again at the next start and found committed.
                lock(&self.faults).journal = Some(describe(&error));
            }
        }
    }

    /// Commits a generation and removes old ones. Returns whether that worked.
    fn commit(&self, upkeep: &mut Upkeep, frozen: Option<&Arc<Frozen>>, old: &[u32], now: Moment) -> bool {
        let rows = lock(&self.memory).rows();
        let mut outcome = self.disk.commit(frozen.map(|frozen| &**frozen), &rows, old);
        if matches!(outcome, Err(DiskError::Damaged(_))) && !old.is_empty() {
            // A generation with a damaged page can't be removed; its space is given up.
            outcome = self.disk.commit(frozen.map(|frozen| &**frozen), &rows, &[]);
        }
        match outcome {
            Ok(bytes) => {
                let mut memory = lock(&self.memory);
                memory.committed(frozen.map(|frozen| (&**frozen, bytes)), &rows, old);
                upkeep.damaged_commits = 0;
                lock(&self.faults).database = None;
                true
            }
            Err(error) => {
                lock(&self.faults).database = Some(describe(&error));
                if matches!(error, DiskError::Damaged(_)) {
                    self.note_damaged_commit(upkeep, &error, now);
                }
                false
            }
        }
    }

    /// After some commits that fail on damage the database is moved aside; the next flush goes on with a new one.
    fn note_damaged_commit(&self, upkeep: &mut Upkeep, error: &DiskError, now: Moment) {
        upkeep.damaged_commits += 1;
        if upkeep.damaged_commits >= MAX_DAMAGED_COMMITS {
            self.disk.close();
            match super::open::move_aside(&*self.volume, now.wall) {
                Ok(to) => {
                    lock(&self.memory).forget_rows();
                    lock(&self.moved_aside).replace((to, describe(error)));
                    upkeep.damaged_commits = 0;
                }
                Err(error) => lock(&self.faults).database = Some(describe(&error)),
            }
        }
    }

    /// Which generations must go: those beyond the retention, then the oldest while the rest and `more` is too large.
    fn expired(&self, memory: &Memory, more: u64, now: Moment, is_steady: bool) -> Vec<u32> {
        let retention = i64::try_from(self.options.retention.as_millis()).unwrap_or(i64::MAX);
        let horizon = if is_steady { now.wall.saturating_sub(retention) } else { i64::MIN };
        let mut bytes = more + memory.spans.values().map(|span| span.bytes).sum::<u64>();
        let mut old = Vec::new();
        for (generation, span) in &memory.spans {
            if span.last < horizon || bytes > self.options.block_bytes() {
                bytes = bytes.saturating_sub(span.bytes);
                old.push(*generation);
            }
        }
        old
    }

    /// Drops what is too old or too much when nothing new comes.
    fn drop_expired(&self, upkeep: &mut Upkeep, now: Moment, is_steady: bool) {
        let old = self.expired(&lock(&self.memory), 0, now, is_steady);
        if !old.is_empty() && !self.commit(upkeep, None, &old, now) {
            return;
        }
        let is_too_large = self.disk.allocated().is_ok_and(|bytes| bytes > self.options.max_bytes);
        if is_too_large && !upkeep.has_compacted {
            upkeep.has_compacted = true;
            if let Err(error) = self.disk.compact() {
                lock(&self.faults).database = Some(describe(&error));
            }
        }
    }

    /// While the disk takes nothing, memory holds a bounded part; the rest stays in the journals, as far as they got.
    fn park_excess(&self, upkeep: &mut Upkeep) {
        let mut memory = lock(&self.memory);
        while memory.frozen.iter().map(|frozen| frozen.bytes()).sum::<usize>() > MAX_FROZEN {
            let Some(frozen) = memory.frozen.pop_front() else { return };
            upkeep.parked.push(Parked { generation: frozen.generation, samples: frozen.samples });
        }
    }

    /// Once the disk takes data again: what was parked is read from its journal and committed.
    fn recover_parked(&self, upkeep: &mut Upkeep) {
        while let Some(Parked { generation, samples }) = upkeep.parked.pop() {
            let mut scratch = Memory::new(generation);
            let replayed =
                journal::replay(&*self.volume, generation, |record| scratch.replay(record)).is_ok();
            scratch.freeze();
            let frozen = scratch.frozen.pop_front();
            let recovered = frozen.as_ref().map_or(0, |frozen| frozen.samples);
            let committed = match &frozen {
                Some(frozen) => self.disk.commit(Some(frozen), &Default::default(), &[]),
                None => Ok(0),
            };
            let (true, Ok(bytes)) = (replayed, committed) else {
                return upkeep.parked.push(Parked { generation, samples });
            };
            let mut memory = lock(&self.memory);
            memory.committed(frozen.as_deref().map(|frozen| (frozen, bytes)), &Default::default(), &[]);
            memory.counters.lost_samples += samples.saturating_sub(recovered);
            drop(memory);
            drop(journal::remove(&*self.volume, generation));
        }
    }

    /// The bytes the store's files take on the disk.
    pub(super) fn disk_bytes(&self) -> u64 {
        let journals = journal::list(&*self.volume).unwrap_or_default();
        let journal_bytes =
            |generation: &u32| journal::allocated(&*self.volume, *generation).unwrap_or_default();
        self.disk.allocated().unwrap_or_default() + journals.iter().map(journal_bytes).sum::<u64>()
    }
}

impl Memory {
    /// Takes note of a commit.
    fn committed(&mut self, frozen: Option<(&Frozen, u64)>, rows: &disk::Rows, old: &[u32]) {
        if let Some((frozen, bytes)) = frozen {
            self.frozen.retain(|waiting| waiting.generation != frozen.generation);
            self.spans.insert(frozen.generation, frozen.span(bytes));
        }
        self.rows_written(rows);
        for generation in old {
            self.spans.remove(generation);
        }
        if !old.is_empty() {
            let stored = self.spans.values().map(|span| span.first);
            let oldest =
                stored.chain(self.frozen.iter().map(|frozen| frozen.first)).chain(self.head_first()).min();
            self.expire(oldest.unwrap_or(i64::MAX));
        }
    }
}

/// An error and its causes in one line.
pub(super) fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
