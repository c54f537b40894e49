//! The template's manifest made to stand alone: what it takes from this workspace is written out, from the same source.
//!
//! Versions and profiles are read from the root's manifest at this moment, so they are never a second list to keep.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use toml::{Table, Value};

use super::place::Place;
use crate::run;

/// Profiles that people and chores build with.
const PROFILES: [&str; 3] = ["dev", "release", "embedded"];

/// The manifest of a package that is a workspace of its own.
pub(crate) fn standing_alone(template: &str, place: &Place, graftwire: &Path) -> anyhow::Result<String> {
    let root = table(&run::root().join("Cargo.toml"))?;
    let mut text = String::new();
    for line in template.lines() {
        let line = line_alone(line, &root, place, graftwire)?;
        writeln!(text, "{line}")?;
    }
    let text = text.replace("[lints]\nworkspace = true\n", "[lints.rust]\nunsafe_code = \"forbid\"\n");
    let closure = closure_of(&["graftwire-sdk", "serde", "serde_json"])?;
    Ok(format!(
        "{text}\n# Not a part of any workspace around it.\n[workspace]\n\n{}",
        profiles(&root, &closure)?
    ))
}

/// A line that takes its value from the workspace, with that value.
fn line_alone(line: &str, root: &Table, place: &Place, graftwire: &Path) -> anyhow::Result<String> {
    if let Some(key) = line.strip_suffix(".workspace = true") {
        if let Some(value) = lookup(root, &["workspace", "package", key]) {
            return Ok(format!("{key} = {value}"));
        }
        return dependency(key, &Table::new(), root, place, graftwire);
    }
    match line.split_once(" = { workspace = true, ") {
        None => Ok(line.to_owned()),
        Some((name, rest)) => {
            let more: Table = format!("x = {{ {rest}").parse().context("an inline table")?;
            let more = more.get("x").and_then(Value::as_table).cloned().unwrap_or_default();
            dependency(name, &more, root, place, graftwire)
        }
    }
}

fn dependency(
    name: &str,
    more: &Table,
    root: &Table,
    place: &Place,
    graftwire: &Path,
) -> anyhow::Result<String> {
    let Some(known) = lookup(root, &["workspace", "dependencies", name]) else {
        bail!("the workspace has no dependency {name}");
    };
    let mut full = match known {
        Value::Table(table) => table.clone(),
        version => Table::from_iter([("version".to_owned(), version.clone())]),
    };
    if let Some(path) = full.remove("path") {
        // Not published yet: a version would only be looked for in vain.
        full.remove("version");
        match &place.git {
            Some(url) => full.insert("git".to_owned(), url.as_str().into()),
            None => {
                let path = graftwire.join(path.as_str().unwrap_or_default());
                full.insert("path".to_owned(), path.to_string_lossy().replace('\\', "/").into())
            }
        };
    }
    for (key, value) in more {
        match (full.get_mut(key), value) {
            (Some(Value::Array(there)), Value::Array(added)) => there.extend(added.iter().cloned()),
            _ => drop(full.insert(key.clone(), value.clone())),
        }
    }
    Ok(format!("{name} = {}", Value::Table(full)))
}

/// The profiles as text; overrides of packages that this plugin does not have would be a warning at each build.
fn profiles(root: &Table, closure: &BTreeSet<String>) -> anyhow::Result<String> {
    let mut text = "# How it is built; the same as Graftwire's own plugins.\n".to_owned();
    for name in PROFILES {
        let Some(Value::Table(profile)) = lookup(root, &["profile", name]) else {
            bail!("the workspace has no profile {name}");
        };
        let mut profile = profile.clone();
        let overrides = profile.remove("package");
        writeln!(text, "[profile.{name}]\n{}", lines(&profile))?;
        let overrides = overrides.as_ref().and_then(Value::as_table).into_iter().flatten();
        for (package, value) in overrides.filter(|(package, _)| *package == "*" || closure.contains(*package))
        {
            let value = value.as_table().map(lines).unwrap_or_default();
            writeln!(text, "[profile.{name}.package.\"{package}\"]\n{value}")?;
        }
    }
    Ok(format!("{}\n", text.trim_end()))
}

fn lines(table: &Table) -> String {
    table.iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
}

/// What these packages bring along, and they themselves, by the lock file.
fn closure_of(packages: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let lock = table(&run::root().join("Cargo.lock"))?;
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.get("package").and_then(Value::as_array).into_iter().flatten() {
        let Some(name) = package.get("name").and_then(Value::as_str) else { continue };
        let list = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        // With two versions of one name in the lock file, the version follows the name.
        let list = list.filter_map(|one| one.as_str()?.split(' ').next());
        needs.entry(name).or_default().extend(list);
    }
    let mut found = BTreeSet::new();
    let mut open = packages.to_vec();
    while let Some(name) = open.pop() {
        if found.insert(name.to_owned()) {
            open.extend(needs.get(name).into_iter().flatten());
        }
    }
    Ok(found)
}

fn table(file: &Path) -> anyhow::Result<Table> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    text.parse().with_context(|| format!("{} is no TOML", file.display()))
}

fn lookup<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, part| value.get(*part))
}
