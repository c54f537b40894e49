//! Where a new plugin goes: a folder of this workspace, or a repository of its own.
//!
//! A folder that exists is refused whatever is in it. It writes nothing but the one row of a new crate in
//! `ci/layers.toml`.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};

use super::names::Names;
use crate::run;

/// A folder that does not exist yet, below one that does.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    /// Where its Cargo dependencies on Graftwire come from; a path otherwise.
    pub(crate) git: Option<String>,
    /// The way from it to this checkout; nothing for a crate of this workspace.
    pub(crate) graftwire: Option<PathBuf>,
}

impl Place {
    pub(crate) fn inside(folder: &Path, names: &Names) -> anyhow::Result<Self> {
        let folder = free(folder)?;
        let root = run::root().canonicalize().context("cannot resolve the root of the repository")?;
        if folder.parent() != Some(root.join("plugins").as_path()) {
            bail!(
                "{} is no folder of plugins: the workspace has its members in plugins/; write --into plugins, or --out \
                 for a repository of its own",
                folder.display()
            );
        }
        if fs::read_to_string(root.join(LAYERS)).is_ok_and(|text| text.contains(&row_name(names))) {
            bail!("{LAYERS} has a crate {} already", names.package());
        }
        Ok(Self { folder, git: None, graftwire: None })
    }

    pub(crate) fn outside(folder: &Path, git: Option<&str>) -> anyhow::Result<Self> {
        let folder = free(folder)?;
        let root = run::root().canonicalize().context("cannot resolve the root of the repository")?;
        if folder.starts_with(&root) {
            bail!(
                "{} lies in this repository, where Cargo would take it for a part of the workspace; write --into plugins, \
                 or choose an --out elsewhere",
                folder.display()
            );
        }
        if let Some(url) = git
            && (url.is_empty() || url.chars().any(|c| c.is_whitespace() || c == '"' || c == '\\'))
        {
            bail!("found {url:?} as the address of a git repository, expected an URL");
        }
        let graftwire = Some(way(&folder, &root));
        Ok(Self { folder, git: git.map(str::to_owned), graftwire })
    }

    pub(crate) fn is_inside(&self) -> bool {
        self.graftwire.is_none()
    }
}

/// The folder with its parent resolved, if nothing is there.
fn free(folder: &Path) -> anyhow::Result<PathBuf> {
    let name = folder.file_name().with_context(|| format!("{} names no folder", folder.display()))?;
    let parent = folder.parent().unwrap_or(Path::new("."));
    let parent = parent
        .canonicalize()
        .with_context(|| format!("cannot open {}, where the folder should go", parent.display()))?;
    let folder = parent.join(name);
    // A link that leads nowhere is something too.
    if folder.symlink_metadata().is_ok() {
        bail!("{} exists already; nothing was changed. Choose another name, or --out", folder.display());
    }
    Ok(folder)
}

/// The way from one folder to another: relative where they have more than the root in common, so that both can move.
fn way(from: &Path, to: &Path) -> PathBuf {
    let both = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    if both < 2 {
        return to.to_owned();
    }
    let up = from.components().skip(both).map(|_| Component::ParentDir);
    up.chain(to.components().skip(both)).collect()
}

const LAYERS: &str = "ci/layers.toml";

fn row_name(names: &Names) -> String {
    format!("name = \"{}\"\n", names.package())
}

/// Gives a crate of this workspace its row among the arrows; `cargo xtask tidy` would miss it.
pub(crate) fn draw_arrows(names: &Names) -> anyhow::Result<()> {
    let file = run::root().join(LAYERS);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let row = format!(
        "\n[[crate]]\n{}level = 5\nsees = [\"graftwire-sdk\"]\ntests_see = [\"graftwire-testkit\"]\n",
        row_name(names)
    );
    fs::write(&file, format!("{}\n{row}", text.trim_end()))
        .with_context(|| format!("cannot write {}", file.display()))
}
