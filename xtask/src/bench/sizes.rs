//! Part `sizes`: builds of the bench plugin next to each other: profiles, C libraries, allocators.
//!
//! What an allocator or an optimisation saves in bytes it may cost in time, so both stand in one table.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::report::{self, Report, Subject};
use super::subjects::{Build, Workshop};
use super::{machine, units};
use crate::run::Run;

const MUSL: &str = "x86_64-unknown-linux-musl";

/// Every build, with what the table calls it.
const BUILDS: [(&str, &str, Build); 6] = [
    ("gnu-release", "release, glibc", Build::RELEASE),
    ("gnu-embedded", "embedded, glibc", Build { profile: "embedded", target: None, features: "" }),
    ("musl-release", "release, musl", Build { profile: "release", target: Some(MUSL), features: "" }),
    (
        "musl-release-mimalloc",
        "release, musl, mimalloc",
        Build { profile: "release", target: Some(MUSL), features: "mimalloc" },
    ),
    ("musl-embedded", "embedded, musl", Build { profile: "embedded", target: Some(MUSL), features: "" }),
    (
        "musl-embedded-mimalloc",
        "embedded, musl, mimalloc",
        Build { profile: "embedded", target: Some(MUSL), features: "mimalloc" },
    ),
];

pub(super) fn measure(scale: f64) -> anyhow::Result<String> {
    let workshop = Workshop::open()?;
    let host = workshop.go_host()?;
    let musl = has_musl();
    let mut built: Vec<(&str, PathBuf)> = Vec::new();
    for (name, _, build) in BUILDS {
        if build.target.is_none() || musl {
            built.push((name, workshop.rust_plugin(name, build)?));
        }
    }
    let subjects: Vec<(&str, &Path)> = built.iter().map(|(name, path)| (*name, path.as_path())).collect();
    let report = report::measure(&host, &subjects, scale, &[])?;
    let mut text = text(&report);
    if !musl {
        let _ = writeln!(text, "\nNot built: {MUSL} (`rustup target add {MUSL}`).");
    }
    Ok(text)
}

fn has_musl() -> bool {
    let installed = Run::new("rustup").args(["target", "list", "--installed"]).quiet().stdout();
    installed.is_ok_and(|list| list.lines().any(|target| target == MUSL))
}

/// Workloads whose processor time is shown: kernel and allocator, small answers, large answers, JSON packets.
const SHOWN: [(&str, &str); 3] = [
    ("checkHealth", "health"),
    ("queryData 10x100", "query 10×100"),
    ("queryData 1x100000", "query 1×100,000"),
];

fn text(report: &Report) -> String {
    let mut text = format!(
        "{}; {}; {}.\n\n| build | file | start | idle | after small calls | at most |",
        machine::described(),
        machine::version("rustc", "--version"),
        report.about.load(),
    );
    let mut rule = "\n|---|---:|---:|---:|---:|---:|".to_owned();
    for (_, shown) in SHOWN {
        let _ = write!(text, " CPU {shown} |");
        rule.push_str("---:|");
    }
    text.push_str(&rule);
    text.push('\n');
    for subject in &report.plugins {
        line(&mut text, subject);
    }
    text
}

fn line(text: &mut String, subject: &Subject) {
    let label = BUILDS.iter().find(|(name, ..)| *name == subject.name).map_or("", |(_, label, _)| label);
    let kib = |kib: f64| units::bytes(kib * 1024.0);
    let after =
        subject.workload("queryData 1x1000").map_or_else(|| "–".to_owned(), |w| kib(w.resident_after));
    let _ = write!(
        text,
        "| {label} | {} | {} | {} | {after} | {} |",
        units::bytes(subject.file_bytes),
        units::time(subject.start_to_line.median_micros * 1_000.0),
        kib(subject.idle.resident),
        kib(subject.after.peak),
    );
    for (name, _) in SHOWN {
        let cpu = subject.workload(name).map(|w| units::time(w.plugin_cpu_micros_per_call * 1_000.0));
        let _ = write!(text, " {} |", cpu.unwrap_or_else(|| "–".to_owned()));
    }
    text.push('\n');
}
