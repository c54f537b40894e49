//! What the steps need from the machine, and how it gets there.
//!
//! Debian's packages are installed where this runs as root with apt-get; elsewhere what is missing is named. It
//! deliberately installs no toolchain: rustup and Go have installers of their own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::Job;
use crate::run::{Run, cargo};

/// One program that some steps need.
struct Tool {
    /// What is tried, with its arguments; any that succeeds will do.
    probes: &'static [&'static [&'static str]],
    name: &'static str,
    /// The Debian packages that bring it, if Debian's version will do.
    debian: &'static [&'static str],
    wanted_for: &'static str,
}

const TOOLS: [Tool; 4] = [
    Tool { probes: &[&["c++", "--version"]], name: "a C++ compiler", debian: &["g++"], wanted_for: "fuzz" },
    Tool { probes: &[&["go", "version"]], name: "Go", debian: &[], wanted_for: "go and the interop tests" },
    Tool {
        probes: &[&["npm", "--version"]],
        name: "Node.js with npm",
        debian: &["nodejs", "npm"],
        wanted_for: "frontend and page",
    },
    Tool {
        probes: &[
            &["chromium", "--version"],
            &["chromium-browser", "--version"],
            &["google-chrome", "--version"],
        ],
        name: "Chromium",
        debian: &["chromium"],
        wanted_for: "page",
    },
];

/// Something that takes longer hangs.
const BOUND: Duration = Duration::from_secs(15 * 60);
const TRIES: u32 = 3;

/// Above this the cached target folder is emptied: every clone that was tested left its own crates there.
const MOST_CACHED: u64 = 24 << 30;

/// The step `machine`: installs or names what is missing, keeps the cache small, and fetches the crates.
pub(super) fn prepare(job: &mut Job<'_>) -> anyhow::Result<()> {
    // A target folder that somebody else chose is theirs to keep small.
    if job.site.target.starts_with(&job.site.cache) {
        keep_below(&job.site.target, MOST_CACHED)?;
    }
    let wanted: Vec<_> = TOOLS.iter().filter(|tool| !tool.is_there()).flat_map(|tool| tool.debian).collect();
    if !wanted.is_empty() && may_install() {
        let apt = || Run::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        job.retry(TRIES, BOUND, || apt().arg("update"))?;
        job.retry(TRIES, BOUND, || apt().args(["install", "--no-install-recommends", "-y"]).args(&wanted))?;
    }
    for tool in TOOLS.iter().filter(|tool| !tool.is_there()) {
        job.missing(&format!("{}: {} is not installed", tool.wanted_for, tool.name));
    }
    let locked = job.site.ci.then_some("--locked");
    job.retry(TRIES, BOUND, || cargo().arg("fetch").args(locked))?;
    job.tally.passed += 1;
    Ok(())
}

impl Tool {
    fn is_there(&self) -> bool {
        self.probes.iter().any(|probe| is_there(probe))
    }
}

/// Whether a program is there and can say its version.
pub(super) fn is_there(command: &[&str]) -> bool {
    let Some((program, args)) = command.split_first() else { return false };
    Run::new(program).args(args).quiet().succeeds()
}

/// Empties a folder that holds more bytes than this.
fn keep_below(dir: &Path, most: u64) -> anyhow::Result<()> {
    if size_of(dir) <= most {
        return Ok(());
    }
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        // The logs of this run are being written there.
        if path.is_dir() && !path.ends_with("xtask-test") {
            std::fs::remove_dir_all(&path).with_context(|| format!("cannot empty {}", path.display()))?;
        }
    }
    Ok(())
}

/// Bytes in all files below; what vanishes meanwhile counts nothing.
fn size_of(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn may_install() -> bool {
    #[cfg(unix)]
    let root = rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    let root = false;
    root && is_there(&["apt-get", "--version"])
}

/// A program under another toolchain of rustup, such as `rustup_run("nightly", "cargo")`.
pub(crate) fn rustup_run(toolchain: &str, program: impl AsRef<std::ffi::OsStr>) -> Run {
    Run::new("rustup").args(["run", toolchain]).arg(program)
}

impl Job<'_> {
    /// Something that steps need is not there: a failure where nothing may be missing, else said at the end.
    pub(crate) fn missing(&mut self, reason: &str) {
        if self.site.ci {
            self.screen.line(reason);
            self.tally.failed += 1;
        } else {
            self.tally.not_run(reason);
        }
    }

    /// Runs what depends on the network a few times.
    pub(super) fn retry(
        &mut self,
        tries: u32,
        bound: Duration,
        mut make: impl FnMut() -> Run,
    ) -> anyhow::Result<()> {
        for _ in 1..tries {
            let screen = &mut *self.screen;
            if make().quiet().bounded(bound, |line| screen.line(line))?.succeeded() {
                return Ok(());
            }
        }
        let screen = &mut *self.screen;
        let run = make().quiet();
        let shown = run.shown().to_owned();
        let ending = run.bounded(bound, |line| screen.line(line))?;
        if ending.succeeded() { Ok(()) } else { bail!("`{shown}` failed {tries} times, last with: {ending}") }
    }
}

#[cfg(test)]
mod tests;
