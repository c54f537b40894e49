//! The metrics data source: collect, store, query.
//!
//! | step | module |
//! |---|---|
//! | look at this machine | `collect` |
//! | look at other endpoints | `scrape` |
//! | keep the samples | `store` |
//! | answer PromQL over them | `promql` |
//! | Grafana's query → PromQL → frames | `query` |
//! | Grafana's other questions | `source` |
//! | what all data sources share | `engine` |
//!
//! It deliberately listens on no port: Grafana asks through the plugin protocol, and samples are fetched, never taken.

pub mod collect;
pub mod engine;
pub mod promql;
pub mod query;
pub mod scrape;
pub mod series;
pub mod settings;
pub mod source;
pub mod store;
