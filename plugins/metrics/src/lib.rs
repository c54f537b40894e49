//! The metrics data source: collect, store, query.

pub mod collect;
pub mod promql;
pub mod query;
pub mod scrape;
pub mod series;
pub mod store;
