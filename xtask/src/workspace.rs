//! The repository as chores see it: its files as text and its packages from `cargo metadata`.
//!
//! It deliberately has no opinion: rules stand in `tidy`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, MetadataCommand, TargetKind};

use crate::run::{Run, root};

/// Files and packages. Paths are relative to the root and have `/` between their parts.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// Every file that is tracked or would be with `git add`; what is not UTF-8 has no text.
    pub(crate) files: BTreeMap<String, Option<String>>,
    pub(crate) packages: Vec<Package>,
    /// Everything in the lock file, our own packages too.
    pub(crate) licences: Vec<Licence>,
}

/// A member of the workspace.
#[derive(Debug, Default, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder.
    pub(crate) dir: String,
    pub(crate) features: BTreeSet<String>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) has_benches: bool,
}

/// An arrow that a package's manifest draws.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// For tests, examples and benches alone.
    pub(crate) dev: bool,
}

/// What a package says about its licence: an SPDX expression.
#[derive(Debug, Clone)]
pub(crate) struct Licence {
    pub(crate) package: String,
    pub(crate) expression: Option<String>,
}

impl Workspace {
    /// Asks git and cargo.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .other_options(vec!["--all-features".to_owned()])
            .exec()
            .context("cargo metadata")?;
        let packages = metadata.workspace_packages().into_iter().map(Package::from_metadata);
        let packages = packages.collect::<anyhow::Result<_>>()?;
        let licences = metadata.packages.iter().map(|package| Licence {
            package: format!("{} {}", package.name, package.version),
            expression: package.license.clone(),
        });
        Ok(Self { files: files()?, packages, licences: licences.collect() })
    }

    /// The files that are text and whose path ends so.
    pub(crate) fn texts(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.ends_with(ending))
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The text of one file; nothing if it is not there.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// The packages in a folder, such as `plugins`.
    pub(crate) fn packages_below(&self, dir: &str) -> impl Iterator<Item = &Package> {
        let prefix = format!("{dir}/");
        self.packages.iter().filter(move |package| package.dir.starts_with(&prefix))
    }
}

impl Package {
    fn from_metadata(package: &cargo_metadata::Package) -> anyhow::Result<Self> {
        let root = root().canonicalize().context("cannot resolve the root of the repository")?;
        let dir = package.manifest_path.parent().context("a manifest without a folder")?;
        let dir = dir.as_std_path().canonicalize()?;
        let dir = dir.strip_prefix(&root).context("a member outside of the repository")?;
        let dependencies = package.dependencies.iter().map(|dependency| Dependency {
            name: dependency.name.clone(),
            dev: dependency.kind == DependencyKind::Development,
        });
        Ok(Self {
            name: package.name.to_string(),
            dir: dir.to_string_lossy().replace('\\', "/"),
            features: package.features.keys().filter(|name| *name != "default").cloned().collect(),
            dependencies: dependencies.collect(),
            has_benches: package.targets.iter().any(|target| target.kind.contains(&TargetKind::Bench)),
        })
    }
}

/// What git tracks or would track. In a copy without git there is nothing to check by.
fn files() -> anyhow::Result<BTreeMap<String, Option<String>>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let list =
        Run::new("git").args(list).quiet().hint("tidy asks git which files are the repository's").stdout()?;
    let mut files = BTreeMap::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        // A file that was deleted but not yet committed is still listed.
        if let Ok(bytes) = std::fs::read(root().join(path)) {
            files.insert(path.to_owned(), String::from_utf8(bytes).ok());
        }
    }
    Ok(files)
}

#[cfg(test)]
impl Workspace {
    /// A workspace of these files alone.
    pub(crate) fn of_files<const N: usize>(files: [(&str, &str); N]) -> Self {
        let files = files.map(|(path, text)| (path.to_owned(), Some(text.to_owned())));
        Self { files: files.into(), ..Self::default() }
    }
}
