//! Why a source of metrics couldn't be read.
//!
//! It deliberately says nothing of the store.

use std::io;
use std::path::{Path, PathBuf};

/// Why a source of metrics couldn't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// Metrics of the machine are only collected on Linux.
    #[error("this machine's metrics can't be collected on {system}, only on linux; scrape a target instead")]
    Unsupported {
        /// The operating system.
        system: &'static str,
    },
    /// This kernel or machine doesn't have it; that is no fault.
    #[error("{} isn't there: this machine doesn't have it", path.display())]
    Absent {
        /// What was looked for.
        path: PathBuf,
    },
    /// It is there and can't be read.
    #[error("can't read {}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line isn't what the kernel writes there. The other lines were used.
    #[error("{} line {line}: found {found:?}, expected {expected}", path.display())]
    Odd {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there, cut to 80 characters.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// A file system doesn't answer.
    #[error("the file system at {mountpoint} doesn't answer; it is left out until it does")]
    Stuck {
        /// Where it is mounted.
        mountpoint: String,
    },
    /// There is more of something than is collected.
    #[error("there are more than {limit} {what}; the others are left out")]
    TooMany {
        /// What.
        what: &'static str,
        /// How many are collected.
        limit: usize,
    },
}

impl CollectError {
    pub(super) fn odd(path: &Path, line: usize, found: &str, expected: &'static str) -> Self {
        Self::Odd { path: path.to_owned(), line, found: found.chars().take(80).collect(), expected }
    }

    /// Whether the machine just doesn't have it.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }
}
