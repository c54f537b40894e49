//! `cargo xtask tidy`: the rules of the repository that no compiler knows.
//!
//! A rule is one function from the [`Workspace`] to its findings; each can fail, and a test shows it. A finding says
//! where, what was found and what to do. It deliberately repairs nothing.

mod absences;
mod command;
pub(crate) mod features;
mod files;
mod layers;
mod licences;
mod links;
mod manifests;
mod named_checks;
mod places;
mod table;

use std::fmt;

use anyhow::bail;

use crate::workspace::Workspace;

/// Which rules to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Check these rules alone.
    rules: Vec<String>,
    /// Print the rules, and check nothing.
    #[arg(long)]
    list: bool,
}

/// Something a rule does not like.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, with the line where there is one, or what else it is about.
    place: String,
    /// What was found, and what was expected.
    found: String,
    /// What to do.
    advice: String,
}

impl Finding {
    fn new(place: impl Into<String>, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { place: place.into(), found: found.into(), advice: advice.into() }
    }

    /// The file that a rule is read from is missing or wrong.
    fn table(path: &str, error: &anyhow::Error) -> Self {
        Self::new(path, format!("{error:#}"), "mend the table; the rule can't be checked without it")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.found, self.advice)
    }
}

struct Rule {
    name: &'static str,
    about: &'static str,
    check: fn(&Workspace) -> Vec<Finding>,
}

const RULES: [Rule; 17] = [
    Rule { name: "layers", about: "arrows between crates are those of ci/layers.toml", check: layers::check },
    Rule {
        name: "absences",
        about: "texts of ci/absences.toml stay where they belong",
        check: absences::check,
    },
    Rule { name: "file-size", about: "no file is longer than 500 lines", check: files::size },
    Rule { name: "file-header", about: "each Rust file opens with `//!`", check: files::header },
    Rule { name: "file-names", about: "no mod.rs, no drawer names", check: files::names },
    Rule { name: "build-scripts", about: "no crate has a build script", check: files::build_scripts },
    Rule { name: "lints", about: "each crate takes the workspace's lints", check: manifests::lints },
    Rule {
        name: "inherited",
        about: "edition, toolchain and licence come from the root",
        check: manifests::inherited,
    },
    Rule {
        name: "versions",
        about: "versions of dependencies stand in the root alone",
        check: manifests::versions,
    },
    Rule { name: "used", about: "each dependency is used", check: manifests::used },
    Rule { name: "features", about: "each feature is compiled by ci/features.toml", check: features::check },
    Rule {
        name: "licences",
        about: "dependencies have a licence of ci/licences.toml",
        check: licences::check,
    },
    Rule { name: "places", about: "no registry's hosts, no paths of one machine", check: places::check },
    Rule { name: "links", about: "links in documents lead somewhere", check: links::check },
    Rule {
        name: "test-command",
        about: "README, CONTRIBUTING and .ci/run run the same",
        check: command::test,
    },
    Rule { name: "chores", about: "documents name chores that exist", check: command::chores },
    Rule {
        name: "named-checks",
        about: "ARCHITECTURE.md names checks that exist",
        check: named_checks::check,
    },
];

/// A rule's name with what it found.
pub(crate) struct Outcome {
    pub(crate) rule: &'static str,
    pub(crate) findings: Vec<Finding>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    if args.list {
        RULES.iter().for_each(|rule| println!("{:<14}{}", rule.name, rule.about));
        return Ok(());
    }
    if let Some(unknown) = args.rules.iter().find(|name| !RULES.iter().any(|rule| rule.name == *name)) {
        bail!("no rule is called {unknown:?}; `cargo xtask tidy --list` prints them");
    }
    let mut outcomes = outcomes()?;
    outcomes.retain(|outcome| args.rules.is_empty() || args.rules.iter().any(|name| name == outcome.rule));
    let mut found = 0;
    for Outcome { rule, findings } in &outcomes {
        findings.iter().for_each(|finding| println!("{rule}: {finding}"));
        found += findings.len();
    }
    if found > 0 {
        bail!("tidy: {found} findings");
    }
    println!("tidy: {} rules, nothing found", outcomes.len());
    Ok(())
}

/// Every rule, checked against the repository.
pub(crate) fn outcomes() -> anyhow::Result<Vec<Outcome>> {
    let workspace = Workspace::load()?;
    let outcome = |rule: &Rule| Outcome { rule: rule.name, findings: (rule.check)(&workspace) };
    Ok(RULES.iter().map(outcome).collect())
}

#[cfg(test)]
mod tests;
