//! Where and when a figure was measured. A figure without it is worth nothing.

use std::fs;

use crate::run::Run;

/// Processor, cores, system and date, in one line.
pub(super) fn described() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let date = time::OffsetDateTime::now_utc().date();
    format!("{}, {cores} cores, {}, {date}", processor(), system())
}

/// The load of the machine in the last minute, if the system says.
pub(super) fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// The load as part of a sentence.
pub(super) fn load_text(before: Option<f64>) -> String {
    match (before, load()) {
        (Some(before), Some(after)) => {
            format!("load {before} before, {after} after (the run's own included)")
        }
        _ => "load unknown".to_owned(),
    }
}

/// The first line that a program prints about itself.
pub(super) fn version(program: &str, arg: &str) -> String {
    let said = Run::new(program).arg(arg).quiet().stdout().unwrap_or_default();
    said.lines().next().unwrap_or("unknown").trim().to_owned()
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = field("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    match (field("cpu family"), field("model")) {
        (Some(family), Some(number)) => format!("{model} (family {family}, model {number})"),
        _ => model,
    }
}

fn system() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {}", std::env::consts::OS, kernel.trim()).trim_end().to_owned()
}
