//! Where lines lie → lines with their times, in order.
//!
//! The first step of every query: what is read, and in which order, is decided here. It deliberately applies no
//! stage of a query: filters and parsers are `logql`'s.
//!
//! | step | module |
//! |---|---|
//! | a path → an open file inside of the roots | `roots` |
//! | patterns → files with their history | `family` |
//! | a line → its time | `stamp`, `zone` |
//! | a window of time → places in a file | `index`, `spans` |
//! | places → lines | `plain`, `packed`, `files`, `kernel`, `journal` |
//! | lines of many → one order | `merge` |

pub mod family;
pub mod files;
pub mod index;
pub mod journal;
pub mod kernel;
pub mod merge;
pub mod packed;
pub mod plain;
pub mod roots;
pub mod sources;
pub mod spans;
pub mod stamp;
pub mod zone;

mod batch;
mod error;

pub use batch::{Batch, Line};
pub use error::ReadError;

/// The most bytes of one line that are kept; the rest of it is skipped and the line is marked as cut. Loki's own
/// default is 256 KiB and there it refuses the line.
pub const MAX_LINE: usize = 256 * 1024;

/// A window of time in nanoseconds since 1970: `from` is inside, `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub from: i64,
    /// The first instant after it.
    pub to: i64,
}

impl Window {
    /// Whether an instant is inside.
    #[must_use]
    pub const fn contains(self, at: i64) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether something that lasts from `first` to `last` (both inside of it) has a part in the window.
    #[must_use]
    pub const fn meets(self, first: i64, last: i64) -> bool {
        first < self.to && self.from <= last
    }
}

/// Which lines come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The oldest.
    Forward,
    /// The newest, as users of logs expect.
    Backward,
}

/// Gives the lines of one place within a window, piece by piece. Memory is bounded by one batch.
pub trait Cursor: Send {
    /// Replaces the batch by the next lines; `false` when there are no more. A batch may be empty.
    ///
    /// # Errors
    /// The place can't be read (on); what came before stays good.
    fn fill(&mut self, batch: &mut Batch) -> Result<bool, ReadError>;

    /// The earliest and the latest time that any line of it can have, known before anything was read.
    fn bounds(&self) -> (i64, i64);
}

/// What a query read, for people who wonder why it took long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadStats {
    /// Files that were opened.
    pub files: u64,
    /// Bytes that were looked at, unpacked.
    pub bytes: u64,
    /// Lines inside of the window.
    pub lines: u64,
}
