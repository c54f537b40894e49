//! The metrics data source: collect, store, query.
