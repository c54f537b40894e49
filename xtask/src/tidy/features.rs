//! Rule `features`, and the written list of feature combinations that the step `features` compiles.
//!
//! It deliberately lists combinations instead of trying all: people use a few, and those must work.

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::{Finding, table};
use crate::workspace::Workspace;

const TABLE: &str = "ci/features.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Features {
    #[serde(rename = "combination")]
    combinations: Vec<Combination>,
}

/// A package with exactly these features, its default ones off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Combination {
    pub(crate) package: String,
    pub(crate) features: Vec<String>,
}

/// The written list.
pub(crate) fn combinations() -> anyhow::Result<Vec<Combination>> {
    let text = std::fs::read_to_string(crate::run::root().join(TABLE)).context(TABLE)?;
    let list: Features = toml::from_str(&text).context(TABLE)?;
    if list.combinations.is_empty() {
        bail!("{TABLE}: no combination stands there");
    }
    Ok(list.combinations)
}

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let list: Features = match table::read(workspace, TABLE) {
        Ok(list) => list,
        Err(finding) => return vec![finding],
    };
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let ours = || list.combinations.iter().filter(|row| row.package == package.name);
        for feature in
            package.features.iter().filter(|feature| !ours().any(|row| row.features.contains(feature)))
        {
            let found = format!("no combination has the feature {feature} of {}", package.name);
            findings.push(Finding::new(TABLE, found, "add one, so that it is compiled"));
        }
    }
    for row in &list.combinations {
        match workspace.packages.iter().find(|package| package.name == row.package) {
            None => findings.push(Finding::new(
                TABLE,
                format!("there is no package {}", row.package),
                "take it out",
            )),
            Some(package) => {
                for feature in row.features.iter().filter(|feature| !package.features.contains(*feature)) {
                    let found = format!("{} has no feature {feature}", row.package);
                    findings.push(Finding::new(TABLE, found, "take it out"));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
