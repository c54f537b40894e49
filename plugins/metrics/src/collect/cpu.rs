//! Processors: `/proc/stat` and `/proc/loadavg`.
//!
//! It deliberately gives no shares of time: those are for the query to compute.

use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use super::metric::Metric;
use super::{Source, host};

/// In the order of the kernel's columns.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [&str; 2] = ["user", "nice"];

const SECONDS: Metric =
    Metric::counter("node_cpu_seconds_total", "Seconds each processor spent in each mode.");
const GUEST_SECONDS: Metric = Metric::counter(
    "node_cpu_guest_seconds_total",
    "Seconds each processor spent running guests of a hypervisor; they are part of user and nice.",
);
const INTERRUPTS: Metric = Metric::counter("node_intr_total", "Interrupts serviced.");
const SWITCHES: Metric = Metric::counter("node_context_switches_total", "Switches from one task to another.");
const FORKS: Metric = Metric::counter("node_forks_total", "Processes and threads started.");
const BOOT: Metric = Metric::gauge("node_boot_time_seconds", "When the machine was started, in Unix time.");
const RUNNING: Metric = Metric::gauge("node_procs_running", "Processes ready to run or running.");
const BLOCKED: Metric = Metric::gauge("node_procs_blocked", "Processes waiting for the disk.");

/// A counter that falls by less than this many seconds only wavers, as idle and iowait do.
const WAVER: u64 = 3;

/// `/proc/stat`.
#[derive(Debug)]
pub(super) struct Cpu {
    ticks_per_second: u64,
    /// The highest ticks seen, by processor and column.
    highest: Vec<[u64; MODES.len() + GUEST_MODES.len()]>,
}

/// A machine with more processors than that is not what this is for.
const MAX_CPUS: usize = 4096;

impl Cpu {
    pub(super) fn new() -> Self {
        Self { ticks_per_second: host::ticks_per_second(), highest: Vec::new() }
    }

    fn take_line(&mut self, line: &str, sink: &mut Sink<'_>) -> Option<()> {
        let mut words = line.split_ascii_whitespace();
        let name = words.next()?;
        let single = match name {
            "intr" => &INTERRUPTS,
            "ctxt" => &SWITCHES,
            "processes" => &FORKS,
            "btime" => &BOOT,
            "procs_running" => &RUNNING,
            "procs_blocked" => &BLOCKED,
            _ => {
                return match name.strip_prefix("cpu") {
                    Some(number) if !number.is_empty() => self.take_cpu(number, words, sink),
                    _ => Some(()),
                };
            }
        };
        sink.put(single, &[], files::number(words.next()?)?);
        Some(())
    }

    fn take_cpu<'a>(
        &mut self,
        number: &str,
        words: impl Iterator<Item = &'a str>,
        sink: &mut Sink<'_>,
    ) -> Option<()> {
        let cpu = number.parse().ok().filter(|cpu: &usize| *cpu < MAX_CPUS)?;
        if self.highest.len() <= cpu {
            self.highest.resize(cpu + 1, Default::default());
        }
        let per_second = self.ticks_per_second;
        let columns = MODES.iter().map(|mode| (&SECONDS, mode));
        let columns = columns.chain(GUEST_MODES.iter().map(|mode| (&GUEST_SECONDS, mode)));
        let mut given = 0;
        for (((metric, mode), highest), word) in columns.zip(self.highest.get_mut(cpu)?).zip(words) {
            let ticks: u64 = word.parse().ok()?;
            if ticks > *highest || *highest - ticks >= WAVER * per_second {
                *highest = ticks;
            }
            sink.put(metric, &[("cpu", number), ("mode", mode)], *highest as f64 / per_second as f64);
            given += 1;
        }
        (given >= 4).then_some(())
    }
}

impl Source for Cpu {
    fn name(&self) -> &'static str {
        "stat"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("stat");
        let text = files::read(&path)?;
        files::each_line(&path, &text, "a name and numbers", |line| self.take_line(line, sink))
    }
}

const LOADS: [Metric; 3] = [
    Metric::gauge("node_load1", "Tasks running or waiting for the disk, averaged over a minute."),
    Metric::gauge("node_load5", "Tasks running or waiting for the disk, averaged over five minutes."),
    Metric::gauge("node_load15", "Tasks running or waiting for the disk, averaged over fifteen minutes."),
];

/// `/proc/loadavg`.
#[derive(Debug)]
pub(super) struct Load;

impl Source for Load {
    fn name(&self) -> &'static str {
        "loadavg"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("loadavg");
        let text = files::read(&path)?;
        let mut words = text.split_ascii_whitespace();
        for metric in &LOADS {
            let load = words.next().and_then(|word| word.parse().ok()).filter(|load: &f64| load.is_finite());
            sink.put(metric, &[], load.ok_or_else(|| CollectError::odd(&path, 1, &text, "three averages"))?);
        }
        Ok(())
    }
}
