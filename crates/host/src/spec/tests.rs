//! Folders as people really have them, and what the errors say about the broken ones.

use std::fs;
use std::path::Path;

use super::{PluginSpec, SpecError, file_name};

fn plugin_json(id: &str) -> String {
    format!(
        r#"{{"type":"datasource","id":"{id}","name":"Example","backend":true,"executable":"gpx_x","info":{{"version":"1.2.3"}}}}"#
    )
}

fn install(folder: &Path, id: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("plugin.json"), plugin_json(id)).unwrap();
    fs::write(folder.join(file_name("gpx_x")), "").unwrap();
}

fn ids(root: &Path) -> Vec<String> {
    PluginSpec::find_all(root).into_iter().map(|found| found.unwrap().id().to_owned()).collect()
}

#[test]
fn a_folder_gives_identity_and_executable() {
    let root = tempfile::tempdir().unwrap();
    install(root.path(), "a-datasource");
    let spec = PluginSpec::resolve(root.path()).unwrap();
    assert_eq!((spec.id(), spec.kind(), spec.version()), ("a-datasource", "datasource", "1.2.3"));
    assert_eq!(spec.executable(), root.path().join(file_name("gpx_x")));
    assert_eq!(PluginSpec::resolve(root.path().join("plugin.json")).unwrap(), spec);
}

#[test]
fn dist_goes_before_the_source_folder() {
    let root = tempfile::tempdir().unwrap();
    install(&root.path().join("dist"), "built");
    fs::write(root.path().join("plugin.json"), plugin_json("source")).unwrap();
    assert_eq!(PluginSpec::resolve(root.path()).unwrap().id(), "built");
}

#[test]
fn the_search_is_recursive_and_skips_what_grafana_skips() {
    let root = tempfile::tempdir().unwrap();
    install(&root.path().join("deep/er/a"), "a");
    install(&root.path().join("b"), "b");
    install(&root.path().join("b/node_modules/c"), "c");
    install(&root.path().join(".git/d"), "d");
    assert_eq!(ids(root.path()), ["b", "a"]);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_followed_and_circles_end() {
    let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    install(elsewhere.path(), "linked");
    std::os::unix::fs::symlink(elsewhere.path(), root.path().join("link")).unwrap();
    std::os::unix::fs::symlink(root.path(), root.path().join("circle")).unwrap();
    assert_eq!(ids(root.path()), ["linked"]);
}

#[test]
fn an_app_with_plugins_inside_is_one_plugin() {
    let root = tempfile::tempdir().unwrap();
    install(root.path(), "the-app");
    install(&root.path().join("datasource"), "inside");
    assert_eq!(PluginSpec::resolve(root.path()).unwrap().id(), "the-app");
    assert_eq!(ids(root.path()), ["inside", "the-app"]);
}

#[test]
fn several_plugins_are_listed() {
    let root = tempfile::tempdir().unwrap();
    install(&root.path().join("a"), "a");
    install(&root.path().join("b"), "b");
    let error = PluginSpec::resolve(root.path()).unwrap_err();
    assert!(matches!(&error, SpecError::Several { found, .. } if found.len() == 2), "{error}");
    assert!(error.to_string().contains("holds 2 plugins, expected one"), "{error}");
}

#[test]
fn a_build_for_another_machine_is_named() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("plugin.json"), plugin_json("a")).unwrap();
    fs::write(root.path().join("gpx_x_plan9_mips"), "").unwrap();
    let error = PluginSpec::resolve(root.path()).unwrap_err().to_string();
    assert!(error.contains(&file_name("gpx_x")), "{error}");
    assert!(error.contains("found only gpx_x_plan9_mips there"), "{error}");
}

#[test]
fn a_build_without_the_machine_in_its_name_gets_its_cure() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("plugin.json"), plugin_json("a")).unwrap();
    fs::write(root.path().join("gpx_x"), "").unwrap();
    let error = PluginSpec::resolve(root.path()).unwrap_err().to_string();
    assert!(error.contains(&format!("rename it to {}", file_name("gpx_x"))), "{error}");
}

#[test]
fn broken_files_name_the_place() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("plugin.json");
    let error_of = |text: &str| {
        fs::write(&file, text).unwrap();
        PluginSpec::resolve(root.path()).unwrap_err()
    };
    assert!(matches!(error_of("{"), SpecError::NotJson { .. }));
    assert!(matches!(error_of(r#"{"id":5}"#), SpecError::NotJson { .. }));
    assert!(matches!(error_of("{}"), SpecError::NoId { .. }));
    assert!(matches!(error_of(r#"{"id":"a"}"#), SpecError::NoExecutable { .. }));
    assert!(matches!(error_of(r#"{"id":"a","executable":"gpx_x"}"#), SpecError::NoBuild { .. }));
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_not_waited_for() {
    let root = tempfile::tempdir().unwrap();
    let pipe = root.path().join("plugin.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(PluginSpec::resolve(&pipe), Err(SpecError::Unreadable { .. })));
    assert!(matches!(PluginSpec::resolve(root.path()), Err(SpecError::NoManifest { .. })));
}

#[test]
fn one_broken_plugin_does_not_hide_the_others() {
    let root = tempfile::tempdir().unwrap();
    install(&root.path().join("a"), "a");
    fs::create_dir(root.path().join("b")).unwrap();
    fs::write(root.path().join("b/plugin.json"), "no json").unwrap();
    let found = PluginSpec::find_all(root.path());
    assert_eq!(found.iter().filter(|one| one.is_ok()).count(), 1);
    assert_eq!(found.len(), 2);
}

#[test]
fn a_missing_path_and_an_empty_folder_say_so() {
    let root = tempfile::tempdir().unwrap();
    assert!(matches!(PluginSpec::resolve(root.path().join("x")), Err(SpecError::NotFound { .. })));
    assert!(matches!(PluginSpec::resolve(root.path()), Err(SpecError::NoManifest { .. })));
    assert!(matches!(
        PluginSpec::find_all(root.path().join("x")).as_slice(),
        [Err(SpecError::NotFound { .. })]
    ));
}
