//! Why lines can't be read.

use std::io;
use std::path::{Path, PathBuf};

/// A place that can't be read. Other places of the same query are read all the same.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The path leads out of what may be read.
    #[error(
        "{path:?} is outside of the folders that may be read ({roots}); add its folder to `roots` or choose another file"
    )]
    Outside {
        /// What was asked for.
        path: PathBuf,
        /// What is allowed.
        roots: String,
    },
    /// A link, a device, a pipe, a socket or a folder.
    #[error("{path:?} is {found}, expected a regular file; only those are read")]
    NotAFile {
        /// What was asked for.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// Not text.
    #[error(
        "{path:?} holds binary data (a NUL byte near its beginning), expected lines of text; leave it out of `paths`"
    )]
    Binary {
        /// The file.
        path: PathBuf,
    },
    /// The packed file is damaged or too large.
    #[error("{path:?} can't be unpacked further than {unpacked} bytes; the lines before that were read")]
    Packed {
        /// The file.
        path: PathBuf,
        /// How far it went.
        unpacked: u64,
        /// What the unpacker says.
        #[source]
        cause: io::Error,
    },
    /// The system refused.
    #[error("{path:?} can't be {verb}")]
    System {
        /// The file.
        path: PathBuf,
        /// `opened`, `read`, …
        verb: &'static str,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// Settings that make no sense.
    #[error("{what} is {found:?}, expected {expected}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// What it says.
        found: String,
        /// What it could say.
        expected: &'static str,
    },
    /// A source that is no file, such as the journal.
    #[error("{source_name} can't be read: {problem}")]
    Source {
        /// Which one.
        source_name: &'static str,
        /// What is wrong, and what to do.
        problem: String,
        /// What lies below.
        #[source]
        cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl ReadError {
    /// The system's refusal at a path.
    pub(crate) fn system(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::System { path, verb, cause }
    }

    /// Whether the file is simply gone, as files are that were rotated away a moment ago.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::System { cause, .. } if cause.kind() == io::ErrorKind::NotFound)
    }
}
