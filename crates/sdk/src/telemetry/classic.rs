//! OpenMetrics text → Prometheus text format 0.0.4, which is what Grafana passes on to its scrapers.
//!
//! They differ in three points: a counter's family carries the suffix `_total` here, units have no line of their own,
//! and there is no end mark.

use std::collections::HashSet;

pub(super) fn from_open_metrics(text: &str) -> String {
    let counters: HashSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut classic = String::with_capacity(text.len());
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("EOF" | "UNIT"), ..) => continue,
            (Some("#"), Some(keyword), Some(name), Some(rest)) if counters.contains(name) => {
                classic.extend(["# ", keyword, " ", name, "_total ", rest]);
            }
            _ => classic.push_str(line),
        }
        classic.push('\n');
    }
    classic
}
