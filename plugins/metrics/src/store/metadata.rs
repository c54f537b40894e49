//! What is known of a metric by its name: type, help and unit.
//!
//! Editors show it and check queries against it. It deliberately knows no series.

use std::sync::Arc;

use super::varint;

/// A metric's type, as the text formats name them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricType {
    /// Only grows, save for resets.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets.
    Histogram,
    /// Buckets that go up and down.
    GaugeHistogram,
    /// Quantiles.
    Summary,
    /// Always 1; the labels are the point.
    Info,
    /// One of several states.
    StateSet,
    /// Not told.
    #[default]
    Unknown,
}

/// In the order of the numbers that stand in the database.
const TYPES: [(MetricType, &str); 8] = [
    (MetricType::Unknown, "unknown"),
    (MetricType::Counter, "counter"),
    (MetricType::Gauge, "gauge"),
    (MetricType::Histogram, "histogram"),
    (MetricType::GaugeHistogram, "gaugehistogram"),
    (MetricType::Summary, "summary"),
    (MetricType::Info, "info"),
    (MetricType::StateSet, "stateset"),
];

impl MetricType {
    /// The name Prometheus' API gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        TYPES.iter().find(|(kind, _)| *kind == self).map_or("unknown", |(_, name)| name)
    }

    /// The type a text format names; [`MetricType::Unknown`] for a word that names none.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        TYPES.iter().find(|(_, known)| *known == name).map_or(Self::Unknown, |(kind, _)| *kind)
    }
}

/// What is known of a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its type.
    pub kind: MetricType,
    /// One sentence on what it measures; empty if not told.
    pub help: Arc<str>,
    /// Its unit (`seconds`, `bytes`); empty if not told.
    pub unit: Arc<str>,
}

impl Metadata {
    pub(super) fn encode(&self, name: &str) -> Vec<u8> {
        let mut out = Vec::new();
        varint::put(&mut out, TYPES.iter().position(|(kind, _)| *kind == self.kind).unwrap_or(0) as u64);
        [name, &self.help, &self.unit].into_iter().for_each(|text| varint::put_text(&mut out, text));
        out
    }

    /// The metric's name and what is known of it; `None` for bytes that don't say.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<(Arc<str>, Self)> {
        let from = &mut bytes;
        let kind = TYPES.get(usize::try_from(varint::take(from)?).ok()?)?.0;
        let name = varint::take_text(from)?.into();
        Some((
            name,
            Self { kind, help: varint::take_text(from)?.into(), unit: varint::take_text(from)?.into() },
        ))
    }
}
