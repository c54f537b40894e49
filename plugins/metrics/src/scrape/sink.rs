//! Where scraped samples go: the store, or a double in tests.
//!
//! It deliberately offers no way to read: a scrape never looks at what was stored.

use std::fmt::Debug;
use std::hash::Hash;

use crate::series::Labels;
use crate::store::{Appended, Metadata, SeriesId, Store};

/// What takes in samples. Its methods are called from tasks and must not wait.
pub trait Sink: Send + Sync + 'static {
    /// A series' number. It may become invalid; then [`Appended::unknown`] says so.
    type Id: Copy + Eq + Hash + Debug + Send + Sync + 'static;

    /// The number of a series, new ones included; `None` if no more series are taken.
    fn resolve(&self, labels: &Labels) -> Option<Self::Id>;

    /// Appends samples taken at one time, in milliseconds.
    fn append(&self, at: i64, batch: &[(Self::Id, f64)]) -> Appended;

    /// Appends samples whose time the target told. Unlike [`append`](Self::append)'s, an earlier time says nothing of
    /// this machine's clock.
    fn append_told(&self, at: i64, batch: &[(Self::Id, f64)]) -> Appended;

    /// Marks series as ended.
    fn end(&self, at: i64, series: &[Self::Id]);

    /// Takes note of what is known of a metric.
    fn describe(&self, name: &str, metadata: Metadata);
}

impl Sink for Store {
    type Id = SeriesId;

    fn resolve(&self, labels: &Labels) -> Option<SeriesId> {
        Store::resolve(self, labels)
    }

    fn append(&self, at: i64, batch: &[(SeriesId, f64)]) -> Appended {
        Store::append(self, at, batch)
    }

    fn append_told(&self, at: i64, batch: &[(SeriesId, f64)]) -> Appended {
        Store::append_told(self, at, batch)
    }

    fn end(&self, at: i64, series: &[SeriesId]) {
        Store::end(self, at, series);
    }

    fn describe(&self, name: &str, metadata: Metadata) {
        Store::describe(self, name, metadata);
    }
}
