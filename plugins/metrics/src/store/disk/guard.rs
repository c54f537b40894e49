//! Keeping redb's panics from ending the process, or from ending it again and again.
//!
//! Checked pages turn flipped bits into errors. What they can't tell is a disk that lost writes it had confirmed, as
//! cheap SD cards do at a power cut: then every page is sound by itself and some are from an earlier time, which redb
//! may answer with a panic. Where panics unwind they are caught and count as damage. Where they abort, a byte in a file
//! says whether the process is inside redb; if it dies there three times in a row, the database is given up.
//!
//! It deliberately never judges the pages itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::volume::{RawFile, Volume};

/// The file's name. Its first byte says whether the process is inside, the second how often in a row it died there.
const FILE: &str = "inside";

/// Being killed inside by chance is rare; three times in a row is no chance.
const MAX_DEATHS: u8 = 3;

/// See the module.
#[derive(Debug)]
pub(super) struct Guard {
    /// `None` where panics are caught.
    file: Option<Arc<dyn RawFile>>,
    inside: AtomicUsize,
}

impl Guard {
    /// For this build's way with panics.
    pub(super) fn new(volume: &dyn Volume) -> Self {
        Self::aborting(volume, cfg!(panic = "abort"))
    }

    fn aborting(volume: &dyn Volume, aborts: bool) -> Self {
        // Without the file there is no protection, but nothing else is amiss.
        let file = if aborts { volume.open(FILE).ok() } else { None };
        Self { file, inside: AtomicUsize::new(0) }
    }

    /// Takes note of how the last process ended. Returns whether the database must be given up.
    pub(super) fn gives_up(&self) -> bool {
        let Some(file) = &self.file else { return false };
        let mut state = [0; 2];
        let deaths = match file.read_at(&mut state, 0) {
            Ok(()) if state[0] != 0 => state[1].saturating_add(1),
            _ => 0,
        };
        let gives_up = deaths >= MAX_DEATHS;
        self.note([0, if gives_up { 0 } else { deaths }]);
        gives_up
    }

    /// Runs redb's code.
    pub(super) fn run<R>(&self, work: impl FnOnce() -> Result<R, redb::Error>) -> Result<R, redb::Error> {
        if self.inside.fetch_add(1, Ordering::SeqCst) == 0 {
            self.note([1]);
        }
        let outcome = catch_unwind(AssertUnwindSafe(work));
        if self.inside.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.note([0]);
        }
        outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
            Err(redb::Error::Corrupted(format!("redb gave up: {text}")))
        })
    }

    /// Not synced: it must outlive the process, not the machine.
    fn note<const N: usize>(&self, state: [u8; N]) {
        if let Some(file) = &self.file {
            drop(file.write_at(&state, 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::MemoryVolume;
    use super::*;

    #[test]
    fn a_panic_is_damage() {
        let guard = Guard::new(&*MemoryVolume::new());
        let outcome = guard.run::<()>(|| panic!("page {}", 7));
        assert_eq!(outcome.unwrap_err().to_string(), "DB corrupted: redb gave up: page 7");
        assert_eq!(guard.run(|| Ok(5)).unwrap(), 5);
    }

    #[test]
    fn the_third_death_inside_gives_the_database_up() {
        let volume = MemoryVolume::new();
        let live_and_die = |inside: bool| {
            let guard = Guard::aborting(&*volume, true);
            let gives_up = guard.gives_up();
            assert!(guard.run(|| Ok(())).is_ok());
            if inside {
                guard.note([1]);
            }
            gives_up
        };
        // Deaths outside are everyday; so are two inside.
        assert_eq!([false, true, true, false, true].map(live_and_die), [false; 5]);
        assert_eq!([true, true, true, true].map(live_and_die), [false, false, true, false]);
    }

    #[test]
    fn nested_work_is_inside_until_the_last_ends() {
        let volume = MemoryVolume::new();
        let guard = Guard::aborting(&*volume, true);
        let is_inside = || {
            let mut state = [0];
            volume.open(FILE).unwrap().read_at(&mut state, 0).unwrap();
            state[0] == 1
        };
        let outcome = guard.run(|| {
            guard.run(|| Ok(()))?;
            Ok(is_inside())
        });
        assert!(outcome.unwrap() && !is_inside());
    }
}
