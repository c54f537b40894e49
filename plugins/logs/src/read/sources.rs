//! All sources of one data source, asked as one.
//!
//! It deliberately opens nothing before a query selects it: a data source costs no more than its settings until then.

use std::path::PathBuf;

use super::files::FileSource;
use super::journal::JournalSource;
use super::kernel::KernelSource;
use super::merge::Merge;
use super::{Direction, Window};
use crate::logql::{Labels, Selector};

/// What is read.
#[derive(Debug, Default)]
pub struct Sources {
    /// Files, by jobs.
    pub files: Vec<FileSource>,
    /// systemd's journal.
    pub journal: Option<JournalSource>,
    /// The kernel's log.
    pub kernel: Option<KernelSource>,
}

impl Sources {
    /// The lines of selected streams within a window. What can't be read is a notice; the rest is read.
    #[must_use]
    pub fn open(&self, selector: &Selector, window: Window, direction: Direction) -> (Merge, Vec<String>) {
        let mut notices = Vec::new();
        let mut cursors = Vec::new();
        for files in &self.files {
            cursors.extend(files.open(selector, window, direction, &mut notices));
        }
        let journal = self.journal.as_ref().map(|journal| journal.open(selector, window, direction));
        let kernel = self.kernel.as_ref().map(|kernel| kernel.open(selector, window, direction));
        for opened in journal.into_iter().chain(kernel) {
            match opened {
                Ok(cursor) => cursors.extend(cursor),
                Err(error) => notices.push(graftwire_sdk::error_text(&error)),
            }
        }
        (Merge::new(cursors, direction), notices)
    }

    /// The streams of a window: those of files and of the kernel as they are, those of the journal as its entries of
    /// the window make them, of which `most` are looked at.
    #[must_use]
    pub fn streams(&self, selector: &Selector, window: Window, most: usize) -> Vec<Labels> {
        let of_files = self.files.iter().flat_map(FileSource::streams);
        let of_kernel = self.kernel.iter().flat_map(KernelSource::streams);
        let mut streams: Vec<Labels> =
            of_files.chain(of_kernel).filter(|labels| selector.matches(labels)).collect();
        // A journal that can't be read has no streams; queries say why.
        if let Some(journal) = &self.journal
            && let Ok(Some(cursor)) = journal.open(selector, window, Direction::Backward)
        {
            let mut merge = Merge::new(vec![cursor], Direction::Backward);
            let mut found = std::collections::BTreeSet::new();
            let mut looked_at = 0;
            while let Some(line) = merge.next(&|| false) {
                looked_at += 1;
                if !found.contains(line.labels) {
                    found.insert(line.labels.clone());
                }
                if looked_at >= most {
                    break;
                }
            }
            streams.extend(found);
        }
        streams.sort();
        streams.dedup();
        streams
    }

    /// Writes what was learned about files beside the plugin.
    pub fn save(&self) {
        if let Some(files) = self.files.first() {
            files.index().save();
        }
    }

    /// Whether there is anything to read from.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty() && self.journal.is_none() && self.kernel.is_none()
    }
}

/// Where the time index lies: in the folder that the settings name, or beside the executable if that can be written;
/// else in memory alone.
#[must_use]
pub fn index_folder(named: Option<PathBuf>) -> Option<PathBuf> {
    let folder =
        named.or_else(|| Some(std::env::current_exe().ok()?.parent()?.join("data").join("logs-index")))?;
    std::fs::create_dir_all(&folder).ok()?;
    let probe = folder.join(".writable");
    std::fs::write(&probe, b"").ok()?;
    // It has served its purpose; one that stays does no harm.
    let _ = std::fs::remove_file(probe);
    Some(folder)
}
