//! The series every target has, whatever is on its page: whether it is up, and how the scrape went.
//!
//! Names and meanings are [Prometheus'](https://prometheus.io/docs/concepts/jobs_instances/). It deliberately has no
//! `scrape_samples_post_metric_relabeling`, since there is no relabelling.

use std::sync::Arc;
use std::time::Duration;

use crate::scrape::sink::Sink;
use crate::series::{Labels, METRIC_NAME};
use crate::store::{Metadata, MetricType};

const REPORTS: [(&str, &str); 4] = [
    ("up", "1 if the target's last scrape succeeded, 0 if it failed"),
    ("scrape_duration_seconds", "Duration of the scrape"),
    ("scrape_samples_scraped", "Samples the target exposed"),
    ("scrape_series_added", "New series in this scrape"),
];

/// How a scrape went.
#[derive(Debug, Clone, Copy)]
pub(in crate::scrape) struct Report {
    pub(in crate::scrape) is_up: bool,
    pub(in crate::scrape) duration: Duration,
    pub(in crate::scrape) samples: usize,
    pub(in crate::scrape) added: usize,
}

/// Tells the sink what the reports' metrics are.
pub(in crate::scrape) fn describe_reports(sink: &impl Sink) {
    for (name, help) in REPORTS {
        let unit = if name.ends_with("_seconds") { "seconds" } else { "" };
        sink.describe(name, Metadata { kind: MetricType::Gauge, help: help.into(), unit: unit.into() });
    }
}

/// The numbers of a target's report series, as far as the sink took them.
#[derive(Debug)]
pub(super) struct Reports<Id>([Option<Id>; REPORTS.len()]);

impl<Id> Default for Reports<Id> {
    fn default() -> Self {
        Self([const { None }; REPORTS.len()])
    }
}

impl<Id: Copy> Reports<Id> {
    pub(super) fn batch<S: Sink<Id = Id>>(
        &mut self,
        sink: &S,
        target: &Labels,
        report: Report,
    ) -> Vec<(Id, f64)> {
        let values = [
            f64::from(u8::from(report.is_up)),
            report.duration.as_secs_f64(),
            report.samples as f64,
            report.added as f64,
        ];
        let resolve = |name| sink.resolve(&named(name, target));
        let ids = self.0.iter_mut().zip(REPORTS).map(|(id, (name, _))| {
            *id = id.or_else(|| resolve(name));
            *id
        });
        ids.zip(values).filter_map(|(id, value)| Some((id?, value))).collect()
    }

    /// Forgets the numbers and returns them.
    pub(super) fn take(&mut self) -> Vec<Id> {
        std::mem::take(self).0.into_iter().flatten().collect()
    }
}

fn named(name: &str, target: &Labels) -> Labels {
    let name = (Arc::from(METRIC_NAME), Arc::from(name));
    Labels::new(target.pairs().cloned().chain([name]))
}
