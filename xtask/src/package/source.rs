//! Which plugin a chore is about: one of this repository, or one in a repository of its own.
//!
//! It builds nothing, and deliberately looks at no folder but the ones that were named and the current one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::run::{self, Run};

/// The folder of a plugin's sources, which holds its `plugin.json`.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) folder: PathBuf,
    /// The root of the repository it belongs to: relative `--out` folders start there.
    pub(crate) repository: PathBuf,
}

impl Source {
    /// By its name below `plugins/`, or by its folder; with neither, the current folder if it is one of a plugin.
    pub(crate) fn find(name: Option<&str>, path: Option<&Path>) -> anyhow::Result<Self> {
        let current = std::env::current_dir().context("the current folder is gone")?;
        match (name, path) {
            (Some(name), _) => Self::named(name),
            (None, Some(path)) => Self::at(&current.join(path)),
            (None, None) if current.join("plugin.json").is_file() => Self::at(&current),
            (None, None) => bail!(
                "which plugin? name one of this repository ({}), or the folder of another one with --path",
                known()
            ),
        }
    }

    fn named(name: &str) -> anyhow::Result<Self> {
        let folder = run::root().join("plugins").join(name);
        let plugin_json = folder.join("plugin.json");
        if !plugin_json.is_file() {
            bail!("no plugin `{name}`: {} does not exist; there are: {}", plugin_json.display(), known());
        }
        Ok(Self { folder, repository: run::root() })
    }

    fn at(folder: &Path) -> anyhow::Result<Self> {
        let folder =
            folder.canonicalize().with_context(|| format!("cannot open the folder {}", folder.display()))?;
        if !folder.join("plugin.json").is_file() {
            bail!("{} holds no plugin.json, expected the folder of a plugin's sources", folder.display());
        }
        let root = run::root();
        let ours = root.canonicalize().is_ok_and(|root| folder.starts_with(root));
        let repository = if ours { root } else { folder.clone() };
        Ok(Self { folder, repository })
    }

    /// The folder with the licences that are packed along: the plugin's own, else its repository's.
    pub(crate) fn licences(&self) -> &Path {
        if self.folder.join("LICENSE-APACHE").is_file() { &self.folder } else { &self.repository }
    }

    /// Cargo, started where the settings of it hold that the plugin's repository has.
    pub(crate) fn cargo(&self) -> Run {
        run::cargo().dir(&self.repository)
    }

    /// The day its state was committed, so that packaging it again gives the same bytes; without any commit, today.
    pub(crate) fn release_date(&self) -> anyhow::Result<String> {
        let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(seconds) => seconds,
            Err(_) => self.last_commit()?,
        };
        let seconds = seconds.trim();
        let moment =
            seconds.parse().ok().and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
        let moment =
            moment.with_context(|| format!("found {seconds:?} as the date, expected seconds since 1970"))?;
        Ok(moment.date().to_string())
    }

    fn last_commit(&self) -> anyhow::Result<String> {
        let git = |args: &[&str]| Run::new("git").args(args).dir(&self.folder).quiet();
        let committed = self.repository == run::root() || git(&["rev-parse", "--verify", "HEAD"]).succeeds();
        if committed {
            return git(&["log", "-1", "--format=%ct"]).stdout();
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        Ok(now.as_secs().to_string())
    }
}

/// The plugins of this repository, between commas.
pub(crate) fn known() -> String {
    let folders = std::fs::read_dir(run::root().join("plugins")).into_iter().flatten().flatten();
    let mut names: Vec<String> = folders
        .filter(|entry| entry.path().join("plugin.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names.join(", ")
}
