//! The metrics data source's executable, `gpx_graftwire_metrics`.

use std::process::ExitCode;
use std::sync::Arc;

use graftwire_metrics::engine::{Engines, executable_folder};
use graftwire_metrics::settings::Settings;
use graftwire_metrics::source::Source;
use graftwire_sdk::Plugin;

fn main() -> ExitCode {
    let engines = Engines::new(Settings::of_plugin(|key| std::env::var(key).ok()), executable_folder());
    let (of_sources, at_start, at_end) = (Arc::clone(&engines), Arc::clone(&engines), engines);
    Plugin::with_instances("graftwire-metrics-datasource", move |cx| {
        Source::open(Arc::clone(&of_sources), cx)
    })
    .query_data()
    .check_health()
    .call_resource()
    .stream_data()
    .build_info(graftwire_sdk::build_info!())
    .on_start(move || drop(tokio::task::spawn_blocking(move || at_start.start())))
    .on_shutdown(move || {
        Box::pin(async move {
            // Fails only if the flush panics, and then there is nobody left to tell but the log.
            if let Err(error) = tokio::task::spawn_blocking(move || at_end.stop()).await {
                tracing::error!(error = %error, "the store was not closed in an orderly way");
            }
        })
    })
    .serve()
}
