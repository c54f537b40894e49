//! What can be set about a store.
//!
//! It deliberately doesn't say where the store lies; [`locate`](super::locate()) does.

use std::time::Duration;

/// What can be set about a store; [`StoreOptions::default`] is for an edge device.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// Samples older than this are dropped. Default: 7 days.
    pub retention: Duration,
    /// The store's files stay below this; the oldest samples go first. Default: 512 MiB. At least 8 MiB.
    pub max_bytes: u64,
    /// How often new samples are written to the journal: what a killed process or a power cut may lose. Default: 10 s.
    pub flush_interval: Duration,
    /// How many series there may be, those that ended within the retention included. Default: 10,000; a thousand take
    /// about 0.5 MB of memory.
    pub max_series: usize,
    /// Unfinished chunks are cut off and written to the database when they take that much. Default: 512 KiB. Less
    /// saves memory, more saves writes.
    pub head_bytes: usize,
    /// They are cut off after this time in any case. Default: 1 hour.
    pub cut_after: Duration,
    /// The database's page cache. Default: 256 KiB.
    pub cache_bytes: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            retention: Duration::from_secs(7 * 24 * 3600),
            max_bytes: 512 << 20,
            flush_interval: Duration::from_secs(10),
            max_series: 10_000,
            head_bytes: 512 << 10,
            cut_after: Duration::from_secs(3600),
            cache_bytes: 256 << 10,
        }
    }
}

impl StoreOptions {
    /// What the blocks themselves may take, so that with the tree around them, freed pages and the journal the files
    /// stay below [`max_bytes`](Self::max_bytes).
    pub(super) fn block_bytes(&self) -> u64 {
        let journal = 4 * self.head_bytes as u64;
        (self.max_bytes.max(8 << 20).saturating_sub(journal)) / 20 * 17
    }
}
