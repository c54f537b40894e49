//! A volume in memory that runs out of space, loses what wasn't synced and flips bits: for tests only.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::volume::{RawFile, Volume};

const PAGE: u64 = 4096;

#[derive(Debug, Default, Clone)]
struct Contents {
    len: u64,
    pages: BTreeMap<u64, Vec<u8>>,
}

#[derive(Debug)]
pub(super) struct MemoryFile {
    now: Mutex<Contents>,
    synced: Mutex<Contents>,
    disk: Arc<DiskState>,
}

/// What all files share.
#[derive(Debug)]
struct DiskState {
    free: AtomicU64,
    broken: AtomicBool,
}

impl DiskState {
    fn take(&self, bytes: u64) -> io::Result<()> {
        let taken =
            self.free.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |free| free.checked_sub(bytes));
        taken.map(drop).map_err(|_| ErrorKind::StorageFull.into())
    }

    fn give(&self, bytes: u64) {
        self.free
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |free| Some(free.saturating_add(bytes)))
            .unwrap();
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct MemoryVolume {
    files: Mutex<BTreeMap<String, Arc<MemoryFile>>>,
    disk: Arc<DiskState>,
}

impl MemoryVolume {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            files: Mutex::default(),
            disk: Arc::new(DiskState { free: AtomicU64::new(u64::MAX), broken: AtomicBool::new(false) }),
        })
    }

    /// From now on only that many more bytes can be allocated.
    pub(super) fn set_free(&self, bytes: u64) {
        self.disk.free.store(bytes, Ordering::SeqCst);
    }

    /// From now on every read and write fails, or none does.
    pub(super) fn set_broken(&self, broken: bool) {
        self.disk.broken.store(broken, Ordering::SeqCst);
    }

    /// A copy as it is after the process was killed: everything written is there.
    pub(super) fn after_kill(&self) -> Arc<Self> {
        self.copy(|file| file.now.lock().unwrap().clone())
    }

    /// A copy as it may be after a power cut: each page written since the last sync may be there or not.
    pub(super) fn after_power_cut(&self, mut seed: u64) -> Arc<Self> {
        let mut coin = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed & 1 == 1
        };
        self.copy(|file| {
            let (now, mut kept) = (file.now.lock().unwrap(), file.synced.lock().unwrap().clone());
            if coin() {
                kept.len = now.len;
            }
            for (page, bytes) in &now.pages {
                if kept.pages.get(page) != Some(bytes) && *page * PAGE < kept.len && coin() {
                    kept.pages.insert(*page, bytes.clone());
                }
            }
            kept
        })
    }

    /// A copy in which a file's pages are each as they are here or as they were in `before`: a disk that loses writes
    /// although it confirmed them.
    pub(super) fn with_lost_writes(&self, name: &str, before: &Self, mut seed: u64) -> Arc<Self> {
        let copy = self.after_kill();
        let (file, old) = (copy.file(name), before.file(name));
        let (mut now, old) = (file.now.lock().unwrap(), old.now.lock().unwrap());
        for (page, bytes) in &mut now.pages {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if let Some(lost) = old.pages.get(page).filter(|_| seed >> 61 == 0) {
                bytes.clone_from(lost);
            }
        }
        drop(now);
        copy
    }

    fn copy(&self, mut contents: impl FnMut(&MemoryFile) -> Contents) -> Arc<Self> {
        let copy = Self::new();
        for (name, file) in self.files.lock().unwrap().iter() {
            let contents = contents(file);
            let file = MemoryFile {
                now: Mutex::new(contents.clone()),
                synced: Mutex::new(contents),
                disk: copy.disk.clone(),
            };
            copy.files.lock().unwrap().insert(name.clone(), Arc::new(file));
        }
        copy
    }

    /// Changes one byte of a file.
    pub(super) fn flip(&self, name: &str, at: u64, mask: u8) {
        let file = self.file(name);
        let mut now = file.now.lock().unwrap();
        now.pages.entry(at / PAGE).or_insert_with(|| vec![0; PAGE as usize])[(at % PAGE) as usize] ^= mask;
    }

    pub(super) fn len(&self, name: &str) -> u64 {
        self.file(name).now.lock().unwrap().len
    }

    pub(super) fn truncate(&self, name: &str, len: u64) {
        self.file(name).set_len(len).unwrap();
    }

    fn file(&self, name: &str) -> Arc<MemoryFile> {
        self.files.lock().unwrap().get(name).unwrap_or_else(|| panic!("no file {name}")).clone()
    }
}

impl Volume for MemoryVolume {
    fn open(&self, name: &str) -> io::Result<Arc<dyn RawFile>> {
        let mut files = self.files.lock().unwrap();
        let file = files.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(MemoryFile { now: Mutex::default(), synced: Mutex::default(), disk: self.disk.clone() })
        });
        Ok(file.clone())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files.lock().unwrap().keys().cloned().collect())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.lock().unwrap().remove(name).map(drop).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.lock().unwrap();
        let file = files.remove(from).ok_or(ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/memory").join(name)
    }

    fn release(&self) {}
}

impl MemoryFile {
    fn check(&self) -> io::Result<()> {
        if self.disk.broken.load(Ordering::SeqCst) { Err(io::Error::other("device error")) } else { Ok(()) }
    }
}

impl RawFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.now.lock().unwrap().len)
    }

    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<()> {
        self.check()?;
        let now = self.now.lock().unwrap();
        if at + out.len() as u64 > now.len {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut at = at;
        let mut out = out;
        while !out.is_empty() {
            let within = (at % PAGE) as usize;
            let (part, later) = out.split_at_mut(out.len().min(PAGE as usize - within));
            match now.pages.get(&(at / PAGE)) {
                Some(page) => part.copy_from_slice(&page[within..within + part.len()]),
                None => part.fill(0),
            }
            at += part.len() as u64;
            out = later;
        }
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.check()?;
        let mut now = self.now.lock().unwrap();
        let (mut at, mut bytes) = (at, bytes);
        while !bytes.is_empty() {
            let within = (at % PAGE) as usize;
            let (part, later) = bytes.split_at(bytes.len().min(PAGE as usize - within));
            let page = match now.pages.entry(at / PAGE) {
                Entry::Occupied(page) => page.into_mut(),
                Entry::Vacant(hole) => {
                    self.disk.take(PAGE)?;
                    hole.insert(vec![0; PAGE as usize])
                }
            };
            page[within..within + part.len()].copy_from_slice(part);
            at += part.len() as u64;
            now.len = now.len.max(at);
            bytes = later;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        let mut now = self.now.lock().unwrap();
        let cut = now.pages.split_off(&len.div_ceil(PAGE));
        self.disk.give(cut.len() as u64 * PAGE);
        if let Some(last) = now.pages.get_mut(&(len / PAGE)) {
            last[(len % PAGE) as usize..].fill(0);
        }
        now.len = len;
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.check()?;
        *self.synced.lock().unwrap() = self.now.lock().unwrap().clone();
        Ok(())
    }

    fn allocated(&self) -> io::Result<u64> {
        Ok(self.now.lock().unwrap().pages.len() as u64 * PAGE)
    }
}
