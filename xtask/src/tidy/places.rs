//! Rule `places`: nothing in the repository depends on one registry's hosts or on one machine's folders.
//!
//! It deliberately spells what it looks for in pieces, or it would find itself.

use super::Finding;
use crate::workspace::Workspace;

/// Hosts of package registries; their clients know where to go.
const HOSTS: [(&str, &str); 9] = [
    ("index.crates", "io"),
    ("static.crates", "io"),
    ("registry.npmjs", "org"),
    ("registry.yarnpkg", "com"),
    ("proxy.golang", "org"),
    ("pypi", "org"),
    ("files.pythonhosted", "org"),
    ("deb.debian", "org"),
    ("repo1.maven", "org"),
];
/// Folders of people and machines.
const FOLDERS: [&str; 4] = ["root", "home", "Users", "work"];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let hosts = HOSTS.map(|(name, domain)| format!("{name}.{domain}"));
    let mut findings = Vec::new();
    for (path, text) in workspace.texts("") {
        for (index, line) in text.lines().enumerate() {
            let place = || format!("{path}:{}", index + 1);
            if let Some(host) = hosts.iter().find(|host| line.contains(*host)) {
                let advice = "leave it to the package client's own settings";
                findings.push(Finding::new(place(), format!("found the registry's host {host}"), advice));
            }
            if let Some(folder) = FOLDERS.into_iter().find(|folder| names_folder(line, folder)) {
                let advice = "make the path relative to the repository, or take it from the environment";
                findings.push(Finding::new(place(), format!("found a path below /{folder}/"), advice));
            }
        }
    }
    findings
}

/// Whether an absolute path starts with this folder and goes on below it.
fn names_folder(line: &str, folder: &str) -> bool {
    let wanted = format!("/{folder}/");
    line.match_indices(&wanted).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + wanted.len()..).and_then(|text| text.chars().next());
        let starts_here = before.is_none_or(|c| !c.is_alphanumeric() && !"._-/~}:*".contains(c));
        starts_here && after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests;
