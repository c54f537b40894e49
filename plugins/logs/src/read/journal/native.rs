//! The journal's files, read by themselves.
//!
//! For systems without `journalctl` at hand: containers with the host's `/var/log/journal` mounted. It deliberately
//! maps no file into memory: a journal that shrinks under a map would end the process.

use std::path::{Path, PathBuf};

use sdjournal::{EntryRef, Journal, JournalConfig, SdJournalError};

use super::{Entries, Entry};
use crate::read::{Direction, MAX_LINE, ReadError, Window};

/// Where systemd keeps journals: those that survive a restart, and those that don't.
const PLACES: [&str; 2] = ["/var/log/journal", "/run/log/journal"];
/// Entries that can't be read in a row before the rest is given up.
const MAX_DAMAGED: u32 = 1_000;

struct Reading<I> {
    entries: I,
    damaged: u32,
}

pub(super) fn open(
    folder: Option<&Path>,
    window: Window,
    direction: Direction,
) -> Result<Box<dyn Entries>, ReadError> {
    let config = JournalConfig {
        max_decompressed_bytes: 4 * MAX_LINE,
        allow_mmap_online: false,
        ..JournalConfig::default()
    };
    let places: Vec<PathBuf> = match folder {
        Some(folder) => vec![folder.to_owned()],
        None => PLACES.iter().map(PathBuf::from).filter(|place| place.is_dir()).collect(),
    };
    let journal = Journal::open_dirs_with_config(&places, config).map_err(refused)?;
    let micros = |nanos: i64| u64::try_from(nanos.div_euclid(1_000)).unwrap_or(0);
    let mut query = journal.query();
    query.since_realtime(micros(window.from)).until_realtime(micros(window.to.saturating_sub(1)));
    query.reverse(direction == Direction::Backward);
    let entries = query.iter().map_err(refused)?;
    Ok(Box::new(Reading { entries, damaged: 0 }))
}

impl<I: Iterator<Item = Result<EntryRef, SdJournalError>> + Send> Entries for Reading<I> {
    fn next(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            match self.entries.next() {
                None => return Ok(None),
                Some(Ok(entry)) => {
                    self.damaged = 0;
                    return Ok(Some(entry_of(&entry)));
                }
                // A damaged entry takes no other along; a journal of damaged ones is given up.
                Some(Err(error)) => {
                    self.damaged += 1;
                    if self.damaged >= MAX_DAMAGED {
                        return Err(refused(error));
                    }
                }
            }
        }
    }
}

fn entry_of(entry: &EntryRef) -> Entry {
    let text = |names: &[&str]| {
        let value = names.iter().find_map(|name| entry.get(name)).unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    };
    let micros = i64::try_from(entry.realtime_usec()).unwrap_or(i64::MAX);
    Entry {
        at: micros.saturating_mul(1_000),
        message: entry.get("MESSAGE").unwrap_or_default().to_vec(),
        unit: text(&["_SYSTEMD_UNIT", "UNIT"]),
        identifier: text(&["SYSLOG_IDENTIFIER", "_COMM"]),
        transport: text(&["_TRANSPORT"]),
        hostname: text(&["_HOSTNAME"]),
        priority: text(&["PRIORITY"]).parse().ok().filter(|priority| *priority < 8),
    }
}

fn refused(error: SdJournalError) -> ReadError {
    let problem = match &error {
        SdJournalError::NotFound => "there is no journal here; leave `journal` out".to_owned(),
        SdJournalError::PermissionDenied { .. } => {
            "the plugin's user may not read it; add it to the group systemd-journal".to_owned()
        }
        _ => "its files can't be read".to_owned(),
    };
    ReadError::Source { source_name: "the journal", problem, cause: Some(Box::new(error)) }
}
