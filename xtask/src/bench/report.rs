//! What `gohost bench` says, as far as the tables need it. The fields are those of ci/interop/cmd/gohost/report.go.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use crate::run::Run;

#[derive(Debug, Deserialize)]
pub(super) struct Report {
    pub(super) about: About,
    pub(super) plugins: Vec<Subject>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct About {
    pub(super) load_before: String,
    pub(super) load_after: String,
    pub(super) starts: u32,
    pub(super) rounds: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) file_bytes: f64,
    pub(super) start_to_line: Times,
    pub(super) idle: Footprint,
    pub(super) workloads: Vec<Workload>,
    pub(super) after: Footprint,
    pub(super) stop_ms: f64,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Times {
    pub(super) count: u32,
    pub(super) median_micros: f64,
    pub(super) p99_micros: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Footprint {
    #[serde(rename = "vmRssKiB")]
    pub(super) resident: f64,
    #[serde(rename = "vmHwmKiB")]
    pub(super) peak: f64,
    pub(super) threads: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Workload {
    pub(super) name: String,
    /// Why it was not measured.
    #[serde(default)]
    pub(super) missing: String,
    #[serde(default)]
    pub(super) latency: Times,
    #[serde(default)]
    pub(super) plugin_cpu_micros_per_call: f64,
    #[serde(rename = "vmRssKiBAfter", default)]
    pub(super) resident_after: f64,
    /// KiB at most, since the workload's first call.
    #[serde(rename = "vmHwmKiB", default)]
    pub(super) peak: f64,
}

impl Subject {
    pub(super) fn workload(&self, name: &str) -> Option<&Workload> {
        self.workloads.iter().find(|workload| workload.name == name && workload.missing.is_empty())
    }
}

impl About {
    /// The load averages of one minute.
    pub(super) fn load(&self) -> String {
        let first = |averages: &str| averages.split(' ').next().unwrap_or("unknown").to_owned();
        format!(
            "load {} before, {} after (the run's own included)",
            first(&self.load_before),
            first(&self.load_after)
        )
    }
}

/// Measures plugins side by side, in turns.
pub(super) fn measure(
    host: &Path,
    subjects: &[(&str, &Path)],
    scale: f64,
    more: &[&str],
) -> anyhow::Result<Report> {
    let mut run = Run::new(host).args(["bench", "--json", "-", "--scale", &scale.to_string()]).args(more);
    for (name, path) in subjects {
        run = run.arg("--plugin").arg(format!("{name}={}", path.display()));
    }
    serde_json::from_str(&run.stdout()?).context("gohost's report")
}
