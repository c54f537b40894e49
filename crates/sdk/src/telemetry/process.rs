//! What the operating system says of this process, under the names of Prometheus' own client libraries.
//!
//! Linux only; elsewhere the families are absent. A file that can't be read or understood leaves its families out.

use prometheus_client::registry::Registry;

#[cfg(target_os = "linux")]
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(linux::Process));
}

#[cfg(not(target_os = "linux"))]
pub(super) fn register(_registry: &mut Registry) {}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt;
    use std::fs;

    use prometheus_client::collector::Collector;
    use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
    use prometheus_client::metrics::counter::ConstCounter;
    use prometheus_client::metrics::gauge::ConstGauge;

    /// Clock ticks of `/proc/<pid>/stat`: 100 a second in every Linux ABI.
    const TICKS_PER_SECOND: f64 = 100.0;

    #[derive(Debug)]
    pub(super) struct Process;

    impl Collector for Process {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
            let mut one = |name: &str, help: &str, value: Option<f64>, is_counter: bool| {
                let Some(value) = value else { return Ok(()) };
                if is_counter {
                    write(&mut encoder, name, help, &ConstCounter::new(value))
                } else {
                    write(&mut encoder, name, help, &ConstGauge::new(value))
                }
            };
            let stat = Stat::read();
            let (received, sent) = network().unzip();
            one(
                "process_cpu_seconds",
                "User and system CPU time spent",
                stat.as_ref().map(|s| s.cpu_seconds),
                true,
            )?;
            one(
                "process_resident_memory_bytes",
                "Resident memory",
                stat.as_ref().map(|s| s.resident),
                false,
            )?;
            one(
                "process_virtual_memory_bytes",
                "Virtual memory",
                stat.as_ref().map(|s| s.virtual_bytes),
                false,
            )?;
            one(
                "process_virtual_memory_max_bytes",
                "Most virtual memory",
                limit("Max address space"),
                false,
            )?;
            one("process_start_time_seconds", "Start, since the epoch", stat.and_then(|s| s.started), false)?;
            one("process_open_fds", "Open file descriptors", open_files(), false)?;
            one("process_max_fds", "Most file descriptors", limit("Max open files"), false)?;
            one("process_network_receive_bytes", "Bytes received over the network", received, true)?;
            one("process_network_transmit_bytes", "Bytes sent over the network", sent, true)
        }
    }

    fn write(
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        metric: &impl EncodeMetric,
    ) -> Result<(), fmt::Error> {
        metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
    }

    struct Stat {
        cpu_seconds: f64,
        started: Option<f64>,
        virtual_bytes: f64,
        resident: f64,
    }

    impl Stat {
        fn read() -> Option<Self> {
            Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
        }

        /// Fields after the command, which stands in brackets and may hold anything.
        fn parse(text: &str) -> Option<Self> {
            let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
            let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
            let started_after_boot = number(19)? / TICKS_PER_SECOND;
            Some(Self {
                cpu_seconds: (number(11)? + number(12)?) / TICKS_PER_SECOND,
                started: boot_time().map(|boot| boot + started_after_boot),
                virtual_bytes: number(20)?,
                resident: number(21)? * rustix::param::page_size() as f64,
            })
        }
    }

    fn boot_time() -> Option<f64> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
    }

    fn open_files() -> Option<f64> {
        Some(fs::read_dir("/proc/self/fd").ok()?.count() as f64)
    }

    fn limit(name: &str) -> Option<f64> {
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        let soft = limits.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next())?;
        // Go's client writes the largest 64-bit number for "unlimited".
        if soft == "unlimited" { Some(u64::MAX as f64) } else { soft.parse().ok() }
    }

    fn network() -> Option<(f64, f64)> {
        ip_octets(&fs::read_to_string("/proc/self/net/netstat").ok()?)
    }

    fn ip_octets(text: &str) -> Option<(f64, f64)> {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("IpExt: "));
        let (names, values) = (lines.next()?, lines.next()?);
        let of = |wanted: &str| {
            names
                .split_whitespace()
                .zip(values.split_whitespace())
                .find(|(name, _)| *name == wanted)?
                .1
                .parse()
                .ok()
        };
        Some((of("InOctets")?, of("OutOctets")?))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn odd_files_give_nothing_instead_of_nonsense() {
            assert!(Stat::parse("").is_none());
            assert!(Stat::parse("1 (a) b) S 1 2").is_none());
            assert!(ip_octets("IpExt: InOctets\n").is_none());
            assert_eq!(ip_octets("IpExt: InOctets OutOctets\nIpExt: 5 6\n"), Some((5.0, 6.0)));
        }

        #[test]
        fn a_command_with_brackets_is_skipped() {
            let text =
                format!("7 (x) (y)) S {}", (1..=40).map(|n| n.to_string()).collect::<Vec<_>>().join(" "));
            assert!(Stat::parse(&text).is_some_and(|stat| stat.cpu_seconds == 0.23));
        }
    }
}
