use super::*;
use crate::workspace::Package;

const ROOT_TEXT: &str = r#"
[workspace.dependencies]
bytes = "1"
[workspace.lints.rust]
unsafe_code = "forbid"
"#;
const GOOD: &str = r#"
[package]
name = "a"
description = "d"
edition.workspace = true
rust-version.workspace = true
license.workspace = true
[dependencies]
bytes.workspace = true
[lints]
workspace = true
"#;

fn workspace(root: &str, member: &str, source: &str) -> Workspace {
    let packages = vec![Package { name: "a".to_owned(), dir: "crates/a".to_owned(), ..Package::default() }];
    let files = [(ROOT, root), ("crates/a/Cargo.toml", member), ("crates/a/src/lib.rs", source)];
    Workspace { packages, ..Workspace::of_files(files) }
}

fn all(workspace: &Workspace) -> Vec<String> {
    let rules = [lints, inherited, versions, used];
    rules.iter().flat_map(|rule| rule(workspace)).map(|finding| finding.to_string()).collect()
}

#[test]
fn a_good_manifest_passes() {
    assert_eq!(all(&workspace(ROOT_TEXT, GOOD, "use bytes::Bytes;")), [""; 0]);
}

#[test]
fn each_part_of_a_good_manifest_is_needed() {
    for part in ["description = \"d\"\n", "edition.workspace = true\n", "[lints]\nworkspace = true\n"] {
        let found = all(&workspace(ROOT_TEXT, &GOOD.replace(part, ""), "use bytes::Bytes;"));
        assert_eq!(found.len(), 1, "{part}: {found:?}");
    }
}

#[test]
fn a_workspace_that_allows_unsafe_code_is_found() {
    let root = ROOT_TEXT.replace("forbid", "deny");
    assert_eq!(lints(&workspace(&root, GOOD, "")).len(), 1);
}

#[test]
fn a_version_outside_of_the_root_is_found() {
    for line in
        ["bytes = \"1\"", "bytes = { version = \"1\" }", "[dev-dependencies]\nbytes = { path = \"../b\" }"]
    {
        let member = GOOD.replace("bytes.workspace = true", line);
        assert_eq!(versions(&workspace(ROOT_TEXT, &member, "")).len(), 1, "{line}");
    }
}

#[test]
fn what_nobody_uses_is_found() {
    let found = used(&workspace(ROOT_TEXT, GOOD, "use std::fmt;"));
    assert!(found[0].to_string().starts_with("crates/a/Cargo.toml: bytes: no source"), "{}", found[0]);
    let root = ROOT_TEXT.replace("bytes = \"1\"", "bytes = \"1\"\nhttp = \"1\"");
    let found = used(&workspace(&root, GOOD, "use bytes::Bytes;"));
    assert_eq!(found[0].to_string(), "Cargo.toml: no package uses http; take it out");
}
