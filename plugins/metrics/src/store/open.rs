//! Opening a store: the database, or a new one in the place of one that can't be used, then the journals.
//!
//! It deliberately reads no blocks; what they hold is known from the lists.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::disk::{self, Disk, DiskError, Loaded, Span};
use super::journal::{self, Journal};
use super::maintain::{Moment, Upkeep, describe};
use super::memory::Memory;
use super::registry::Series;
use super::volume::Volume;
use super::{Store, StoreError, StoreOptions};

/// Numbers that are left out after part of the list of series was lost: more than were ever given out.
const LOST_IDS: u32 = 1 << 20;

impl Store {
    pub(super) fn open_on(volume: Arc<dyn Volume>, options: StoreOptions) -> Result<Self, StoreError> {
        let Opened { disk, loaded, moved_aside } = open_database(&volume, &options)?;
        let lists_damaged = loaded.is_incomplete;
        let mut memory = load(loaded);
        let failed =
            |path: PathBuf| move |source: io::Error| StoreError::Open { path, source: source.into() };
        let end = replay(&*volume, &mut memory).map_err(failed(volume.path("")))?;
        memory.clock = memory.newest;
        if lists_damaged {
            fill_gaps(&mut memory);
        }
        let journal =
            Journal::new(volume.clone(), memory.generation, end).map_err(failed(volume.path("")))?;
        Ok(Self {
            ticks: watch::Sender::new(memory.newest.unwrap_or(i64::MIN)),
            memory: Mutex::new(memory),
            disk,
            volume,
            upkeep: Mutex::new(Upkeep::new(journal)),
            faults: Mutex::default(),
            moved_aside: Mutex::new(moved_aside),
            damaged: Mutex::default(),
            lists_damaged,
            is_closed: AtomicBool::new(false),
            options,
        })
    }
}

/// A database, and what was moved aside for it.
struct Opened {
    disk: Disk,
    loaded: Loaded,
    moved_aside: Option<(PathBuf, String)>,
}

fn open_database(volume: &Arc<dyn Volume>, options: &StoreOptions) -> Result<Opened, StoreError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Open {
        path: volume.path(disk::FILE),
        source,
    };
    match Disk::open(volume.clone(), options.cache_bytes) {
        Ok((disk, loaded)) => Ok(Opened { disk, loaded, moved_aside: None }),
        Err(error @ DiskError::Damaged(_)) => {
            let to = move_aside(&**volume, Moment::now().wall).map_err(|error| failed(error.into()))?;
            let (disk, loaded) =
                Disk::open(volume.clone(), options.cache_bytes).map_err(|error| failed(error.into()))?;
            Ok(Opened { disk, loaded, moved_aside: Some((to, describe(&error))) })
        }
        Err(error) => Err(failed(error.into())),
    }
}

/// Renames the database to `….damaged-<time>`. An earlier one that was moved aside goes: they would fill the disk.
pub(super) fn move_aside(volume: &dyn Volume, now: i64) -> io::Result<PathBuf> {
    let prefix = format!("{}.damaged-", disk::FILE);
    for earlier in volume.list()?.iter().filter(|name| name.starts_with(&prefix)) {
        volume.remove(earlier)?;
    }
    let name = format!("{prefix}{}", now / 1000);
    volume.rename(disk::FILE, &name)?;
    Ok(volume.path(&name))
}

fn load(loaded: Loaded) -> Memory {
    let mut memory = Memory::new(loaded.generations.keys().next_back().map_or(0, |last| last + 1));
    memory.spans = loaded.generations;
    let newest = memory.spans.values().map(|span| span.last).max();
    memory.newest = newest;
    for (id, row) in loaded.series {
        match Series::decode(&row, newest.unwrap_or(i64::MIN), &mut memory.registry) {
            Some(series) => memory.registry.insert(id, series),
            None => memory.counters.damaged_records += 1,
        }
    }
    loaded.metadata.iter().for_each(|(number, row)| memory.descriptions.restore(*number, row));
    if loaded.is_incomplete {
        memory.registry.skip_ids(LOST_IDS);
    }
    memory
}

/// Generations are numbered without gaps; one whose row was lost lies between its neighbours in time as well.
fn fill_gaps(memory: &mut Memory) {
    let known: Vec<(u32, Span)> =
        memory.spans.iter().map(|(generation, span)| (*generation, *span)).collect();
    for (before, after) in known.iter().zip(known.iter().skip(1)) {
        for missing in before.0 + 1..after.0 {
            if memory.frozen.iter().all(|frozen| frozen.generation != missing) {
                let (first, last) = (before.1.last.min(after.1.first), after.1.first.max(before.1.last));
                memory.spans.insert(missing, Span { first, last, samples: 0, bytes: 0 });
            }
        }
    }
}

/// Takes in the journals. Older generations are cut off again, the newest goes on; returns where its file ends.
fn replay(volume: &dyn Volume, memory: &mut Memory) -> io::Result<Option<u64>> {
    let mut open_end = None;
    for generation in journal::list(volume)? {
        if memory.spans.contains_key(&generation) {
            journal::remove(volume, generation)?;
            continue;
        }
        if open_end.take().is_some() {
            memory.freeze();
        }
        memory.generation = generation;
        let replayed = journal::replay(volume, generation, |record| memory.replay(record))?;
        memory.counters.damaged_records += replayed.damaged;
        open_end = Some(replayed.end);
    }
    memory.forget_fresh();
    Ok(open_end)
}
