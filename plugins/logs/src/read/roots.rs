//! A path → an open file, inside of the folders that may be read.
//!
//! The settings name folders ("roots"); nothing outside of them is ever opened. A link is followed only while it stays
//! inside, and what was found is opened folder by folder without following any link, so that nobody can swap one in
//! meanwhile. It deliberately opens regular files alone: a device or a pipe could block or have effects.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use super::ReadError;

/// The folders that may be read.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    /// As the settings say, absolute.
    named: Vec<PathBuf>,
}

impl Roots {
    /// The folders by their absolute paths. A folder may be absent as yet.
    ///
    /// # Errors
    /// A path that is not absolute, or that holds `..`.
    pub fn new(folders: impl IntoIterator<Item = PathBuf>) -> Result<Self, ReadError> {
        let named: Vec<PathBuf> = folders.into_iter().collect();
        match named.iter().find(|folder| !is_plain(folder)) {
            Some(folder) => Err(ReadError::Setting {
                what: "roots",
                found: folder.display().to_string(),
                expected: "absolute paths of folders without `..`",
            }),
            None => Ok(Self { named }),
        }
    }

    /// Whether a path, as it is written, lies inside of a root.
    #[must_use]
    pub fn covers(&self, path: &Path) -> bool {
        is_plain(path) && self.named.iter().any(|root| path.starts_with(root))
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// It is outside, no regular file, or the system refuses.
    pub fn open(&self, path: &Path) -> Result<File, ReadError> {
        if !self.covers(path) {
            return Err(self.outside(path));
        }
        // Where links lead: inside is fine (container runtimes link from folder to folder), outside is not.
        let real = path.canonicalize().map_err(ReadError::system(path, "opened"))?;
        let root = self.named.iter().filter_map(|root| root.canonicalize().ok());
        let Some(root) = root.into_iter().find(|root| real.starts_with(root)) else {
            return Err(self.outside(path));
        };
        let below = real.strip_prefix(&root).map_err(|_| self.outside(path))?;
        open_below(&root, below, path)
    }

    fn outside(&self, path: &Path) -> ReadError {
        let roots: Vec<String> = self.named.iter().map(|root| root.display().to_string()).collect();
        ReadError::Outside { path: path.to_owned(), roots: roots.join(", ") }
    }
}

fn is_plain(path: &Path) -> bool {
    path.is_absolute() && !path.components().any(|part| matches!(part, Component::ParentDir))
}

#[cfg(unix)]
fn open_below(root: &Path, below: &Path, asked: &Path) -> Result<File, ReadError> {
    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, statat};

    let refused = |error: rustix::io::Errno| ReadError::system(asked, "opened")(error.into());
    let (Some(folder), Some(name)) = (below.parent(), below.file_name()) else {
        return Err(ReadError::NotAFile { path: asked.to_owned(), found: "a folder" });
    };
    let walk = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = openat(CWD, root, walk, Mode::empty()).map_err(refused)?;
    for part in folder.components() {
        at = openat(&at, part.as_os_str(), walk | OFlags::NOFOLLOW, Mode::empty()).map_err(refused)?;
    }
    let kind = |mode| match FileType::from_raw_mode(mode) {
        FileType::RegularFile => None,
        FileType::Directory => Some("a folder"),
        FileType::Symlink => Some("a link"),
        FileType::Fifo => Some("a pipe"),
        FileType::Socket => Some("a socket"),
        _ => Some("a device"),
    };
    let not_a_file = |found| ReadError::NotAFile { path: asked.to_owned(), found };
    // Looked at before it is opened, as opening alone can have effects; and again after, as it may have been swapped.
    let before = statat(&at, name, AtFlags::SYMLINK_NOFOLLOW).map_err(refused)?;
    if let Some(found) = kind(before.st_mode) {
        return Err(not_a_file(found));
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = openat(&at, name, flags, Mode::empty()).map_err(refused)?;
    let opened = rustix::fs::fstat(&file).map_err(refused)?;
    match kind(opened.st_mode) {
        Some(found) => Err(not_a_file(found)),
        None => Ok(File::from(file)),
    }
}

#[cfg(not(unix))]
fn open_below(root: &Path, below: &Path, asked: &Path) -> Result<File, ReadError> {
    let path = root.join(below);
    let kind = std::fs::symlink_metadata(&path).map_err(ReadError::system(asked, "opened"))?.file_type();
    if !kind.is_file() {
        let found = if kind.is_dir() { "a folder" } else { "a link or a device" };
        return Err(ReadError::NotAFile { path: asked.to_owned(), found });
    }
    File::open(&path).map_err(ReadError::system(asked, "opened"))
}

#[cfg(all(test, unix))]
mod tests;
