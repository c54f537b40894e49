//! Label filters on a line's labels.
//!
//! A stage of the pipeline. It deliberately lets lines pass that have an error or whose label can't be converted: only
//! conditions on texts can drop them, as in Loki.

use super::ast::{Choice, CompareOp, LabelFilter};
use super::scope::{ERROR, ERROR_DETAILS, Scope};
use super::units;

/// The value of `__error__` if a label can't be converted.
const FILTER_ERROR: &str = "LabelFilterErr";

/// Whether the line stays.
pub(super) fn keeps(filter: &LabelFilter, scope: &mut Scope<'_>) -> bool {
    match filter {
        // A field of the line that has the error's name is no error.
        LabelFilter::Matches(matcher) if matcher.name == ERROR => {
            matcher.accepts(scope.error().unwrap_or_default())
        }
        LabelFilter::Matches(matcher) => matcher.accepts(scope.get(&matcher.name).unwrap_or_default()),
        LabelFilter::Number { name, op, value } => {
            compares(name, *op, *value, units::number, "a number", scope)
        }
        LabelFilter::Duration { name, op, value } => {
            compares(name, *op, *value, units::go_duration, "a duration", scope)
        }
        LabelFilter::Bytes { name, op, value } => compares(name, *op, *value, units::bytes, "a size", scope),
        LabelFilter::And(both) => keeps(&both.0, scope) && keeps(&both.1, scope),
        LabelFilter::Or(both) => keeps(&both.0, scope) || keeps(&both.1, scope),
    }
}

fn compares<T: PartialOrd>(
    name: &str,
    op: CompareOp,
    value: T,
    read: impl Fn(&str) -> Option<T>,
    expected: &str,
    scope: &mut Scope<'_>,
) -> bool {
    if scope.error().is_some() {
        return true;
    }
    let Some(text) = scope.get(name) else { return false };
    match read(text) {
        Some(found) => op.holds(found, value),
        None => {
            let details = format!("label {name}: found {text:?}, expected {expected}");
            scope.fail(FILTER_ERROR, &details);
            true
        }
    }
}

/// Adds the labels that a filter looks at.
pub(super) fn names<'f>(filter: &'f LabelFilter, names_seen: &mut Vec<&'f str>) {
    match filter {
        LabelFilter::Matches(matcher) => names_seen.push(&matcher.name),
        LabelFilter::Number { name, .. }
        | LabelFilter::Duration { name, .. }
        | LabelFilter::Bytes { name, .. } => {
            names_seen.push(name);
        }
        LabelFilter::And(both) | LabelFilter::Or(both) => {
            names(&both.0, names_seen);
            names(&both.1, names_seen);
        }
    }
}

impl Choice {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Matches(matcher) => &matcher.name,
        }
    }

    /// Whether it means this label.
    fn means(&self, name: &str, value: &str) -> bool {
        match self {
            Self::Name(chosen) => chosen == name,
            Self::Matches(matcher) => matcher.name == name && matcher.accepts(value),
        }
    }
}

/// `| drop`
pub(super) fn drop_labels(choices: &[Choice], scope: &mut Scope<'_>) {
    for choice in choices {
        let name = choice.name();
        if !scope.get(name).is_some_and(|value| choice.means(name, value)) {
            continue;
        }
        if name == ERROR {
            scope.forget_error();
        } else if name == ERROR_DETAILS {
            scope.forget_details();
        } else {
            scope.remove(name);
        }
    }
}

/// `| keep`: everything else goes, but for the error.
pub(super) fn keep_labels(choices: &[Choice], scope: &mut Scope<'_>) {
    let unwanted = |(name, value): (&str, &str)| {
        (!choices.iter().any(|choice| choice.means(name, value))).then(|| name.to_owned())
    };
    let stream = scope.stream;
    let mut gone: Vec<String> = scope.changes.added().filter_map(unwanted).collect();
    gone.extend(stream.iter().filter(|(name, _)| scope.changes.keeps(name)).filter_map(unwanted));
    for name in gone {
        scope.remove(&name);
    }
}
