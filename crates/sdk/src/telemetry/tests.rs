use super::*;

#[test]
fn the_text_is_prometheus_0_0_4() {
    let telemetry = Telemetry::new();
    telemetry.count_request(Capability::QueryData, Outcome::Ok);
    telemetry.count_request(Capability::QueryData, Outcome::Error(ErrorSource::Downstream));
    let text = telemetry.text(2, 5).unwrap();
    for wanted in [
        "# TYPE grafana_plugin_request_total counter\n",
        "grafana_plugin_request_total{endpoint=\"queryData\",status=\"ok\",status_source=\"plugin\"} 1\n",
        "grafana_plugin_request_total{endpoint=\"queryData\",status=\"error\",status_source=\"downstream\"} 1\n",
        "plugins_active_instances 2\n",
        "plugins_datasource_instances_total 5\n",
    ] {
        assert!(text.contains(wanted), "{wanted:?} is missing in:\n{text}");
    }
    assert!(!text.contains("# EOF") && !text.contains("# UNIT"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_described() {
    let text = Telemetry::new().text(0, 0).unwrap();
    for name in [
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_network_receive_bytes_total",
        "process_network_transmit_bytes_total",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_virtual_memory_bytes",
        "process_virtual_memory_max_bytes",
    ] {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        let value: f64 =
            line.unwrap_or_else(|| panic!("{name} in {text}")).rsplit_once(' ').unwrap().1.parse().unwrap();
        assert!(value >= 0.0, "{name}");
    }
}
