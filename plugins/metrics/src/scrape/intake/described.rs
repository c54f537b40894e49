//! What a target's pages say of their metrics; only what changes is passed on.
//!
//! It deliberately doesn't ask whether a metric has samples.

use std::collections::HashMap;
use std::sync::Arc;

use crate::scrape::sink::Sink;
use crate::scrape::text::{Format, Line};
use crate::store::{Metadata, MetricType};

/// Of so many metrics of one target types and help texts are kept.
const MOST: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Descriptions {
    metrics: HashMap<Box<str>, Description>,
    page: u32,
}

#[derive(Debug, Default)]
struct Description {
    metadata: Metadata,
    is_new: bool,
    seen: u32,
}

impl Descriptions {
    /// From now on, metrics that aren't described again count as gone.
    pub(super) fn begin_page(&mut self) {
        self.page = self.page.wrapping_add(1);
    }

    /// Takes in a line; those that describe nothing are left alone.
    pub(super) fn take(&mut self, line: &Line<'_>) {
        match line {
            Line::Help { name, text } => {
                self.set(name, |metadata| replace(&mut metadata.help, text));
            }
            Line::Unit { name, unit } => {
                self.set(name, |metadata| replace(&mut metadata.unit, unit));
            }
            Line::Type { name, kind } => {
                self.set(name, |metadata| std::mem::replace(&mut metadata.kind, *kind) != *kind);
            }
            _ => {}
        }
    }

    fn set(&mut self, name: &str, change: impl FnOnce(&mut Metadata) -> bool) {
        if !self.metrics.contains_key(name) {
            if self.metrics.len() >= MOST {
                return;
            }
            self.metrics.insert(name.into(), Description { is_new: true, ..Description::default() });
        }
        if let Some(description) = self.metrics.get_mut(name) {
            description.seen = self.page;
            description.is_new |= change(&mut description.metadata);
        }
    }

    /// Passes on what is new and forgets what is gone.
    pub(super) fn commit(&mut self, sink: &impl Sink, format: Format) {
        let page = self.page;
        self.metrics.retain(|_, description| description.seen == page);
        for (name, Description { metadata, is_new, .. }) in &mut self.metrics {
            if std::mem::take(is_new) {
                sink.describe(&sample_name(name, metadata.kind, format), metadata.clone());
            }
        }
    }
}

/// Replaces a text by another one; `false` if it is the same.
fn replace(text: &mut Arc<str>, by: &str) -> bool {
    let differs = &**text != by;
    if differs {
        *text = by.into();
    }
    differs
}

/// OpenMetrics describes counters and infos by a name that their samples have a suffix to. Who looks for a metric knows
/// its samples.
fn sample_name(name: &str, kind: MetricType, format: Format) -> String {
    let suffix = match (format, kind) {
        (Format::OpenMetrics, MetricType::Counter) => "_total",
        (Format::OpenMetrics, MetricType::Info) => "_info",
        _ => "",
    };
    format!("{name}{suffix}")
}
