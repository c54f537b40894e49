//! Where the store's files live: a directory, or a double that runs out of space in tests.
//!
//! It deliberately knows no contents, only names, bytes and their durability.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::error::StoreError;

/// The files of one store.
pub(super) trait Volume: Debug + Send + Sync {
    /// Opens a file, creating it if it isn't there.
    fn open(&self, name: &str) -> io::Result<Arc<dyn RawFile>>;
    /// The names of the files there are.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Renames a file.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// How a person finds a file.
    fn path(&self, name: &str) -> PathBuf;
    /// Lets other processes, and other stores of this one, have the files.
    fn release(&self);
}

/// A file that is read and written at positions.
pub(super) trait RawFile: Debug + Send + Sync {
    fn len(&self) -> io::Result<u64>;
    /// Fills `out`; fails if the file ends before.
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<()>;
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Returns once everything written survives a power cut.
    fn sync(&self) -> io::Result<()>;
    /// The bytes it takes on the disk, which are fewer than its length when it has holes.
    fn allocated(&self) -> io::Result<u64>;
}

/// A directory that this process alone uses.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Holds the lock for as long as the directory is in use.
    lock: Mutex<Option<File>>,
}

const LOCK: &str = "lock";

impl Directory {
    /// Creates the directory if need be and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Directory { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let lock = path.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path: path.to_owned() }),
            // Some network file systems have no locks; the store is still better than none.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(Self { path: path.to_owned(), lock: Mutex::new(Some(file)) })
    }

    /// New and renamed files survive a power cut only once their directory is synced.
    fn sync(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.path)?.sync_all() } else { Ok(()) }
    }
}

impl Volume for Directory {
    fn open(&self, name: &str) -> io::Result<Arc<dyn RawFile>> {
        let path = self.path.join(name);
        let is_new = !path.exists();
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        if is_new {
            self.sync()?;
        }
        Ok(Arc::new(file))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))?;
        self.sync()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn release(&self) {
        *super::lock(&self.lock) = None;
    }
}

impl RawFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, out, at)
    }

    #[cfg(unix)]
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, at)
    }

    #[cfg(not(unix))]
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self.try_clone()?;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(out)
    }

    #[cfg(not(unix))]
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};
        let mut file = self.try_clone()?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    #[cfg(unix)]
    fn allocated(&self) -> io::Result<u64> {
        Ok(std::os::unix::fs::MetadataExt::blocks(&self.metadata()?) * 512)
    }

    #[cfg(not(unix))]
    fn allocated(&self) -> io::Result<u64> {
        RawFile::len(self)
    }
}
