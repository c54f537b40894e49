//! The machine itself: its time, its name, its system.
//!
//! It deliberately asks no name service.

use super::Source;
use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use super::metric::Metric;

/// The machine's name; `localhost` if it tells none.
pub(super) fn name(roots: &Roots) -> String {
    let name = files::read_word(&roots.proc("sys/kernel/hostname"));
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// How many ticks `/proc` counts in a second.
#[cfg(target_os = "linux")]
pub(super) fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

/// The bytes of a page of memory.
#[cfg(target_os = "linux")]
pub(super) fn page_size() -> u64 {
    rustix::param::page_size() as u64
}

#[cfg(not(target_os = "linux"))]
pub(super) fn ticks_per_second() -> u64 {
    100
}

#[cfg(not(target_os = "linux"))]
pub(super) fn page_size() -> u64 {
    4096
}

const TIME: Metric = Metric::gauge("node_time_seconds", "The machine's clock, in Unix time.");

/// The clock.
#[derive(Debug)]
pub(super) struct Time;

impl Source for Time {
    fn name(&self) -> &'static str {
        "time"
    }

    fn collect(&mut self, _: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        sink.put(&TIME, &[], now.as_millis() as f64 / 1e3);
        Ok(())
    }
}

const UNAME: Metric =
    Metric::gauge("node_uname_info", "The machine's system and name, in the labels; always 1.");

/// The system, as `uname` tells it.
#[derive(Debug)]
pub(super) struct Name;

impl Source for Name {
    fn name(&self) -> &'static str {
        "uname"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let folder = roots.proc("sys/kernel");
        files::list(&folder)?;
        let of = |file: &str| files::read_word(&folder.join(file)).unwrap_or_default();
        // Older kernels don't tell the machine here; it is what we were built for then.
        let machine =
            Some(of("arch")).filter(|arch| !arch.is_empty()).unwrap_or(std::env::consts::ARCH.to_owned());
        let labels = [
            ("domainname", of("domainname")),
            ("machine", machine),
            ("nodename", of("hostname")),
            ("release", of("osrelease")),
            ("sysname", of("ostype")),
            ("version", of("version")),
        ];
        let labels = labels.each_ref().map(|(name, value)| (*name, value.as_str()));
        sink.put(&UNAME, &labels, 1.0);
        Ok(())
    }
}
