//! The kernel's own log → lines, from `/dev/kmsg`.
//!
//! The kernel keeps a ring of records; each read gives one. Their times count from the start of the machine and leave
//! out what it slept. It deliberately waits for nothing: what is in the ring now is read.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::batch::Batch;
use super::{Cursor, Direction, ReadError, Window};
use crate::logql::{Labels, Selector};

/// Where the kernel hands out its log.
const DEVICE: &str = "/dev/kmsg";
/// The largest record that the kernel gives.
const RECORD: usize = 8 * 1024;
/// The most bytes of the ring that are looked at: kernels keep some hundred KB, 16 MB at most are usual.
const MAX_RING: u64 = 64 * 1024 * 1024;

/// Levels by number, as the kernel and syslog count them, by the names that Grafana colours.
pub(super) const LEVELS: [&str; 8] =
    ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];

/// The kernel's log as a source.
#[derive(Debug, Clone)]
pub struct KernelSource {
    labels: Vec<(String, String)>,
}

/// A record of the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Record<'a> {
    level: u8,
    facility: u32,
    /// Microseconds since the start.
    micros: i64,
    text: &'a [u8],
}

impl KernelSource {
    /// The kernel's log with the labels `job="kernel"`, `level`, and those given.
    #[must_use]
    pub fn new(labels: Vec<(String, String)>) -> Self {
        Self { labels }
    }

    /// The streams there can be: one for each level.
    #[must_use]
    pub fn streams(&self) -> Vec<Labels> {
        LEVELS.iter().map(|level| self.stream(level)).collect()
    }

    fn stream(&self, level: &str) -> Labels {
        let own =
            [("job", "kernel"), ("level", level)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        Labels::new(self.labels.iter().cloned().chain(own))
    }

    /// A cursor over what the selector selects; `None` if that is nothing.
    ///
    /// # Errors
    /// The system refuses: the kernel may keep its log to administrators.
    pub fn open(
        &self,
        selector: &Selector,
        window: Window,
        direction: Direction,
    ) -> Result<Option<Box<dyn Cursor>>, ReadError> {
        let streams: Vec<Option<Labels>> =
            self.streams().into_iter().map(|labels| selector.matches(&labels).then_some(labels)).collect();
        if streams.iter().all(Option::is_none) {
            return Ok(None);
        }
        let ring = File::options().read(true).custom_flags_nonblocking().open(DEVICE).map_err(|cause| {
            let hint = match cause.kind() {
                io::ErrorKind::NotFound => "this system has no /dev/kmsg; leave `kernel` out",
                _ => "/dev/kmsg can't be opened; give the plugin the capability CAP_SYSLOG, set the sysctl kernel.dmesg_restrict to 0, or leave `kernel` out",
            };
            ReadError::Source { source_name: "the kernel's log", problem: hint.to_owned(), cause: Some(Box::new(cause)) }
        })?;
        let start = started_at()?;
        Ok(Some(Box::new(KernelCursor { ring: Some(ring), start, streams, window, direction })))
    }
}

/// Opening that never waits.
trait NonBlocking {
    fn custom_flags_nonblocking(&mut self) -> &mut Self;
}

#[cfg(target_os = "linux")]
impl NonBlocking for std::fs::OpenOptions {
    fn custom_flags_nonblocking(&mut self) -> &mut Self {
        use std::os::unix::fs::OpenOptionsExt as _;
        self.custom_flags(i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0))
    }
}

#[cfg(not(target_os = "linux"))]
impl NonBlocking for std::fs::OpenOptions {
    fn custom_flags_nonblocking(&mut self) -> &mut Self {
        self
    }
}

/// When the kernel's clock began, in nanoseconds since 1970: now, less what that clock shows now.
fn started_at() -> Result<i64, ReadError> {
    #[cfg(target_os = "linux")]
    {
        let nanos = |id| {
            let time = rustix::time::clock_gettime(id);
            time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
        };
        // The kernel stamps with a clock that stands still while the machine sleeps, as does this one.
        Ok(nanos(rustix::time::ClockId::Realtime) - nanos(rustix::time::ClockId::Monotonic))
    }
    #[cfg(not(target_os = "linux"))]
    Err(ReadError::Source {
        source_name: "the kernel's log",
        problem: "it is read on Linux alone; leave `kernel` out".to_owned(),
        cause: None,
    })
}

