//! The logs data source: read, filter, count.
//!
//! | step | module |
//! |---|---|
//! | LogQL: text → query → entries and series | `logql` |
//! | Grafana's questions | `source` |
//!
//! It deliberately listens on no port: Grafana asks through the plugin protocol, and lines are read where they lie.

pub mod logql;
pub mod query;
pub mod read;
pub mod settings;
pub mod source;
