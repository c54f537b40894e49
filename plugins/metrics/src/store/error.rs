//! Why a store can't be opened.
//!
//! What goes wrong afterwards deliberately isn't here: a store that was opened goes on and reports through
//! [`Health`](super::Health).

use std::io;
use std::path::PathBuf;

/// Why a store can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has it open.
    #[error(
        "the store in {} is in use by another process; give each process its own folder", path.display()
    )]
    InUse {
        /// The store's folder.
        path: PathBuf,
    },
    /// The folder can't be created, listed or locked.
    #[error("can't use the folder {} as a store", path.display())]
    Directory {
        /// The store's folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file in it can't be opened, for a reason other than damage.
    #[error("can't open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