struct KernelCursor {
    ring: Option<File>,
    start: i64,
    streams: Vec<Option<Labels>>,
    window: Window,
    direction: Direction,
}

impl Cursor for KernelCursor {
    fn bounds(&self) -> (i64, i64) {
        (self.window.from.max(self.start), self.window.to)
    }

    /// The ring is small enough to be read whole, in one batch.
    fn fill(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        batch.clear();
        let Some(mut ring) = self.ring.take() else { return Ok(false) };
        let mut record = vec![0; RECORD];
        while batch.looked_at < MAX_RING {
            let got = match ring.read(&mut record) {
                Ok(0) => break,
                Ok(got) => got,
                Err(error) => match error.kind() {
                    // The end of what is there now.
                    io::ErrorKind::WouldBlock => break,
                    // A record was overwritten while it was waited for: the next read gives the oldest there is.
                    io::ErrorKind::BrokenPipe | io::ErrorKind::Interrupted => continue,
                    _ => return Err(ReadError::system(Path::new(DEVICE), "read")(error)),
                },
            };
            batch.looked_at += u64::try_from(got).unwrap_or(0);
            self.take(record.get(..got).unwrap_or_default(), batch);
        }
        if self.direction == Direction::Backward {
            batch.found.reverse();
        }
        Ok(true)
    }
}

impl KernelCursor {
    fn take(&self, bytes: &[u8], batch: &mut Batch) {
        let Some(record) = parse(bytes) else { return };
        let at = self.start.saturating_add(record.micros.saturating_mul(1_000));
        let Some(Some(labels)) = self.streams.get(usize::from(record.level)) else { return };
        if self.window.contains(at) {
            let stream = batch.stream(labels);
            batch.push(at, record.text, stream);
        }
    }
}

/// `<priority>,<sequence>,<µs>,<flags>[,…];<text>\n KEY=value…`
fn parse(bytes: &[u8]) -> Option<Record<'_>> {
    let semicolon = bytes.iter().position(|byte| *byte == b';')?;
    let (head, text) = bytes.split_at_checked(semicolon)?;
    let mut fields = std::str::from_utf8(head).ok()?.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let micros: i64 = fields.nth(1)?.parse().ok()?;
    let text = text.get(1..)?.split(|byte| *byte == b'\n').next()?;
    let level = u8::try_from(priority & 7).ok()?;
    Some(Record { level, facility: priority >> 3, micros, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_the_ring_are_understood() {
        let record = parse(b"30,1234,5678901,-;systemd[1]: Started x.\n SUBSYSTEM=acpi\n").unwrap();
        let expected = Record { level: 6, facility: 3, micros: 5_678_901, text: b"systemd[1]: Started x." };
        assert_eq!(record, expected);
        assert_eq!(parse(b"4,1,2,-,caller=T1;warn\n").unwrap().text, b"warn");
        for wrong in ["", ";", "x,1,2,-;a", "1,2;a", "1,2,y,-;a", "99999999999,1,2,-;a"] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    /// Runs wherever the system lets it; in containers without the right it says so.
    #[cfg(target_os = "linux")]
    #[test]
    #[allow(clippy::print_stdout)]
    fn the_ring_of_this_machine_is_read_in_order() {
        let source = KernelSource::new(vec![("host".to_owned(), "here".to_owned())]);
        let window = Window { from: 0, to: i64::MAX };
        let mut cursor = match source.open(&Selector::default(), window, Direction::Forward) {
            Ok(cursor) => cursor.unwrap(),
            Err(error) => {
                let error = graftwire_sdk::error_text(&error);
                assert!(error.contains("/dev/kmsg"), "{error}");
                println!("NOT RUN: {error}");
                return;
            }
        };
        let mut batch = Batch::default();
        assert!(cursor.fill(&mut batch).unwrap());
        let times: Vec<i64> = batch.lines().map(|line| line.at).collect();
        assert!(times.is_sorted_by(|a, b| a <= &(b + 1_000_000_000)), "times of the ring are in order");
        assert!(!cursor.fill(&mut batch).unwrap());
    }
}
