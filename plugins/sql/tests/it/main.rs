//! Integration tests of the SQL data source, over a real connection in memory.
//!
//! | module | what it proves |
//! |---|---|
//! | `formats` | time series, tables and log lines; macros and fills; goldens of the Go SDK through the plugin |
//! | `columns` | each declared type's column, and values that don't keep to it |
//! | `refused` | everything that would write, attach, load or run twice |
//! | `places` | files that can't or mustn't be opened |
//! | `trouble` | slow, cancelled, locked, damaged, too large |
//! | `pieces` | answers that are streamed |
//! | `editor` | health and the resources of editors |
//! | `load` | 64 callers while the database is written and locked: every answer is right, memory has a bound, nothing stays |
//! | `gohost` | a go-plugin host drives the executable |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

mod columns;
mod editor;
mod formats;
mod gohost;
mod load;
mod pieces;
mod places;
mod refused;
mod trouble;
mod world;
