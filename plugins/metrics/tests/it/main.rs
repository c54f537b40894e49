//! Integration tests of the metrics data source.
//!
//! | module | what it proves |
//! |---|---|
//! | `promql::debian` | every expression of the table gives what Debian's Prometheus 2.42 gives, live |
//! | `promql::recorded` | the same against answers recorded from the engine of Prometheus 3.16 |
//! | `scrape::pages` | pages over real connections end up in a real store |
//! | `scrape::faults` | targets that refuse, lie, break off or never end are down for a reason that helps |
//! | `scrape::prometheus` | Debian's Prometheus makes the same series of the same pages, and its own page is read |
//! | `load` | 64 callers while it collects: every answer is right, memory has a bound, nothing stays |
//! | `gohost` | a go-plugin host drives every call; killed in a query, it comes back with its samples |
//! | `store` | a killed process loses nothing it flushed; a full disk is told, loses nothing and passes |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

mod gohost;
mod load;
mod promql;
mod scrape;
mod store;
