//! What is told of a metric beside its values.
//!
//! It deliberately has no labels; they come with the values.

use crate::store::{Metadata, MetricType};

/// A metric whose name is fixed.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: MetricType,
    pub(super) help: &'static str,
}

impl Metric {
    pub(super) const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: MetricType::Gauge, help }
    }

    pub(super) const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: MetricType::Counter, help }
    }

    pub(super) fn metadata(&self) -> Metadata {
        Metadata { kind: self.kind, help: self.help.into(), unit: unit(self.name).into() }
    }
}

/// The unit that stands in a name, as is the custom.
pub(super) fn unit(name: &str) -> &'static str {
    let name = name.strip_suffix("_total").unwrap_or(name);
    ["seconds", "bytes", "celsius", "rpm", "volts", "hertz", "ratio"]
        .into_iter()
        .find(|unit| name.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_')))
        .unwrap_or_default()
}
