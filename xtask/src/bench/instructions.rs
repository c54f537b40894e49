//! Part `instructions`: what the codecs cost in instructions, counted by callgrind. The counts don't depend on what
//! else the machine does, so a change of a few percent is a change of the code.
//!
//! Each codec runs twice with different numbers of rounds; the difference is free of what starting the process costs.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::machine;
use super::subjects::Workshop;
use crate::run::{Run, cargo};

/// What `graftwire-codecs` knows, with what it says in the table. Each round is one frame of 1,000 rows and 3 columns.
const CODECS: [(&str, &str); 5] = [
    ("build", "rows to columns"),
    ("arrow-write", "columns to an Arrow file, copied once"),
    ("arrow-read", "an Arrow file to columns"),
    ("json-write", "columns to JSON"),
    ("json-read", "JSON to columns"),
];
const ROUNDS: [u64; 2] = [100, 300];
/// By how much a count may exceed the written one.
const TOLERANCE: f64 = 1.03;

pub(super) fn measure() -> anyhow::Result<String> {
    let counts = count()?;
    let mut text = format!(
        "{}; {}; {}.\n\n| codec | instructions for 1,000 rows |\n|---|---:|\n",
        machine::described(),
        machine::version("rustc", "--version"),
        machine::version("valgrind", "--version"),
    );
    for ((name, about), instructions) in CODECS.iter().zip(counts) {
        let _ = writeln!(text, "| `{name}`: {about} | {instructions} |");
    }
    Ok(text)
}

/// Compares with the table in the document.
pub(super) fn check(written: &str) -> anyhow::Result<()> {
    let mut worse = Vec::new();
    for ((name, _), found) in CODECS.iter().zip(count()?) {
        let expected = written_count(written, name)?;
        let share = found as f64 / expected as f64;
        println!("{name:<12} {found:>12} instructions, {:+.1} % to the table", (share - 1.0) * 100.0);
        if share > TOLERANCE {
            worse.push(*name);
        }
    }
    if !worse.is_empty() {
        bail!(
            "more than 3 % above docs/benchmarks.md: {}; mend it, or measure anew and say why",
            worse.join(", ")
        );
    }
    Ok(())
}

fn written_count(table: &str, name: &str) -> anyhow::Result<u64> {
    let mark = format!("| `{name}`:");
    let row = table.lines().find(|line| line.starts_with(&mark));
    let count = row.and_then(|row| row.trim_end_matches(['|', ' ']).rsplit('|').next()?.trim().parse().ok());
    count.with_context(|| format!("the table of instructions has no row for {name}"))
}

fn count() -> anyhow::Result<Vec<u64>> {
    let workshop = Workshop::open()?;
    cargo().args(["build", "--profile", "bench", "--package", "graftwire-benches", "--bins"]).run()?;
    let codecs = workshop.target().join("release").join("graftwire-codecs");
    CODECS.iter().map(|(name, _)| instructions_a_round(&codecs, workshop.target(), name)).collect()
}

fn instructions_a_round(codecs: &Path, target: &Path, name: &str) -> anyhow::Result<u64> {
    let [few, many] = ROUNDS.map(|rounds| total(codecs, target, name, rounds));
    Ok((many? - few?) / (ROUNDS[1] - ROUNDS[0]))
}

/// All instructions of one run, out of callgrind's `totals:` line.
fn total(codecs: &Path, target: &Path, name: &str, rounds: u64) -> anyhow::Result<u64> {
    let out = target.join("callgrind.out");
    Run::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(codecs)
        .args([name, &rounds.to_string()])
        .hint("Debian has it as valgrind")
        .silent()?;
    let text = std::fs::read_to_string(&out).with_context(|| format!("cannot read {}", out.display()))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:")?.trim().parse().ok());
    total.context("callgrind wrote no totals")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_count_is_found_by_its_codec() {
        let table =
            "| codec | instructions for 1,000 rows |\n|---|---:|\n| `json-read`: JSON to columns | 4711 |\n";
        assert_eq!(written_count(table, "json-read").unwrap(), 4711);
        let error = written_count(table, "build").unwrap_err();
        assert_eq!(error.to_string(), "the table of instructions has no row for build");
    }
}
