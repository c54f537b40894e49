//! Integration tests of the logs data source.
//!
//! | module | what it proves |
//! |---|---|
//! | `load` | 64 callers while files are rotated, packed and truncated: every answer is right, memory has a bound, nothing stays |
//! | `logql::recorded` | pipelines and metric queries give what Loki 2.2.1 gave, from a record; live where Go and Loki's modules are there |
//! | `logql::documented` | what came after 2.2.1 does what the documentation of Loki says |
//! | `wire` | health, queries, resources and live tail over every version of the protocol |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

mod load;
mod logql;
mod wire;
