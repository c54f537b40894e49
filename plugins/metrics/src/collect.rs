//! The collector: this machine's metrics, read from the kernel each second, under node_exporter's names.
//!
//! Each source is one place the kernel tells something; one that can't be read costs only itself. Sources whose values
//! change slowly or whose reading costs much (file systems, sensors, processes) are read every tenth time, in turn.
//! Files are read here rather than by the `procfs` crate, whose parsers panic on odd lines (`/proc/<pid>/stat`,
//! `/proc/pressure`) or give up a whole file for one of them.
//!
//! It deliberately keeps no values: they go to the [`Store`], which live streams and queries ask.

mod cpu;
mod disks;
mod error;
mod files;
mod filesystems;
mod groups;
mod host;
mod kernel;
mod known;
mod memory;
mod metric;
mod network;
mod own;
mod processes;
mod sensors;
mod ticker;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use error::CollectError;
pub use ticker::Ticker;

use crate::store::Store;
use files::Roots;
use known::{Known, Sink};
use metric::Metric;

/// What can be set about collection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CollectOptions {
    /// How often. Default: 1 s.
    pub interval: Duration,
    /// Slow sources are read every so many times. Default: 10.
    pub slow_every: u32,
    /// Where the kernel's process information is. Default: `/proc`.
    pub proc_root: PathBuf,
    /// Where the kernel's device information is. Default: `/sys`.
    pub sys_root: PathBuf,
    /// The `job` label of this machine's series. Default: `node`, as node_exporter's usually is.
    pub job: String,
    /// Their `instance` label. Default: none, which means the machine's name.
    pub instance: Option<String>,
    /// How many groups of processes are told apart: those that take most processor time and memory. Default: 20.
    pub process_groups: usize,
}

impl Default for CollectOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            slow_every: 10,
            proc_root: "/proc".into(),
            sys_root: "/sys".into(),
            job: "node".to_owned(),
            instance: None,
            process_groups: 20,
        }
    }
}

/// One place the kernel tells something.
trait Source: Send {
    /// The value of the label `collector`.
    fn name(&self) -> &'static str;

    /// Whether every tenth time is enough.
    fn is_slow(&self) -> bool {
        false
    }

    /// Reads it. What could be read goes to the sink even when there is an error.
    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError>;
}

/// How a source did the last time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SourceHealth {
    /// Its name, as in the label `collector`.
    pub name: &'static str,
    /// Why it couldn't be read; `None` if it could, or if this machine simply lacks it.
    pub problem: Option<String>,
}

/// Reads all sources and appends to a store.
pub struct Collector {
    store: Arc<Store>,
    options: CollectOptions,
    roots: Roots,
    sources: Vec<Box<dyn Source>>,
    known: Known,
    health: Arc<Mutex<Vec<SourceHealth>>>,
    ticks: u32,
}

const SUCCESS: Metric =
    Metric::gauge("graftwire_collector_success", "Whether a source of metrics could be read.");
const UP: Metric = Metric::gauge("up", "Whether the target could be read.");
const DURATION: Metric = Metric::gauge("scrape_duration_seconds", "How long reading the target took.");
const SAMPLES: Metric = Metric::gauge("scrape_samples_scraped", "How many samples the target gave.");

impl Collector {
    /// A collector of this machine.
    ///
    /// # Errors
    /// [`CollectError::Unsupported`] on systems other than Linux.
    pub fn new(store: Arc<Store>, options: CollectOptions) -> Result<Self, CollectError> {
        if !cfg!(target_os = "linux") {
            return Err(CollectError::Unsupported { system: std::env::consts::OS });
        }
        let roots = Roots::new(&options.proc_root, &options.sys_root);
        let instance = options.instance.clone().unwrap_or_else(|| host::name(&roots));
        let known = Known::new(&[("job", &options.job), ("instance", &instance)]);
        let sources = sources(&options, &store);
        let health =
            sources.iter().map(|source| SourceHealth { name: source.name(), problem: None }).collect();
        Ok(Self { store, options, roots, sources, known, health: Arc::new(Mutex::new(health)), ticks: 0 })
    }

    /// How the sources did the last time; shared with whoever checks the health.
    #[must_use]
    pub fn health(&self) -> CollectorHealth {
        CollectorHealth(self.health.clone())
    }

    /// Reads all sources that are due and appends their samples under one time, in milliseconds.
    pub fn collect(&mut self, at: i64) {
        let began = Instant::now();
        let mut sink = self.known.sink(&self.store, self.ticks);
        for (place, source) in self.sources.iter_mut().enumerate() {
            let every = if source.is_slow() { self.options.slow_every.max(1) } else { 1 };
            if self.ticks != 0 && self.ticks % every != place as u32 % every {
                continue;
            }
            sink.begin(place);
            let outcome = source
                .collect(&self.roots, &mut sink)
                .map_err(|error| (error.is_absence(), describe(&error)));
            sink.put(&SUCCESS, &[("collector", source.name())], f64::from(outcome.is_ok()));
            if let Some(health) = lock(&self.health).get_mut(place) {
                health.problem =
                    outcome.err().filter(|(is_absence, _)| !is_absence).map(|(_, problem)| problem);
            }
        }
        sink.begin(self.sources.len());
        sink.put(&UP, &[], 1.0);
        sink.put(&SAMPLES, &[], sink.len() as f64);
        sink.put(&DURATION, &[], in_seconds(began.elapsed()));
        sink.finish(at);
        self.ticks = self.ticks.wrapping_add(1);
    }
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector")
            .field("options", &self.options)
            .field("ticks", &self.ticks)
            .finish_non_exhaustive()
    }
}

/// A look at how a collector's sources do.
#[derive(Debug, Clone)]
pub struct CollectorHealth(Arc<Mutex<Vec<SourceHealth>>>);

impl CollectorHealth {
    /// Every source, in a fixed order.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceHealth> {
        lock(&self.0).clone()
    }
}

fn sources(options: &CollectOptions, store: &Arc<Store>) -> Vec<Box<dyn Source>> {
    vec![
        Box::new(cpu::Cpu::new()),
        Box::new(cpu::Load),
        Box::new(memory::Memory),
        Box::new(disks::Disks),
        Box::new(network::Interfaces),
        Box::new(network::Protocols),
        Box::new(network::Sockets),
        Box::new(kernel::VirtualMemory),
        Box::new(kernel::FileHandles),
        Box::new(kernel::Pressure),
        Box::new(host::Time),
        Box::new(host::Name),
        Box::new(network::Devices),
        Box::new(filesystems::new()),
        Box::new(sensors::Chips),
        Box::new(sensors::Zones),
        Box::new(processes::Processes::new(options.process_groups)),
        Box::new(own::Own::new(store.clone())),
    ]
}

/// Seconds to the microsecond: more would be noise that compresses badly.
fn in_seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}

/// An error and its causes in one line.
fn describe(error: &CollectError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
