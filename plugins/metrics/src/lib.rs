//! The metrics data source: collect, store, query.

pub mod series;
