//! The SQL data source: SQLite databases, read only.
//!
//! | step | module |
//! |---|---|
//! | Grafana's query → one statement → frames | `query` |
//! | one statement → rows, per engine | `upstream` |
//! | rows → columns, in one piece or in several | `collector` |
//! | Grafana's other questions | `source` |
//!
//! It deliberately writes nothing: files are opened for reading, and statements that would change something are refused
//! before they run.

pub mod settings;
pub mod source;
pub mod upstream;

mod collector;
mod query;
