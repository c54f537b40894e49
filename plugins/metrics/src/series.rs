//! Series, samples and label matchers: what the store holds and what a query selects.
//!
//! It sits between collection, store and language, and deliberately knows none of them.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";

/// A series' labels, sorted by name, the metric's name among them; names are unique, values not empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Labels(Arc<[(Arc<str>, Arc<str>)]>);

impl Labels {
    /// Sorts the pairs, drops empty values, and keeps the last of equal names.
    pub fn new(pairs: impl IntoIterator<Item = (Arc<str>, Arc<str>)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        pairs.retain(|(_, value)| !value.is_empty());
        Self(pairs.into())
    }

    /// The value of a label; `None` if the series lacks it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .binary_search_by(|(key, _)| key.as_ref().cmp(name))
            .ok()
            .and_then(|at| self.0.get(at))
            .map(|pair| pair.1.as_ref())
    }

    /// The metric's name; empty for a computed series.
    #[must_use]
    pub fn metric_name(&self) -> &str {
        self.get(METRIC_NAME).unwrap_or_default()
    }

    /// Every label in order of its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The shared pairs, for building other label sets without copying text.
    pub fn pairs(&self) -> impl Iterator<Item = &(Arc<str>, Arc<str>)> {
        self.0.iter()
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `name{label="value", …}`, as Prometheus prints a series.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric_name())?;
        let rest: Vec<_> = self.iter().filter(|(name, _)| *name != METRIC_NAME).collect();
        if rest.is_empty() && !self.metric_name().is_empty() {
            return Ok(());
        }
        f.write_str("{")?;
        for (at, (name, value)) in rest.iter().enumerate() {
            write!(f, "{}{name}={value:?}", if at == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    /// The value; NaN and infinities are legal. The NaN with bits `0x7ff0_0000_0000_0002` marks a series as gone.
    pub value: f64,
}

/// The bits of the NaN by which Prometheus marks that a series has ended.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

impl Sample {
    /// Whether this sample says that the series has ended.
    #[must_use]
    pub fn is_stale_marker(&self) -> bool {
        self.value.to_bits() == STALE_NAN_BITS
    }
}

/// A series with its samples in ascending time.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesData {
    /// Its labels.
    pub labels: Labels,
    /// Its samples, strictly ascending in time.
    pub samples: Vec<Sample>,
}

/// A condition on one label. A missing label counts as the empty text.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label.
    pub name: Arc<str>,
    /// The condition on its value.
    pub op: MatchOp,
}

/// The four conditions of PromQL; patterns are anchored at both ends.
#[derive(Debug, Clone)]
pub enum MatchOp {
    /// `=`
    Equal(Arc<str>),
    /// `!=`
    NotEqual(Arc<str>),
    /// `=~`
    Matches(Arc<dyn Pattern>),
    /// `!~`
    NotMatches(Arc<dyn Pattern>),
}

/// A compiled, anchored pattern.
pub trait Pattern: fmt::Debug + Send + Sync {
    /// Whether the whole text matches.
    fn is_match(&self, text: &str) -> bool;
}

impl Matcher {
    /// Whether a series' labels meet the condition.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.name).unwrap_or_default();
        match &self.op {
            MatchOp::Equal(wanted) => value == wanted.as_ref(),
            MatchOp::NotEqual(unwanted) => value != unwanted.as_ref(),
            MatchOp::Matches(pattern) => pattern.is_match(value),
            MatchOp::NotMatches(pattern) => !pattern.is_match(value),
        }
    }
}

/// Where a query finds its samples: the embedded store, or a double in tests.
pub trait SeriesSource: Send + Sync {
    /// Every series that meets all conditions, with its samples in `from..=to` (milliseconds). Series without a
    /// sample in that range are left out. `limits` bounds what is read.
    ///
    /// # Errors
    /// [`SourceError::TooMany`] when a limit is reached, [`SourceError::Broken`] when the source can't be read.
    fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        limits: SelectLimits,
    ) -> Result<Vec<SeriesData>, SourceError>;

    /// The same, one series after the other: `each` gets every series once and may stop the selection. A source
    /// that can decode one series at a time should do so here, since evaluation keeps nothing of a series but
    /// its results.
    ///
    /// # Errors
    /// As [`SeriesSource::select`].
    fn visit(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        limits: SelectLimits,
        each: &mut dyn FnMut(&Labels, &[Sample]) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        for series in self.select(matchers, from, to, limits)? {
            if each(&series.labels, &series.samples).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// What one selection may read.
#[derive(Debug, Clone, Copy)]
pub struct SelectLimits {
    /// How many samples in all. Default 5,000,000.
    pub samples: usize,
    /// How many series. Default 50,000.
    pub series: usize,
}

impl Default for SelectLimits {
    fn default() -> Self {
        Self { samples: 5_000_000, series: 50_000 }
    }
}

/// Why a selection failed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A limit of [`SelectLimits`] was reached.
    #[error("the query selects more than {limit} {what}; narrow the time range or the selector")]
    TooMany {
        /// `samples` or `series`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The source can't be read.
    #[error("can't read the store")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}
