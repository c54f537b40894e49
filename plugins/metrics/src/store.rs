//! The store: samples of this machine, compressed, on disk, bounded in memory and size.
//!
//! New samples go into unfinished chunks in memory and, every flush interval, into a journal (`journal`). Every quarter
//! of an hour or so the chunks are cut off as a generation and written to one redb database (`disk`, over the checked
//! pages of `paged`). `maintain` says what happens when the disk is full.
//!
//! | limit | default | reached |
//! |---|---|---|
//! | age | 7 days | the oldest generations go |
//! | size | 512 MiB | the oldest generations go |
//! | series | 10,000 | new series are refused and counted |
//! | loss at a kill or power cut | 10 s | the journal has everything older |
//! | memory while the disk takes nothing | about 4 MiB | the oldest are dropped and counted |
//!
//! It deliberately knows nothing of where samples come from.

mod block;
mod codec;
mod described;
mod disk;
mod error;
mod health;
mod journal;
mod keeper;
mod locate;
mod maintain;
mod memory;
mod metadata;
mod open;
mod options;
mod paged;
mod registry;
mod select;
#[cfg(test)]
mod testing;
mod varint;
mod volume;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub use error::StoreError;
pub use health::{Health, Problem, Stats};
pub use keeper::Keeper;
pub use locate::{Warning, locate};
pub use memory::Appended;
pub use metadata::{Metadata, MetricType};
pub use options::StoreOptions;
pub use registry::SeriesId;

use crate::series::Labels;
use disk::Disk;
use maintain::{Faults, Upkeep};
use memory::Memory;
use volume::{Directory, Volume};

/// An open store. All methods may be called from any thread.
#[derive(Debug)]
pub struct Store {
    memory: Mutex<Memory>,
    disk: Disk,
    volume: Arc<dyn Volume>,
    upkeep: Mutex<Upkeep>,
    faults: Mutex<Faults>,
    moved_aside: Mutex<Option<(PathBuf, String)>>,
    /// Chunks on disk that can't be read: generation and series.
    damaged: Mutex<HashSet<(u32, u32)>>,
    lists_damaged: bool,
    is_closed: AtomicBool,
    ticks: watch::Sender<i64>,
    options: StoreOptions,
}

impl Store {
    /// Opens the store in a folder, creating it if need be. Takes milliseconds, after a kill too. A database that can't
    /// be used is moved aside and reported by [`health`](Self::health).
    ///
    /// # Errors
    /// [`StoreError`] when another process uses the folder, or nothing can be opened there.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        let volume = Arc::new(Directory::open(folder)?);
        Ok(Arc::new(Self::open_on(volume, options)?))
    }

    /// The number under which samples of a series are appended; `None` if it is new and the store is at its limit.
    pub fn resolve(&self, labels: &Labels) -> Option<SeriesId> {
        if self.is_closed() {
            return None;
        }
        lock(&self.memory).resolve(labels, self.options.max_series)
    }

    /// Appends samples of one time, in milliseconds. Samples not later than their series' last one are refused and
    /// counted, unless the clock was set back by more than five minutes.
    pub fn append(&self, at: i64, batch: &[(SeriesId, f64)]) -> Appended {
        if self.is_closed() {
            return Appended::default();
        }
        let appended = lock(&self.memory).append(at, batch.iter().copied());
        if appended.stored > 0 {
            self.ticks.send_replace(at);
        }
        appended
    }

    /// Appends samples whose time somebody else's clock told: one that lags says nothing of ours, so that only the
    /// order within each series counts.
    pub fn append_told(&self, at: i64, batch: &[(SeriesId, f64)]) -> Appended {
        if self.is_closed() {
            return Appended::default();
        }
        lock(&self.memory).append_told(at, batch.iter().copied())
    }

    /// Marks series as ended, so that a query doesn't show their last value for five minutes more.
    pub fn end(&self, at: i64, series: &[SeriesId]) {
        if !self.is_closed() {
            lock(&self.memory).end(at, series);
        }
    }

    /// Forgets those of these series that never got a sample.
    pub fn forget(&self, series: &[SeriesId]) {
        lock(&self.memory).registry.forget(series);
    }

    /// Takes note of what is known of a metric.
    pub fn describe(&self, name: &str, metadata: Metadata) {
        lock(&self.memory).descriptions.describe(name, metadata);
    }

    /// Changes to the time of each batch as it is appended; then [`latest`](Self::latest) has its values.
    #[must_use]
    pub fn ticks(&self) -> watch::Receiver<i64> {
        self.ticks.subscribe()
    }

    /// How the store is.
    #[must_use]
    pub fn health(&self) -> Health {
        let mut problems = Vec::new();
        let (counters, samples_in_memory) = {
            let memory = lock(&self.memory);
            (memory.counters, memory.samples_in_memory())
        };
        let faults = lock(&self.faults);
        if let Some(cause) = faults.journal.as_ref().or(faults.database.as_ref()) {
            problems.push(Problem::NotWriting { cause: cause.clone(), samples: samples_in_memory });
        }
        if counters.lost_samples > 0 {
            problems.push(Problem::Lost { samples: counters.lost_samples });
        }
        if let Some((to, cause)) = &*lock(&self.moved_aside) {
            problems.push(Problem::MovedAside { to: to.clone(), cause: cause.clone() });
        }
        let (chunks, records) = (counters.damaged_chunks, counters.damaged_records);
        if chunks + records > 0 || self.lists_damaged {
            problems.push(Problem::Damaged { chunks, records, lists: self.lists_damaged });
        }
        if counters.refused_series > 0 {
            problems.push(Problem::SeriesLimit {
                limit: self.options.max_series,
                refused: counters.refused_series,
            });
        }
        Health { problems }
    }

    /// What the store holds.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let disk_bytes = self.disk_bytes();
        Stats { disk_bytes, ..lock(&self.memory).stats() }
    }

    /// Writes everything, closes the files and lets others have them. From then on nothing is taken any more, and
    /// answers come from memory or not at all. Dropping the store does the same.
    pub fn close(&self) {
        self.flush();
        let _upkeep = lock(&self.upkeep);
        if !self.is_closed.swap(true, Ordering::SeqCst) {
            self.disk.shut();
            self.volume.release();
        }
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

/// A lock whose holder panicked is used on: everything under our locks is whole between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
