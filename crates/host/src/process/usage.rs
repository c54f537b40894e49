//! What a plugin's process takes of the machine, as the kernel counts it.
//!
//! It deliberately asks nothing of the plugin itself: this works for a hung one too.

/// Memory and threads of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Resident memory in bytes (`VmRSS`).
    pub resident: u64,
    /// The highest resident memory so far, in bytes (`VmHWM`).
    pub resident_peak: u64,
    /// Threads.
    pub threads: u32,
}

impl Usage {
    /// Reads `/proc/<pid>/status`; `None` where there is no such file or the process is gone.
    #[must_use]
    pub fn of_process(pid: u32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
    }

    fn parse(status: &str) -> Option<Self> {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let kilobytes = |name| field(name).map(|value| value.saturating_mul(1024));
        Some(Self {
            resident: kilobytes("VmRSS")?,
            resident_peak: kilobytes("VmHWM")?,
            threads: u32::try_from(field("Threads")?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Usage;

    #[test]
    fn the_kernels_text_is_read() {
        let usage =
            Usage::parse("Name:\tx\nVmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\nThreads:\t3\n").unwrap();
        assert_eq!((usage.resident, usage.resident_peak, usage.threads), (1_024_000, 2_048_000, 3));
    }

    #[test]
    fn a_zombie_has_no_memory() {
        assert_eq!(Usage::parse("Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_some() {
        assert!(Usage::of_process(std::process::id()).unwrap().resident > 100_000);
    }
}
