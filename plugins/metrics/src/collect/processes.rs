//! Processes: how many, in which state, and the groups of them that take most.
//!
//! One small file per process is read. It deliberately reads nothing that needs rights over other users' processes.

use std::collections::BTreeMap;
use std::path::Path;

use super::Source;
use super::error::CollectError;
use super::files::{self, Roots};
use super::groups::Groups;
use super::known::Sink;
use super::metric::Metric;

const PIDS: Metric = Metric::gauge("node_processes_pids", "How many processes there are.");
const THREADS: Metric = Metric::gauge("node_processes_threads", "How many threads they have.");
const STATE: Metric = Metric::gauge("node_processes_state", "How many processes are in each state.");
const MAX_PIDS: Metric = Metric::gauge("node_processes_max_processes", "How many processes there may be.");
const MAX_THREADS: Metric = Metric::gauge("node_processes_max_threads", "How many threads there may be.");

/// More processes than that aren't read.
const MAX_READ: usize = 8192;

/// A process, as its `stat` file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process<'a> {
    pub(super) pid: u32,
    pub(super) name: &'a str,
    pub(super) state: &'a str,
    pub(super) is_kernel_thread: bool,
    pub(super) user_ticks: u64,
    pub(super) system_ticks: u64,
    pub(super) threads: u64,
    /// When it began, in ticks since the machine's start; tells it from another that had the number before.
    pub(super) began: u64,
    pub(super) virtual_bytes: u64,
    pub(super) resident_pages: u64,
}

/// The kernel's flag for its own threads.
const KERNEL_THREAD: u64 = 0x0020_0000;

impl<'a> Process<'a> {
    /// Reads the one line of a `stat` file. The name may hold anything, brackets and spaces too; the last closing
    /// bracket ends it.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let (pid, rest) = line.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |at: usize| words.get(at)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.trim().parse().ok()?,
            name,
            state: words.first().copied().filter(|state| state.len() == 1)?,
            is_kernel_thread: number(6)? & KERNEL_THREAD != 0,
            user_ticks: number(11)?,
            system_ticks: number(12)?,
            threads: number(17)?,
            began: number(19)?,
            virtual_bytes: number(20)?,
            resident_pages: words.get(21)?.parse::<i64>().ok()?.max(0) as u64,
        })
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Processes {
    groups: Groups,
}

impl Processes {
    pub(super) fn new(max_groups: usize) -> Self {
        Self { groups: Groups::new(max_groups) }
    }

    fn take_all(&mut self, folder: &Path, pids: &[u32]) -> (Summary, Result<(), CollectError>) {
        let mut summary = Summary::default();
        let mut first = Ok(());
        for pid in pids {
            let path = folder.join(pid.to_string()).join("stat");
            // It may have ended since the folder was listed.
            let Ok(line) = files::read(&path) else { continue };
            match Process::parse(&line) {
                Some(process) => {
                    summary.add(&process);
                    self.groups.add(&process);
                }
                None if line.is_empty() => {}
                None => {
                    first = first.and_then(|()| Err(CollectError::odd(&path, 1, &line, "a process's fields")))
                }
            }
        }
        (summary, first)
    }
}

#[derive(Debug, Default)]
struct Summary {
    pids: u64,
    threads: u64,
    states: BTreeMap<String, u64>,
}

impl Summary {
    fn add(&mut self, process: &Process<'_>) {
        self.pids += 1;
        self.threads += process.threads;
        *self.states.entry(process.state.to_owned()).or_default() += 1;
    }
}

impl Source for Processes {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let folder = roots.proc("");
        let mut pids: Vec<u32> = files::list(&folder)?.iter().filter_map(|name| name.parse().ok()).collect();
        let is_too_many = pids.len() > MAX_READ;
        pids.truncate(MAX_READ);
        let (summary, read) = self.take_all(&folder, &pids);
        sink.put(&PIDS, &[], summary.pids as f64);
        sink.put(&THREADS, &[], summary.threads as f64);
        for (state, count) in &summary.states {
            sink.put(&STATE, &[("state", state)], *count as f64);
        }
        for (metric, file) in [(&MAX_PIDS, "sys/kernel/pid_max"), (&MAX_THREADS, "sys/kernel/threads-max")] {
            if let Some(limit) = files::read_number(&roots.proc(file)) {
                sink.put(metric, &[], limit);
            }
        }
        self.groups.put(sink);
        match is_too_many {
            true => read.and(Err(CollectError::TooMany { what: "processes", limit: MAX_READ })),
            false => read,
        }
    }
}

#[cfg(test)]
mod tests;
