//! Rules about the packages' manifests.
//!
//! They read the text of `Cargo.toml` itself: `cargo metadata` no longer knows what was inherited.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Finding;
use crate::workspace::Workspace;

const ROOT: &str = "Cargo.toml";

pub(super) fn lints(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = manifest(workspace, ROOT);
    if lookup(&root, &["workspace", "lints", "rust", "unsafe_code"]) != Some(&Value::from("forbid")) {
        let found = "the workspace does not forbid unsafe code";
        findings.push(Finding::new(
            ROOT,
            found,
            "write `unsafe_code = \"forbid\"` below [workspace.lints.rust]",
        ));
    }
    for (path, manifest) in members(workspace) {
        let inherits = lookup(&manifest, &["lints", "workspace"]) == Some(&Value::from(true));
        let forbids = lookup(&manifest, &["lints", "rust", "unsafe_code"]) == Some(&Value::from("forbid"));
        if !inherits && !forbids {
            findings.push(Finding::new(path, "it takes no lints", "write `[lints]` with `workspace = true`"));
        }
    }
    findings
}

pub(super) fn inherited(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, manifest) in members(workspace) {
        for key in ["edition", "rust-version", "license"] {
            if lookup(&manifest, &["package", key, "workspace"]) != Some(&Value::from(true)) {
                let advice = format!("write `{key}.workspace = true`");
                findings.push(Finding::new(&path, format!("{key} is not the workspace's"), advice));
            }
        }
        let published = lookup(&manifest, &["package", "publish"]) != Some(&Value::from(false));
        if published && lookup(&manifest, &["package", "description"]).is_none() {
            let advice = "say in one line what it is, or write `publish = false`";
            findings.push(Finding::new(&path, "a published package without a description", advice));
        }
    }
    findings
}

pub(super) fn versions(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, manifest) in members(workspace) {
        for (name, dependency) in dependencies(&manifest) {
            let inherits = dependency.get("workspace") == Some(&Value::from(true));
            if !inherits {
                let advice = format!(
                    "put the version below [workspace.dependencies] and write `{name}.workspace = true`"
                );
                findings.push(Finding::new(&path, format!("{name} does not come from the root"), advice));
            }
        }
    }
    findings
}

/// Each line of the root's list is some member's, and each member's line is named in its sources.
pub(super) fn used(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut wanted = BTreeSet::new();
    for (path, manifest) in members(workspace) {
        let dir = path.strip_suffix("Cargo.toml").unwrap_or(&path);
        for (name, _) in dependencies(&manifest) {
            if !is_named(workspace, dir, &name) && !serves_a_feature(&manifest, &name) {
                let found = format!("no source of the package names {}", name.replace('-', "_"));
                findings.push(Finding::new(&path, format!("{name}: {found}"), "take it out"));
            }
            wanted.insert(name);
        }
    }
    let root = manifest(workspace, ROOT);
    let listed = lookup(&root, &["workspace", "dependencies"]).and_then(Value::as_table);
    for name in listed.into_iter().flat_map(Table::keys).filter(|name| !wanted.contains(*name)) {
        findings.push(Finding::new(ROOT, format!("no package uses {name}"), "take it out"));
    }
    findings
}

fn is_named(workspace: &Workspace, dir: &str, name: &str) -> bool {
    let ident = name.replace('-', "_");
    workspace.texts(".rs").any(|(path, text)| path.starts_with(dir) && text.contains(&ident))
}

/// A package that is there to switch a feature of another one on is named in `[features]` only.
fn serves_a_feature(manifest: &Table, name: &str) -> bool {
    let prefix = format!("{name}/");
    let features = manifest.get("features").and_then(Value::as_table);
    let parts = features.into_iter().flat_map(Table::values).filter_map(Value::as_array).flatten();
    parts.filter_map(Value::as_str).any(|part| part.starts_with(&prefix))
}

/// Every dependency that a manifest names, for all targets and purposes.
fn dependencies(manifest: &Table) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    for table in std::iter::once(manifest).chain(targets) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let list = table.get(kind).and_then(Value::as_table).into_iter().flatten();
            all.extend(list.map(|(name, value)| (name.clone(), value.clone())));
        }
    }
    all
}

fn members(workspace: &Workspace) -> impl Iterator<Item = (String, Table)> {
    workspace.packages.iter().map(|package| {
        let path = format!("{}/Cargo.toml", package.dir);
        let manifest = manifest(workspace, &path);
        (path, manifest)
    })
}

/// The manifest's table; cargo has read it before, so it can't be wrong.
fn manifest(workspace: &Workspace, path: &str) -> Table {
    workspace.text(path).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn lookup<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let mut value = table.get(*first)?;
    for part in rest {
        value = value.get(part)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests;
