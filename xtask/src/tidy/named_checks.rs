//! Rule `named-checks`: tests, rules, steps and fuzz targets that ARCHITECTURE.md and docs/features.md name exist.
//!
//! A name is a code span; in the table's last column every one of them must be a check, in the tables of features only
//! where the row says yes. It deliberately doesn't ask whether the check is worth its line.

use std::collections::BTreeSet;

use super::Finding;
use crate::workspace::Workspace;

const PATH: &str = "ARCHITECTURE.md";
const HEADING: &str = "| never | guarded by |";
const FEATURES: &str = "docs/features.md";

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let Some(text) = workspace.text(PATH) else {
        return vec![Finding::new(
            PATH,
            "there is no such file",
            "write it; it says which check guards what",
        )];
    };
    let checks = known_checks(workspace);
    let mut findings = Vec::new();
    let rows = text.lines().enumerate().skip_while(|(_, line)| *line != HEADING).skip(2);
    let rows: Vec<_> = rows.take_while(|(_, line)| line.starts_with('|')).collect();
    if rows.is_empty() {
        findings.push(Finding::new(PATH, format!("found no rows below `{HEADING}`"), "bring the table back"));
    }
    for (index, row) in rows {
        findings.extend(of_row(&format!("{PATH}:{}", index + 1), row, &checks));
    }
    let features = workspace.text(FEATURES).unwrap_or_default();
    for (index, row) in features.lines().enumerate().filter(|(_, row)| row.contains(" | yes | ")) {
        findings.extend(of_row(&format!("{FEATURES}:{}", index + 1), row, &checks));
    }
    findings
}

/// What is wrong with the last column of a row.
fn of_row(place: &str, row: &str, checks: &BTreeSet<String>) -> Vec<Finding> {
    let guards = row.trim_end_matches('|').rsplit(" | ").next().unwrap_or_default();
    let names: Vec<_> = guards.split('`').skip(1).step_by(2).collect();
    if names.is_empty() {
        return vec![Finding::new(place, "names no check", "a promise without a check is a wish")];
    }
    let gone = names.into_iter().filter(|name| !checks.contains(*name));
    let finding = |name: &str| {
        Finding::new(place, format!("there is no check {name:?}"), "name the one that guards it now")
    };
    gone.map(finding).collect()
}

fn known_checks(workspace: &Workspace) -> BTreeSet<String> {
    let mut checks: BTreeSet<String> = super::RULES.iter().map(|rule| rule.name.to_owned()).collect();
    checks.extend(crate::test::step_names().map(str::to_owned));
    // Lints stand in the manifest, and so does the file's own name.
    checks.insert("Cargo.toml".to_owned());
    let mut add = |names: Vec<&str>| checks.extend(names.into_iter().map(str::to_owned));
    let manifest = workspace.text("Cargo.toml").unwrap_or_default();
    add(manifest.lines().filter_map(|line| line.split_once(" = ").map(|(name, _)| name)).collect());
    let fuzz = workspace.text("fuzz/Cargo.toml").unwrap_or_default();
    add(fuzz.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect());
    for (_, text) in workspace.texts(".rs") {
        add(text.lines().filter_map(test_name).collect());
    }
    for (_, text) in workspace.texts("/ui/test/checks.cjs") {
        add(text.lines().filter_map(front_end_check).collect());
    }
    checks
}

/// The name of a check of a front end: a quoted name of a method that takes the host.
fn front_end_check(line: &str) -> Option<&str> {
    let (name, rest) = line.trim().trim_start_matches("async ").strip_prefix('\'')?.split_once('\'')?;
    rest.starts_with("(host").then_some(name)
}

/// The name of a function without arguments, as tests are.
fn test_name(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("fn ")?;
    rest.split_once("()").map(|(name, _)| name)
}

#[cfg(test)]
mod tests;
