//! Scraping: the pages of Prometheus text that targets offer, read at their interval into the store.
//!
//! It deliberately never looks at what it stored: series, once handed over, are the store's.

pub mod text;
