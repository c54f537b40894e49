//! The SQL data source's executable, `gpx_graftwire_sql`.

use std::process::ExitCode;
use std::sync::Arc;

use graftwire_sdk::Plugin;
use graftwire_sql::settings::Operator;
use graftwire_sql::source::Source;

fn main() -> ExitCode {
    let operator = Arc::new(Operator::from_lookup(|key| std::env::var(key).ok()));
    Plugin::with_instances("graftwire-sql-datasource", move |cx| {
        let operator = Arc::clone(&operator);
        async move { Source::open(&operator, cx) }
    })
    .query_data()
    .query_chunked()
    .check_health()
    .call_resource()
    .build_info(graftwire_sdk::build_info!())
    .serve()
}
