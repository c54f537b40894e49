use super::*;

#[test]
fn root_holds_the_workspace_manifest() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("[workspace]"));
}

#[test]
fn stdout_is_handed_back() {
    let version = cargo().arg("--version").quiet().stdout().unwrap();
    assert!(version.starts_with("cargo "), "{version}");
}

#[test]
fn failure_names_the_command_the_place_and_what_was_said() {
    let error = cargo().args(["no-such-chore", "with space"]).quiet().silent().unwrap_err().to_string();
    assert!(error.starts_with("`cargo no-such-chore 'with space'` failed in "), "{error}");
    assert!(error.contains("no such command"), "{error}");
}

#[test]
fn a_missing_program_is_named_with_the_hint() {
    let error = Run::new("gw-no-such-program").quiet().hint("install it so").run().unwrap_err();
    assert_eq!(error.to_string(), "cannot start `gw-no-such-program` (install it so)");
    assert!(error.source().is_some(), "the cause is kept");
}
