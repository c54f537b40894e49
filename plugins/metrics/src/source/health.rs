//! The health check: whether samples come in, and everything that should be known about the store.

use std::time::Duration;

use graftwire_sdk::prelude::*;
use serde::Serialize;

use super::Source;

/// How long the first collection may take beyond its interval: the first look at a machine is the slowest.
const FIRST_COLLECTION: Duration = Duration::from_secs(2);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    store_folder: String,
    series: usize,
    open_series: usize,
    samples: u64,
    disk_bytes: u64,
    oldest_sample: Option<i64>,
    newest_sample: Option<i64>,
    scrape_targets: usize,
    problems: Vec<String>,
    notices: Vec<String>,
}

impl Source {
    /// Right after the start there is nothing yet to judge by: waits for the first collection, but not for long.
    async fn first_samples(&self) {
        let engine = &self.lease.engine;
        let mut ticks = engine.store.ticks();
        if engine.store.stats().samples == 0 {
            // Whether it came or not is judged by what is in the store.
            let _ = tokio::time::timeout(engine.interval() + FIRST_COLLECTION, ticks.changed()).await;
        }
    }
}

impl CheckHealth for Source {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        let engine = &self.lease.engine;
        self.first_samples().await;
        let stats = engine.store.stats();
        let problems = engine.problems();
        let notices: Vec<String> = engine.place_warning.iter().chain(&self.lease.notice).cloned().collect();
        let mut message = format!(
            "{} series, {} samples in {:.1} MB at {}",
            stats.open_series,
            stats.samples,
            stats.disk_bytes as f64 / 1_048_576.0,
            engine.folder.display()
        );
        for said in problems.iter().chain(&notices) {
            message.push_str("; ");
            message.push_str(said);
        }
        let details = Details {
            store_folder: engine.folder.display().to_string(),
            series: stats.series,
            open_series: stats.open_series,
            samples: stats.samples,
            disk_bytes: stats.disk_bytes,
            oldest_sample: stats.oldest,
            newest_sample: stats.newest,
            scrape_targets: engine.target_count(),
            notices,
            problems,
        };
        // A store that collects nothing at all does not work; one with problems works with what it has.
        let works = stats.open_series > 0 || stats.samples > 0;
        let mut response = if works { health_ok(message) } else { health_error(message) };
        response.json_details = serde_json::to_vec(&details).unwrap_or_default().into();
        Ok(response)
    }
}
