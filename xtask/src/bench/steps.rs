//! Part `steps`: runs the criterion benches and makes tables of what criterion left in the target folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use serde::Deserialize;

use super::subjects::Workshop;
use super::{machine, units};
use crate::run::cargo;

/// Groups of whole calls begin so; the rest says over what.
const CALLS: &str = "calls ";

pub(super) fn measure() -> anyhow::Result<String> {
    let (load, began) = (machine::load(), SystemTime::now());
    cargo().args(["bench", "--package", "graftwire-benches", "--bench", "steps"]).run()?;
    let results = Results::read(&Workshop::open()?.target().join("criterion"), began)?;
    Ok(format!(
        "{}; {}; {}.\n\n{}\n{}",
        machine::described(),
        machine::version("rustc", "--version"),
        machine::load_text(load),
        results.steps(),
        results.calls(),
    ))
}

/// One bench as criterion left it.
struct Measured {
    group: String,
    /// Its name within the group.
    name: String,
    median: f64,
    throughput: Option<Throughput>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
enum Throughput {
    Bytes(u64),
    Elements(u64),
}

struct Results(Vec<Measured>);

impl Results {
    /// What was measured since `began`: older folders are of benches that have gone.
    fn read(folder: &Path, began: SystemTime) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        find(folder, &mut files)?;
        let mut measured = Vec::new();
        for file in files {
            let changed = file.metadata().and_then(|about| about.modified())?;
            if changed >= began {
                measured.push((changed, Measured::read(&file)?));
            }
        }
        // Criterion's folders say nothing of order; their times do.
        measured.sort_by_key(|(changed, _)| *changed);
        anyhow::ensure!(!measured.is_empty(), "criterion left nothing new in {}", folder.display());
        Ok(Self(measured.into_iter().map(|(_, measured)| measured).collect()))
    }

    fn steps(&self) -> String {
        let mut text = "| step | what | median | throughput |\n|---|---|---:|---:|\n".to_owned();
        for step in self.0.iter().filter(|measured| !measured.group.starts_with(CALLS)) {
            let (median, throughput) = (units::time(step.median), step.throughput());
            let _ = writeln!(text, "| {} | {} | {median} | {throughput} |", step.group, step.name);
        }
        text
    }

    /// A row for each call, a column for each way to the plugin.
    fn calls(&self) -> String {
        let mut ways: Vec<&str> = Vec::new();
        let mut calls: Vec<&str> = Vec::new();
        let mut cells = BTreeMap::new();
        for measured in &self.0 {
            let Some(way) = measured.group.strip_prefix(CALLS) else { continue };
            if !ways.contains(&way) {
                ways.push(way);
            }
            if !calls.contains(&measured.name.as_str()) {
                calls.push(&measured.name);
            }
            cells.insert((measured.name.as_str(), way), units::time(measured.median));
        }
        let mut text = format!("| call | {} |\n|---|{}\n", ways.join(" | "), "---:|".repeat(ways.len()));
        for call in calls {
            let row = ways.iter().map(|way| cells.get(&(call, *way)).map_or("–", String::as_str));
            let _ = writeln!(text, "| {call} | {} |", row.collect::<Vec<_>>().join(" | "));
        }
        text
    }
}

impl Measured {
    /// Reads the two files that matter; `benchmark.json` is given.
    fn read(file: &Path) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Id {
            group_id: String,
            function_id: Option<String>,
            value_str: Option<String>,
            throughput: Option<Throughput>,
        }
        #[derive(Deserialize)]
        struct Estimates {
            median: Estimate,
        }
        #[derive(Deserialize)]
        struct Estimate {
            point_estimate: f64,
        }
        let id: Id = json(file)?;
        let estimates: Estimates = json(&file.with_file_name("estimates.json"))?;
        let name = [id.function_id, id.value_str].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(Self {
            group: id.group_id,
            name,
            median: estimates.median.point_estimate,
            throughput: id.throughput,
        })
    }

    fn throughput(&self) -> String {
        let per_second = |count: u64| count as f64 / (self.median / 1e9);
        match self.throughput {
            Some(Throughput::Bytes(bytes)) => units::bytes_rate(per_second(bytes)),
            Some(Throughput::Elements(rows)) => units::rate(per_second(rows), "rows"),
            None => String::new(),
        }
    }
}

fn json<T: for<'a> Deserialize<'a>>(file: &Path) -> anyhow::Result<T> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| file.display().to_string())
}

/// Every `new/benchmark.json` below a folder.
fn find(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path.ends_with("new/benchmark.json") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave(folder: &Path, path: &str, id: &str, median: f64) {
        let folder = folder.join(path).join("new");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join("estimates.json"),
            format!(r#"{{"median":{{"point_estimate":{median}}}}}"#),
        )
        .unwrap();
        std::fs::write(folder.join("benchmark.json"), id).unwrap();
    }

    #[test]
    fn tables_are_made_of_what_criterion_left() {
        let folder = tempfile::tempdir().unwrap();
        let began = SystemTime::UNIX_EPOCH;
        let step = r#"{"group_id":"decode","function_id":"response","value_str":"1x10","throughput":{"Bytes":1024}}"#;
        leave(folder.path(), "decode/response/1x10", step, 1_000.0);
        for way in ["memory", "process"] {
            let call = format!(
                r#"{{"group_id":"calls {way}","function_id":null,"value_str":"health","throughput":null}}"#
            );
            leave(folder.path(), &format!("calls {way}/health"), &call, 2_500.0);
        }
        let results = Results::read(folder.path(), began).unwrap();
        assert!(
            results.steps().ends_with("| decode | response 1x10 | 1.00 µs | 977 MiB/s |\n"),
            "{}",
            results.steps()
        );
        let calls = results.calls();
        assert!(calls.ends_with("| health | 2.50 µs | 2.50 µs |\n"), "{calls}");
        assert!(!calls.contains("decode"), "{calls}");
    }

    #[test]
    fn what_an_earlier_run_left_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        leave(
            folder.path(),
            "a",
            r#"{"group_id":"a","function_id":null,"value_str":null,"throughput":null}"#,
            1.0,
        );
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        assert!(Results::read(folder.path(), later).is_err());
    }
}
