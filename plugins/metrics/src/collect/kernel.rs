//! Virtual memory, file handles and pressure: small files of the kernel's own figures.
//!
//! Of `/proc/vmstat` it deliberately takes only what node_exporter takes: paging, swapping, faults, kills.

use super::Source;
use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use super::metric::Metric;
use crate::store::MetricType;

/// `/proc/vmstat`.
#[derive(Debug)]
pub(super) struct VirtualMemory;

impl Source for VirtualMemory {
    fn name(&self) -> &'static str {
        "vmstat"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("vmstat");
        let text = files::read(&path)?;
        files::each_line(&path, &text, "a name and a number", |line| {
            let (field, value) = line.split_once(' ')?;
            let value = files::number(value.trim())?;
            if is_wanted(field) {
                let help = || format!("The field {field} of /proc/vmstat.");
                sink.put_named(&format!("node_vmstat_{field}"), MetricType::Unknown, help, &[], value);
            }
            Some(())
        })
    }
}

fn is_wanted(field: &str) -> bool {
    ["oom_kill", "pgpg", "pswp"].iter().any(|prefix| field.starts_with(prefix))
        || field.strip_prefix("pg").is_some_and(|rest| rest.contains("fault"))
}

const ALLOCATED: Metric = Metric::gauge("node_filefd_allocated", "Open files of all processes.");
const MAXIMUM: Metric = Metric::gauge("node_filefd_maximum", "How many files may be open at once.");

/// `/proc/sys/fs/file-nr`.
#[derive(Debug)]
pub(super) struct FileHandles;

impl Source for FileHandles {
    fn name(&self) -> &'static str {
        "filefd"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("sys/fs/file-nr");
        let text = files::read(&path)?;
        let numbers: Option<Vec<f64>> = text.split_ascii_whitespace().map(files::number).collect();
        let Some([allocated, _, maximum]) = numbers.as_deref() else {
            return Err(CollectError::odd(&path, 1, &text, "three numbers"));
        };
        sink.put(&ALLOCATED, &[], *allocated);
        sink.put(&MAXIMUM, &[], *maximum);
        Ok(())
    }
}

/// File, kind of line and metric.
const PRESSURES: [(&str, &str, Metric); 6] = [
    (
        "cpu",
        "some",
        Metric::counter(
            "node_pressure_cpu_waiting_seconds_total",
            "Seconds in which some task waited for a processor.",
        ),
    ),
    (
        "io",
        "some",
        Metric::counter(
            "node_pressure_io_waiting_seconds_total",
            "Seconds in which some task waited for the disk.",
        ),
    ),
    (
        "io",
        "full",
        Metric::counter(
            "node_pressure_io_stalled_seconds_total",
            "Seconds in which every task waited for the disk.",
        ),
    ),
    (
        "memory",
        "some",
        Metric::counter(
            "node_pressure_memory_waiting_seconds_total",
            "Seconds in which some task waited for memory.",
        ),
    ),
    (
        "memory",
        "full",
        Metric::counter(
            "node_pressure_memory_stalled_seconds_total",
            "Seconds in which every task waited for memory.",
        ),
    ),
    (
        "irq",
        "full",
        Metric::counter(
            "node_pressure_irq_stalled_seconds_total",
            "Seconds in which interrupts held up every task.",
        ),
    ),
];

/// `/proc/pressure`.
#[derive(Debug)]
pub(super) struct Pressure;

impl Source for Pressure {
    fn name(&self) -> &'static str {
        "pressure"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let mut first = Ok(());
        for resource in ["cpu", "io", "memory", "irq"] {
            let outcome = take_resource(resource, roots, sink);
            // Older kernels have no `irq`.
            let is_fine = resource == "irq" && outcome.as_ref().is_err_and(CollectError::is_absence);
            if first.is_ok() && !is_fine {
                first = outcome;
            }
        }
        first
    }
}

fn take_resource(resource: &str, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
    let path = roots.proc("pressure").join(resource);
    let text = match files::read(&path) {
        // Some kernels have the files and refuse to read them unless started with `psi=1`.
        Err(CollectError::Unreadable { source, .. }) if source.raw_os_error() == Some(95) => {
            return Err(CollectError::Absent { path });
        }
        text => text?,
    };
    files::each_line(&path, &text, "some or full, and total=microseconds", |line| {
        let mut words = line.split_ascii_whitespace();
        let kind = words.next()?;
        let total = words.find_map(|word| word.strip_prefix("total="))?;
        let seconds = files::number(total)? / 1e6;
        let wanted = PRESSURES.iter().find(|(of, kinds, _)| *of == resource && *kinds == kind);
        if let Some((_, _, metric)) = wanted {
            sink.put(metric, &[], seconds);
        }
        Some(())
    })
}
