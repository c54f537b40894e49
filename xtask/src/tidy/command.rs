//! Rules `test-command` and `chores`: what documents tell people to type is what there is, and what CI runs.

use clap::CommandFactory as _;

use super::Finding;
use crate::workspace::Workspace;

const COMMAND: &str = "cargo xtask test";

pub(super) fn test(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in ["README.md", "CONTRIBUTING.md"] {
        let text = workspace.text(path).unwrap_or_default();
        if !text.lines().any(|line| line.split('#').next().is_some_and(|code| code.trim() == COMMAND)) {
            let found = format!("no line of an example is `{COMMAND}`");
            findings.push(Finding::new(path, found, "name the one command that checks everything"));
        }
    }
    let last = workspace.text(".ci/run").and_then(|text| text.lines().rfind(|line| !line.trim().is_empty()));
    let expected = format!("exec {COMMAND} \"$@\"");
    if last != Some(&expected) {
        let found = format!("ends with {:?}", last.unwrap_or_default());
        findings.push(Finding::new(".ci/run", found, format!("end with `{expected}`")));
    }
    findings
}

pub(super) fn chores(workspace: &Workspace) -> Vec<Finding> {
    let command = crate::Chore::command();
    let mut findings = Vec::new();
    for (path, text) in workspace.texts(".md") {
        for (index, line) in text.lines().enumerate() {
            for chore in named_chores(line).filter(|chore| command.find_subcommand(chore).is_none()) {
                let found = format!("names the chore {chore:?}, which does not exist");
                findings.push(Finding::new(
                    format!("{path}:{}", index + 1),
                    found,
                    "see `cargo xtask --help`",
                ));
            }
        }
    }
    findings
}

/// The words after `cargo xtask`.
fn named_chores(line: &str) -> impl Iterator<Item = &str> {
    line.split("cargo xtask ").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(rest.len());
        rest.get(..end).filter(|chore| !chore.is_empty() && !chore.starts_with('-'))
    })
}

#[cfg(test)]
mod tests;
