//! Rule `named-checks`: tests, rules, steps and fuzz targets that ARCHITECTURE.md names exist.
//!
//! A name is a code span; in the table's last column every one of them must be a check. It deliberately doesn't ask
//! whether the check is worth its line.

use std::collections::BTreeSet;

use super::Finding;
use crate::workspace::Workspace;

const PATH: &str = "ARCHITECTURE.md";
const HEADING: &str = "| never | guarded by |";

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
        let guards = row.trim_end_matches('|').rsplit(" | ").next().unwrap_or_default();
        let place = format!("{PATH}:{}", index + 1);
        let names: Vec<_> = guards.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            findings.push(Finding::new(&place, "names no check", "a promise without a check is a wish"));
        }
        for name in names.into_iter().filter(|name| !checks.contains(*name)) {
            findings.push(Finding::new(
                &place,
                format!("there is no check {name:?}"),
                "name the one that guards it now",
            ));
        }
    }
    findings
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
    checks
}

/// The name of a function without arguments, as tests are.
fn test_name(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("fn ")?;
    rest.split_once("()").map(|(name, _)| name)
}

#[cfg(test)]
mod tests;
