//! Example Wave: a Grafana data source that computes waves.
//!
//! | step | module |
//! |---|---|
//! | what Grafana asks → what is answered | `source` |
//! | the query editor's JSON → a query → rows | `query` |
//! | the settings form's JSON → settings | `settings` |
//!
//! It deliberately asks no other system; replace `query` by what yours needs.

use graftwire_sdk::Plugin;

pub mod query;
pub mod settings;
pub mod source;

/// The plugin with all it can do; what is not attached here is answered as *unimplemented*.
pub fn plugin() -> Plugin<source::Source> {
    Plugin::with_instances("example-wave-datasource", |cx| async move { source::Source::open(&cx) })
        .query_data()
        .check_health()
        .call_resource()
}
