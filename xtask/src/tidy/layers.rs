//! Rule `layers`: arrows between our crates point down, and only where `ci/layers.toml` draws them.
//!
//! It deliberately reads the manifests, not the sources: what a manifest doesn't name can't be used.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Finding, table};
use crate::workspace::{Package, Workspace};

const TABLE: &str = "ci/layers.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    /// Pairs of crates that never see each other, by no path of arrows.
    apart: Vec<[String; 2]>,
    #[serde(rename = "crate")]
    crates: Vec<Layer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    name: String,
    level: u8,
    /// Our crates that it may use.
    sees: Vec<String>,
    /// Our crates that its tests may use besides.
    #[serde(default)]
    tests_see: Vec<String>,
}

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    match table::read(workspace, TABLE) {
        Ok(layers) => Check { layers: &layers, workspace }.findings(),
        Err(finding) => vec![finding],
    }
}

struct Check<'a> {
    layers: &'a Layers,
    workspace: &'a Workspace,
}

impl Check<'_> {
    fn findings(&self) -> Vec<Finding> {
        let mut findings = self.table_points_down();
        for package in &self.workspace.packages {
            findings.extend(self.arrows(package));
        }
        findings.extend(self.apart());
        findings
    }

    fn layer(&self, name: &str) -> Option<&Layer> {
        self.layers.crates.iter().find(|layer| layer.name == name)
    }

    /// The table itself must not allow an arrow that points up or sideways.
    fn table_points_down(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for layer in &self.layers.crates {
            for seen in &layer.sees {
                let place = format!("{TABLE}: {}", layer.name);
                match self.layer(seen) {
                    None => findings.push(Finding::new(place, format!("{seen} has no row"), "add one")),
                    Some(below) if below.level >= layer.level => findings.push(Finding::new(
                        place,
                        format!("level {} would see {seen} of level {}", layer.level, below.level),
                        "arrows point down only; move what both need below both",
                    )),
                    Some(_) => {}
                }
            }
        }
        findings
    }

    fn arrows(&self, package: &Package) -> Vec<Finding> {
        let place = format!("{}/Cargo.toml", package.dir);
        let Some(layer) = self.layer(&package.name) else {
            let found = format!("{} has no row in {TABLE}", package.name);
            return vec![Finding::new(place, found, "say there which level it has and what it sees")];
        };
        let ours = package.dependencies.iter().filter(|dependency| self.is_ours(&dependency.name));
        let allowed =
            |name: &String, dev| layer.sees.contains(name) || (dev && layer.tests_see.contains(name));
        ours.filter(|dependency| !allowed(&dependency.name, dependency.dev))
            .map(|dependency| {
                let what = if dependency.dev { "in its tests uses" } else { "uses" };
                let found =
                    format!("{} {what} {}, which {TABLE} does not allow", package.name, dependency.name);
                Finding::new(&place, found, "use what lies below, or draw the arrow there and say why")
            })
            .collect()
    }

    fn is_ours(&self, name: &str) -> bool {
        self.workspace.packages.iter().any(|package| package.name == name)
    }

    fn apart(&self) -> Vec<Finding> {
        let both = self.layers.apart.iter().flat_map(|[one, other]| [(one, other), (other, one)]);
        both.filter(|(from, to)| self.reach(from).contains(to.as_str()))
            .map(|(from, to)| {
                let advice = "the two ends never see each other; move what both need into a crate below";
                Finding::new(TABLE, format!("{from} reaches {to}"), advice)
            })
            .collect()
    }

    /// Everything of ours that a crate uses, directly or not; tests aside.
    fn reach(&self, from: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from.to_owned()];
        while let Some(name) = open.pop() {
            let package = self.workspace.packages.iter().find(|package| package.name == name);
            let arrows = package.into_iter().flat_map(|package| &package.dependencies);
            for arrow in arrows.filter(|arrow| !arrow.dev && self.is_ours(&arrow.name)) {
                if reached.insert(arrow.name.as_str()) {
                    open.push(arrow.name.clone());
                }
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests;
