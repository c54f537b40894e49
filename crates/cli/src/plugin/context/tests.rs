//! The context: defaults of a new server.

use graftwire_host::PluginSpec;
use graftwire_model::UserAgent;

use super::{TOGGLES, of};
use crate::plugin::settings::Instance;

#[test]
fn a_data_source_gets_the_defaults_of_a_new_server() {
    let spec = PluginSpec::of_executable("/x/gpx_y").with_id("example-y-datasource");
    let context = of(&spec, Instance::default());
    let source = context.data_source.unwrap();
    assert_eq!(
        (source.id, source.uid.as_str(), &source.json_data[..]),
        (1, "example-y-datasource", &b"{}"[..])
    );
    assert!(source.updated.0 > 0 && context.app.is_none());
    assert_eq!(context.user.unwrap().role, "Admin");
    assert_eq!(UserAgent::parse(&context.user_agent).unwrap().version, "12.4.0");
    assert_eq!(context.grafana_config.sql_row_limit(), Some(1_000_000));
    assert!(context.grafana_config.is_enabled("dashboardScene"));
    assert_eq!(context.grafana_config.iter().count(), 9);
}

#[test]
fn toggles_are_sorted_as_the_server_sends_them() {
    assert!(TOGGLES.is_sorted());
}
