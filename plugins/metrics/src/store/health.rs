//! How a store is: what the health check tells and what the statistics show.
//!
//! It deliberately holds no causes beyond their text, so that it can be kept, compared and sent.

use std::fmt;
use std::path::PathBuf;

use super::memory::Appended;

/// How a store is. A store with problems goes on with whatever still works.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// What is wrong, the worst first; empty when all is well.
    pub problems: Vec<Problem>,
}

impl Health {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Something wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The disk takes nothing; samples are kept in memory until it does.
    NotWriting {
        /// What the system said.
        cause: String,
        /// Samples that are in memory only.
        samples: u64,
    },
    /// Samples were dropped since the disk took none for too long.
    Lost {
        /// How many.
        samples: u64,
    },
    /// The database couldn't be used; a new one was begun.
    MovedAside {
        /// Where it lies now.
        to: PathBuf,
        /// What was wrong with it.
        cause: String,
    },
    /// Part of what is stored is damaged and left out of answers.
    Damaged {
        /// Chunks that can't be read.
        chunks: u64,
        /// Stretches of journals that can't be read.
        records: u64,
        /// Whether the list of series or generations has gaps.
        lists: bool,
    },
    /// New series are refused.
    SeriesLimit {
        /// The limit.
        limit: usize,
        /// How often one was refused.
        refused: u64,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWriting { cause, samples } => write!(
                f,
                "the store can't be written ({cause}); {samples} samples are kept in memory only; free space or \
                 choose another folder"
            ),
            Self::Lost { samples } => {
                write!(f, "{samples} samples were dropped because the store couldn't be written for too long")
            }
            Self::MovedAside { to, cause } => write!(
                f,
                "the database couldn't be used ({cause}); it lies in {} and a new one was begun; remove it once it is \
                 of no use",
                to.display()
            ),
            Self::Damaged { chunks, records, lists } => {
                write!(f, "damaged data is left out: {chunks} chunks, {records} stretches of the journal")?;
                if *lists {
                    f.write_str(", part of the list of series; check the disk")
                } else {
                    f.write_str("; check the disk")
                }
            }
            Self::SeriesLimit { limit, refused } => write!(
                f,
                "the store holds its limit of {limit} series; new ones were refused {refused} times; raise the limit \
                 or collect less"
            ),
        }
    }
}

/// What a store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Series known, ended ones within the retention included.
    pub series: usize,
    /// Series that still get samples.
    pub open_series: usize,
    /// Samples on disk and in memory.
    pub samples: u64,
    /// Of these, samples not in the database yet; the journal has them but for the last flush interval.
    pub samples_in_memory: u64,
    /// Bytes of the unfinished chunks in memory.
    pub head_bytes: usize,
    /// Bytes the files take on the disk.
    pub disk_bytes: u64,
    /// Time of the oldest sample, in milliseconds.
    pub oldest: Option<i64>,
    /// Time of the newest sample.
    pub newest: Option<i64>,
    /// What became of samples since the start.
    pub appended: Appended,
    /// How often the clock was set back since the start.
    pub clock_set_back: u64,
}
