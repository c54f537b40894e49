//! Disks: `/proc/diskstats`.
//!
//! Partitions, RAM disks, loop devices and floppies are deliberately left out, as node_exporter does: their disk or
//! file has the same figures.

use super::Source;
use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use super::metric::Metric;

/// The kernel counts sectors of this size, whatever the disk's own are.
const SECTOR: f64 = 512.0;

/// In the order of the kernel's columns, with what a unit there is worth in ours.
const COLUMNS: [(Metric, f64); 17] = [
    (Metric::counter("node_disk_reads_completed_total", "Reads that were completed."), 1.0),
    (Metric::counter("node_disk_reads_merged_total", "Reads that were merged with others."), 1.0),
    (Metric::counter("node_disk_read_bytes_total", "Bytes read."), SECTOR),
    (Metric::counter("node_disk_read_time_seconds_total", "Seconds spent by all reads."), 1e-3),
    (Metric::counter("node_disk_writes_completed_total", "Writes that were completed."), 1.0),
    (Metric::counter("node_disk_writes_merged_total", "Writes that were merged with others."), 1.0),
    (Metric::counter("node_disk_written_bytes_total", "Bytes written."), SECTOR),
    (Metric::counter("node_disk_write_time_seconds_total", "Seconds spent by all writes."), 1e-3),
    (Metric::gauge("node_disk_io_now", "Reads and writes in progress."), 1.0),
    (Metric::counter("node_disk_io_time_seconds_total", "Seconds in which the disk was busy."), 1e-3),
    (
        Metric::counter(
            "node_disk_io_time_weighted_seconds_total",
            "Seconds in which the disk was busy, times the reads and writes in progress.",
        ),
        1e-3,
    ),
    (Metric::counter("node_disk_discards_completed_total", "Discards that were completed."), 1.0),
    (Metric::counter("node_disk_discards_merged_total", "Discards that were merged with others."), 1.0),
    (Metric::counter("node_disk_discarded_sectors_total", "Sectors discarded, of 512 bytes."), 1.0),
    (Metric::counter("node_disk_discard_time_seconds_total", "Seconds spent by all discards."), 1e-3),
    (Metric::counter("node_disk_flush_requests_total", "Flushes that were completed."), 1.0),
    (Metric::counter("node_disk_flush_requests_time_seconds_total", "Seconds spent by all flushes."), 1e-3),
];

/// Kernels before 4.18 end here.
const OLDEST_COLUMNS: usize = 11;

/// `/proc/diskstats`.
#[derive(Debug)]
pub(super) struct Disks;

impl Source for Disks {
    fn name(&self) -> &'static str {
        "diskstats"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("diskstats");
        let text = files::read(&path)?;
        files::each_line(&path, &text, "two numbers, a device and its counters", |line| take_line(line, sink))
    }
}

fn take_line(line: &str, sink: &mut Sink<'_>) -> Option<()> {
    let mut words = line.split_ascii_whitespace().skip(2);
    let device = words.next()?;
    if is_left_out(device) {
        return Some(());
    }
    let mut given = 0;
    for ((metric, worth), word) in COLUMNS.iter().zip(words) {
        let count = word.parse::<u64>().ok()? as f64;
        // Division by a whole number gives the decimal that the milliseconds are; multiplication doesn't.
        let value = if *worth < 1.0 { count / (1.0 / worth).round() } else { count * worth };
        sink.put(metric, &[("device", device)], value);
        given += 1;
    }
    (given >= OLDEST_COLUMNS).then_some(())
}

/// `ram0`, `zram0`, `loop0`, `fd0`, `sda1`, `vda1`, `nvme0n1p1`; not `sda`, `nvme0n1`, `mmcblk0p1`.
fn is_left_out(device: &str) -> bool {
    let base = device.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if base.len() == device.len() {
        return false;
    }
    match base {
        "ram" | "zram" | "loop" | "fd" => true,
        _ => is_drive(base) || base.strip_suffix('p').is_some_and(is_nvme_namespace),
    }
}

/// `sda`, `hda`, `vda`, `xvda`: with exactly one letter, as node_exporter has it.
fn is_drive(base: &str) -> bool {
    let letter = ["sd", "hd", "vd", "xvd"].iter().find_map(|prefix| base.strip_prefix(prefix));
    letter.is_some_and(|letter| {
        letter.len() == 1 && letter.starts_with(|letter: char| letter.is_ascii_lowercase())
    })
}

fn is_nvme_namespace(base: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit());
    let parts = base.strip_prefix("nvme").and_then(|rest| rest.split_once('n'));
    parts.is_some_and(|(controller, namespace)| is_number(controller) && is_number(namespace))
}
