//! Rule `licences`: everything in the lock file may be shipped under the terms of `ci/licences.toml`.
//!
//! It goes by what packages declare, and deliberately reads none of their files.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Finding, table};
use crate::workspace::{Licence, Workspace};

const TABLE: &str = "ci/licences.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licences {
    /// SPDX identifiers, with their exception where one is meant.
    accepted: Vec<String>,
    /// Packages that are fine for another reason: name, reason.
    #[serde(default)]
    packages: BTreeMap<String, String>,
}

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    match table::read::<Licences>(workspace, TABLE) {
        Ok(table) => workspace.licences.iter().filter_map(|licence| table.finding(licence)).collect(),
        Err(finding) => vec![finding],
    }
}

impl Licences {
    fn finding(&self, licence: &Licence) -> Option<Finding> {
        let name = licence.package.split(' ').next().unwrap_or_default();
        if self.packages.contains_key(name) {
            return None;
        }
        let advice = "choose another package, or write down why it is fine";
        let Some(text) = &licence.expression else {
            return Some(Finding::new(&licence.package, "it declares no licence", advice));
        };
        let expression = match spdx::Expression::parse_mode(text, spdx::ParseMode::LAX) {
            Ok(expression) => expression,
            Err(error) => {
                let found = format!("its licence {text:?} can't be read: {}", error.reason);
                return Some(Finding::new(&licence.package, found, advice));
            }
        };
        let accepted = expression.evaluate(|part| self.accepted.contains(&part.to_string()));
        (!accepted).then(|| Finding::new(&licence.package, format!("its licence is {text:?}"), advice))
    }
}

#[cfg(test)]
mod tests;
