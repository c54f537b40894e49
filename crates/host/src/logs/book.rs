//! Where the records of one plugin come together: the last ones for whoever asks later, each new one for whoever
//! listens now, all of them as `tracing` events.
//!
//! It deliberately never waits for a listener: who is slow misses records and is told how many.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use super::{Channel, Level, LogRecord};

/// How many of the last records are kept unless told otherwise.
pub const DEFAULT_KEPT_RECORDS: usize = 1000;
/// How much text the kept records may hold together, in bytes: 1,000 lines of 64 KiB are not kept.
const MAX_KEPT_BYTES: usize = 4 * 1024 * 1024;
/// How many records a listener may lag behind.
const FEED_CAPACITY: usize = 256;

/// The log of one plugin, over all its restarts. A clone is another handle of the same log.
#[derive(Debug, Clone)]
pub struct LogBook(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plugin_id: String,
    limit: usize,
    kept: Mutex<Kept>,
    feed: broadcast::Sender<Arc<LogRecord>>,
}

#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<Arc<LogRecord>>,
    bytes: usize,
}

impl LogBook {
    /// A log that keeps the last `limit` records (and at most 4 MiB of text).
    #[must_use]
    pub fn new(plugin_id: impl Into<String>, limit: usize) -> Self {
        let (feed, _) = broadcast::channel(FEED_CAPACITY);
        Self(Arc::new(Inner { plugin_id: plugin_id.into(), limit, kept: Mutex::default(), feed }))
    }

    /// The last records, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Arc<LogRecord>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).records.iter().cloned().collect()
    }

    /// Every record from now on.
    #[must_use]
    pub fn subscribe(&self) -> LogFeed {
        LogFeed { receiver: self.0.feed.subscribe(), missed: 0 }
    }

    /// A remark of the host itself.
    pub(crate) fn remark(&self, level: Level, message: impl Into<String>) {
        self.push(LogRecord::new(level, Channel::Host, message.into()));
    }

    pub(crate) fn push(&self, record: LogRecord) {
        emit(&self.0.plugin_id, &record);
        let record = Arc::new(record);
        self.keep(&record);
        // Without listeners there is nobody to tell.
        let _ = self.0.feed.send(record);
    }

    fn keep(&self, record: &Arc<LogRecord>) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += record.weight();
        kept.records.push_back(Arc::clone(record));
        while kept.records.len() > self.0.limit || kept.bytes > MAX_KEPT_BYTES {
            let Some(oldest) = kept.records.pop_front() else { break };
            kept.bytes -= oldest.weight();
        }
    }
}

/// New records of a [`LogBook`].
#[derive(Debug)]
pub struct LogFeed {
    receiver: broadcast::Receiver<Arc<LogRecord>>,
    missed: u64,
}

impl LogFeed {
    /// The next record; `None` when no handle of the log is left.
    pub async fn next(&mut self) -> Option<Arc<LogRecord>> {
        loop {
            match self.receiver.recv().await {
                Ok(record) => return Some(record),
                Err(broadcast::error::RecvError::Lagged(count)) => self.missed += count,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// How many records this listener has missed because it was more than 256 behind.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }
}

/// `tracing` knows a level only at compile time, hence five arms.
fn emit(plugin: &str, record: &LogRecord) {
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "plugin",
                tracing::Level::$level,
                plugin,
                channel = ?record.channel,
                pairs = ?record.pairs,
                "{}", record.message
            )
        };
    }
    match record.level {
        Level::Trace => event!(TRACE),
        Level::Debug => event!(DEBUG),
        Level::Info => event!(INFO),
        Level::Warn => event!(WARN),
        Level::Error => event!(ERROR),
    }
}
