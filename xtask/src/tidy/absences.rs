//! Rule `absences`: what the design keeps out of places, as rows of `ci/absences.toml`.
//!
//! It deliberately compares text, line by line, and passes over comments: an invariant worth a row has a name that
//! can be searched for.

use serde::Deserialize;

use super::{Finding, table};
use crate::workspace::Workspace;

const TABLE: &str = "ci/absences.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Absences {
    #[serde(rename = "absence")]
    rows: Vec<Absence>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Absence {
    /// What must not stand there.
    texts: Vec<String>,
    /// The endings of the files looked at.
    endings: Vec<String>,
    /// The folders or files looked at; the whole repository if there are none.
    #[serde(default)]
    below: Vec<String>,
    /// Folders or files where it belongs.
    #[serde(default)]
    except: Vec<String>,
    /// Why, and what to write instead.
    instead: String,
}

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    match table::read::<Absences>(workspace, TABLE) {
        Ok(table) => table.rows.iter().flat_map(|row| row.findings(workspace)).collect(),
        Err(finding) => vec![finding],
    }
}

impl Absence {
    fn findings(&self, workspace: &Workspace) -> Vec<Finding> {
        let mut findings = Vec::new();
        for ending in &self.endings {
            for (path, text) in workspace.texts(ending).filter(|(path, _)| self.covers(path)) {
                for (index, line) in text.lines().enumerate() {
                    if let Some(found) = self.found(line) {
                        let place = format!("{path}:{}", index + 1);
                        findings.push(Finding::new(place, format!("found `{found}`"), &self.instead));
                    }
                }
            }
        }
        findings
    }

    fn covers(&self, path: &str) -> bool {
        let lies_in = |place: &String| path.strip_prefix(place.as_str()).is_some_and(lies_below);
        (self.below.is_empty() || self.below.iter().any(lies_in)) && !self.except.iter().any(lies_in)
    }

    fn found(&self, line: &str) -> Option<&String> {
        let code = line.trim_start();
        if code.starts_with("//") && !code.starts_with("//!") && !code.starts_with("///") {
            return None;
        }
        // Documentation may speak of a thing; only its examples are code, and those can't be told apart here, so a
        // row that is about examples starts with the fence.
        let documentation = code.starts_with("//!") || code.starts_with("///");
        self.texts.iter().find(|text| line.contains(*text) && (!documentation || text.starts_with("```")))
    }
}

/// Whether the rest of a path after a folder's or file's name ends the name there.
fn lies_below(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

#[cfg(test)]
mod tests;
