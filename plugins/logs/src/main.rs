//! The logs data source's executable, `gpx_graftwire_logs`.

use std::process::ExitCode;

use graftwire_logs::source::Source;
use graftwire_sdk::Plugin;

fn main() -> ExitCode {
    Plugin::with_instances("graftwire-logs-datasource", Source::open)
        .query_data()
        .check_health()
        .call_resource()
        .stream_data()
        .serve()
}
