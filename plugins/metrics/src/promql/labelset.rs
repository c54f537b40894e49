//! Label sets made from others: with some labels only, without some, with one replaced.
//!
//! Used by aggregation, matching and functions. It deliberately shares the text of labels instead of copying it.

use std::sync::Arc;

use super::ast::Grouping;
use crate::series::{Labels, METRIC_NAME};

/// Without the metric's name.
pub(super) fn without_name(labels: &Labels) -> Labels {
    if labels.get(METRIC_NAME).is_none() {
        return labels.clone();
    }
    keep(labels, |name| name != METRIC_NAME)
}

/// The labels by which series belong together; `without` and `ignoring` always drop the metric's name.
pub(super) fn group(labels: &Labels, grouping: &Grouping) -> Labels {
    let listed = |name: &str| grouping.names().iter().any(|listed| listed == name);
    match grouping {
        Grouping::By(_) => keep(labels, listed),
        Grouping::Without(_) => keep(labels, |name| name != METRIC_NAME && !listed(name)),
    }
}

/// Without the listed labels, the metric's name kept unless it is listed.
pub(super) fn without(labels: &Labels, names: &[String]) -> Labels {
    keep(labels, |name| !names.iter().any(|listed| listed == name))
}

/// With one label set anew; an empty value removes it.
pub(super) fn with(labels: &Labels, name: &str, value: &str) -> Labels {
    let others = labels.pairs().filter(|(other, _)| &**other != name).cloned();
    Labels::new(others.chain([(Arc::from(name), Arc::from(value))]))
}

fn keep(labels: &Labels, wanted: impl Fn(&str) -> bool) -> Labels {
    Labels::new(labels.pairs().filter(|(name, _)| wanted(name)).cloned())
}
