use super::super::Finding;
use super::*;
use crate::workspace::Dependency;

const LAYERS: &str = r#"
apart = [["sdk", "host"]]
crate = [
    { name = "model", level = 0, sees = [] },
    { name = "sdk", level = 2, sees = ["model"], tests_see = ["kit"] },
    { name = "host", level = 2, sees = ["model"] },
    { name = "kit", level = 3, sees = ["sdk", "host"] },
]
"#;

fn package(name: &str, uses: &[&str], tests_use: &[&str]) -> Package {
    let arrow = |dev| move |name: &&str| Dependency { name: (*name).to_owned(), dev };
    let dependencies = uses.iter().map(arrow(false)).chain(tests_use.iter().map(arrow(true))).collect();
    Package { name: name.to_owned(), dir: format!("crates/{name}"), dependencies, ..Package::default() }
}

fn findings(layers: &str, packages: Vec<Package>) -> Vec<String> {
    let workspace = Workspace { packages, ..Workspace::of_files([(TABLE, layers)]) };
    check(&workspace).iter().map(Finding::to_string).collect()
}

#[test]
fn arrows_of_the_table_pass() {
    let packages = vec![
        package("model", &["bytes"], &[]),
        package("sdk", &["model"], &["kit"]),
        package("host", &["model"], &[]),
        package("kit", &["sdk", "host"], &[]),
    ];
    assert_eq!(findings(LAYERS, packages), [""; 0]);
}

#[test]
fn an_arrow_that_the_table_lacks_is_found() {
    let packages =
        vec![package("model", &[], &[]), package("host", &["model"], &["kit"]), package("kit", &[], &[])];
    let found = findings(LAYERS, packages);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("crates/host/Cargo.toml: host in its tests uses kit, which"),
        "{}",
        found[0]
    );
}

#[test]
fn a_test_arrow_is_no_arrow_for_the_product() {
    let found = findings(LAYERS, vec![package("sdk", &["kit"], &[]), package("kit", &[], &[])]);
    assert_eq!(found.len(), 1);
}

#[test]
fn the_ends_are_kept_apart_over_any_path() {
    let layers = LAYERS.replace(
        r#"name = "host", level = 2, sees = ["model"]"#,
        r#"name = "host", level = 4, sees = ["kit"]"#,
    );
    let packages =
        vec![package("sdk", &[], &[]), package("host", &["kit"], &[]), package("kit", &["sdk"], &[])];
    let found = findings(&layers, packages);
    assert!(found.iter().any(|line| line.contains("host reaches sdk")), "{found:?}");
}

#[test]
fn a_table_that_points_up_or_sideways_is_found() {
    let layers = LAYERS.replace(r#"level = 2, sees = ["model"] }"#, r#"level = 2, sees = ["sdk"] }"#);
    let found = findings(&layers, Vec::new());
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("level 2 would see sdk of level 2"), "{}", found[0]);
}

#[test]
fn a_new_crate_needs_a_row() {
    let found = findings(LAYERS, vec![package("new", &[], &[])]);
    assert!(found[0].contains("new has no row"), "{}", found[0]);
}
