//! This process and its store, under the names Prometheus' client libraries use.
//!
//! It deliberately measures nothing of queries; they report themselves.

use std::sync::Arc;

use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use super::metric::Metric;
use super::processes::Process;
use super::{Source, host};
use crate::store::Store;

const JOB: &str = "graftwire";

const CPU: Metric =
    Metric::counter("process_cpu_seconds_total", "Seconds of processor time this process has taken.");
const RESIDENT: Metric = Metric::gauge("process_resident_memory_bytes", "Memory this process takes.");
const VIRTUAL: Metric = Metric::gauge("process_virtual_memory_bytes", "Address space this process takes.");
const OPEN_FILES: Metric = Metric::gauge("process_open_fds", "Files this process has open.");
const SAMPLES: Metric = Metric::counter("graftwire_store_samples_total", "Samples stored since the start.");
const REFUSED: Metric =
    Metric::counter("graftwire_store_samples_refused_total", "Samples refused since the start, by reason.");
const SERIES: Metric = Metric::gauge("graftwire_store_series", "Series in the store.");
const SIZE: Metric = Metric::gauge("graftwire_store_size_bytes", "What the store's files take on the disk.");
const OLDEST: Metric = Metric::gauge(
    "graftwire_store_oldest_sample_timestamp_seconds",
    "When the oldest stored sample was taken.",
);
const PROBLEMS: Metric = Metric::gauge("graftwire_store_problems", "What is wrong with the store, counted.");

/// See the module.
pub(super) struct Own {
    store: Arc<Store>,
}

impl Own {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    fn put_store(&self, sink: &mut Sink<'_>) {
        let stats = self.store.stats();
        let appended = stats.appended;
        sink.put(&SAMPLES, &[], appended.stored as f64);
        for (reason, count) in [("duplicate", appended.duplicate), ("out of order", appended.out_of_order)] {
            sink.put(&REFUSED, &[("reason", reason)], count as f64);
        }
        sink.put(&SERIES, &[], stats.series as f64);
        sink.put(&SIZE, &[], stats.disk_bytes as f64);
        sink.put(&PROBLEMS, &[], self.store.health().problems.len() as f64);
        if let Some(oldest) = stats.oldest {
            sink.put(&OLDEST, &[], oldest as f64 / 1e3);
        }
    }
}

impl Source for Own {
    fn name(&self) -> &'static str {
        "self"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        sink.set_job(JOB);
        self.put_store(sink);
        if let Ok(files) = files::list(&roots.proc("self/fd")) {
            sink.put(&OPEN_FILES, &[], files.len() as f64);
        }
        let path = roots.proc("self/stat");
        let line = files::read(&path)?;
        let process =
            Process::parse(&line).ok_or_else(|| CollectError::odd(&path, 1, &line, "a process's fields"))?;
        let ticks = process.user_ticks + process.system_ticks;
        sink.put(&CPU, &[], ticks as f64 / host::ticks_per_second() as f64);
        sink.put(&RESIDENT, &[], process.resident_pages as f64 * host::page_size() as f64);
        sink.put(&VIRTUAL, &[], process.virtual_bytes as f64);
        Ok(())
    }
}
