//! Which plugins there are to build.

use super::*;

#[test]
fn every_data_source_is_shipped_and_benches_are_built_by_name_alone() {
    let shipped: Vec<_> = Plugin::chosen(&[]).unwrap().into_iter().map(|plugin| plugin.name).collect();
    assert_eq!(shipped, ["logs", "metrics", "sql"]);
    let chosen = Plugin::chosen(&["bench-plugin".to_owned(), "graftwire-sql".to_owned()]).unwrap();
    let names: Vec<_> = chosen.iter().map(|plugin| (plugin.name.as_str(), plugin.shipped)).collect();
    assert_eq!(names, [("sql", true), ("bench-plugin", false)]);
}

#[test]
fn an_unknown_plugin_names_near_ones_and_all() {
    let error = Plugin::chosen(&["metric".to_owned()]).unwrap_err().to_string();
    assert!(
        error.contains("`metric`; did you mean metrics?") && error.contains("There are: logs, "),
        "{error}"
    );
}
