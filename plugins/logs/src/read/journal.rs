//! systemd's journal → lines.
//!
//! Two readers behind one trait: `command` asks `journalctl`, which knows every journal that its system writes;
//! `native` reads the files by itself (feature `journal`), where `journalctl` is not at hand, as in containers. It
//! deliberately keeps no position between queries.

use super::batch::Batch;
use super::kernel::LEVELS;
use super::{Cursor, Direction, ReadError, Window};
use crate::logql::{Labels, Selector};

pub(super) mod command;
#[cfg(feature = "journal")]
pub(super) mod native;

/// Labels whose values an entry brings along.
const VARYING: [&str; 5] = ["unit", "identifier", "transport", "hostname", "level"];
/// How many entries make a batch.
pub(super) const BATCH_ENTRIES: usize = 1_024;
/// The most text of one batch.
pub(super) const BATCH_BYTES: usize = 512 * 1024;

/// What a reader of journals gives for one entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// `MESSAGE`; any bytes.
    pub message: Vec<u8>,
    /// `_SYSTEMD_UNIT`, or else `UNIT`; empty if none.
    pub unit: String,
    /// `SYSLOG_IDENTIFIER`, or else `_COMM`.
    pub identifier: String,
    /// `_TRANSPORT`: `journal`, `stdout`, `syslog`, `kernel`, `audit`, `driver`.
    pub transport: String,
    /// `_HOSTNAME`.
    pub hostname: String,
    /// `PRIORITY`, 0 to 7.
    pub priority: Option<u8>,
}

/// Gives entries within a window, in order.
pub trait Entries: Send {
    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// The journal can't be read (on).
    fn next(&mut self) -> Result<Option<Entry>, ReadError>;
}

/// The journal as a source.
#[derive(Debug, Clone)]
pub struct JournalSource {
    labels: Vec<(String, String)>,
    /// Where journals lie, if not where systemd puts them.
    folder: Option<std::path::PathBuf>,
}

impl JournalSource {
    /// The journal with the labels `job="journal"`, `unit`, `identifier`, `transport`, `hostname`, `level`, and those
    /// given. `folder` names another place than systemd's own.
    #[must_use]
    pub fn new(labels: Vec<(String, String)>, folder: Option<std::path::PathBuf>) -> Self {
        Self { labels, folder }
    }

    /// A cursor over what the selector selects; `None` if it can be nothing.
    ///
    /// # Errors
    /// There is no way to read the journal here.
    pub fn open(
        &self,
        selector: &Selector,
        window: Window,
        direction: Direction,
    ) -> Result<Option<Box<dyn Cursor>>, ReadError> {
        let job = [("job".to_owned(), "journal".to_owned())];
        let fixed = Labels::new(self.labels.iter().cloned().chain(job));
        // Conditions on labels that differ by entry are tried on each entry.
        let can_match = selector
            .matchers()
            .filter(|matcher| !VARYING.contains(&matcher.name()))
            .all(|matcher| matcher.accepts(fixed.get(matcher.name()).unwrap_or_default()));
        if !can_match {
            return Ok(None);
        }
        let entries = self.entries(window, direction)?;
        let selector = selector.clone();
        Ok(Some(Box::new(JournalCursor {
            entries,
            labels: self.labels.clone(),
            selector,
            window,
            last: None,
        })))
    }

    #[cfg(feature = "journal")]
    fn entries(&self, window: Window, direction: Direction) -> Result<Box<dyn Entries>, ReadError> {
        native::open(self.folder.as_deref(), window, direction)
            .or_else(|_| command::open(self.folder.as_deref(), window, direction))
    }

    #[cfg(not(feature = "journal"))]
    fn entries(&self, window: Window, direction: Direction) -> Result<Box<dyn Entries>, ReadError> {
        command::open(self.folder.as_deref(), window, direction)
    }

    fn stream(labels: &[(String, String)], entry: &Entry) -> Labels {
        let level =
            entry.priority.and_then(|level| LEVELS.get(usize::from(level))).copied().unwrap_or_default();
        let own = [
            ("job", "journal"),
            ("unit", &entry.unit),
            ("identifier", &entry.identifier),
            ("transport", &entry.transport),
            ("hostname", &entry.hostname),
            ("level", level),
        ];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Labels::new(labels.iter().cloned().chain(own))
    }
}

struct JournalCursor {
    entries: Box<dyn Entries>,
    labels: Vec<(String, String)>,
    selector: Selector,
    window: Window,
    /// Entries of one stream often follow one another.
    last: Option<(Entry, Labels, bool)>,
}

impl Cursor for JournalCursor {
    fn bounds(&self) -> (i64, i64) {
        (self.window.from, self.window.to)
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        batch.clear();
        while batch.len() < BATCH_ENTRIES && batch.bytes.len() < BATCH_BYTES {
            let Some(mut entry) = self.entries.next()? else { return Ok(batch.looked_at > 0) };
            batch.looked_at += 1 + u64::try_from(entry.message.len()).unwrap_or(0);
            let (message, at) = (std::mem::take(&mut entry.message), std::mem::take(&mut entry.at));
            if !self.window.contains(at) {
                continue;
            }
            if self.last.as_ref().is_none_or(|(known, ..)| *known != entry) {
                let labels = JournalSource::stream(&self.labels, &entry);
                let selected = self.selector.matches(&labels);
                self.last = Some((entry, labels, selected));
            }
            if let Some((_, labels, true)) = &self.last {
                let stream = batch.stream(labels);
                batch.push(at, &message, stream);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
