//! Writes the folder: what lies in it, under which names and with which modes.
//!
//! It writes into no folder that another program made, and keeps nothing of an earlier run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::manifest::Manifest;
use super::platform::Platform;

/// Folders copied as they are, if the plugin has them.
const FOLDERS: &[&str] = &["img", "dashboards", "provisioning"];

/// What goes into the folder.
#[derive(Debug)]
pub(crate) struct Content<'a> {
    /// The plugin's folder in the repository.
    pub(crate) source: &'a Path,
    /// The folder with the repository's licences.
    pub(crate) licences: &'a Path,
    pub(crate) manifest: &'a Manifest,
    pub(crate) executables: Vec<(Platform, PathBuf)>,
}

pub(crate) fn write(folder: &Path, content: &Content<'_>) -> anyhow::Result<()> {
    clear(folder, content.manifest.id())?;
    make_folder(folder)?;
    let to = |name: &str| folder.join(name);
    fs::write(to("plugin.json"), content.manifest.text())?;
    set_mode(&to("plugin.json"), 0o644)?;
    copy(&content.source.join("ui/module.js"), &to("module.js"), 0o644)?;
    for name in ["README.md", "CHANGELOG.md"] {
        copy(&content.source.join(name), &to(name), 0o644)?;
    }
    copy(&content.licences.join("LICENSE-APACHE"), &to("LICENSE"), 0o644)?;
    copy(&content.licences.join("LICENSE-MIT"), &to("LICENSE-MIT"), 0o644)?;
    for name in FOLDERS {
        copy_folder(&content.source.join(name), &to(name))?;
    }
    for (platform, file) in &content.executables {
        copy(file, &to(&platform.file_name(content.manifest.executable())), 0o755)?;
    }
    Ok(())
}

/// Removes what an earlier run left, and nothing else.
fn clear(folder: &Path, id: &str) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let same = Manifest::read(&folder.join("plugin.json")).is_ok_and(|manifest| manifest.id() == id);
    let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if !same && !empty {
        bail!("{} exists and is not the folder of {id}: choose another --out or remove it", folder.display());
    }
    fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    make_folder(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            copy(&entry.path(), &target, 0o644)?;
        }
    }
    Ok(())
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    set_mode(folder, 0o755)
}

fn copy(from: &Path, to: &Path, mode: u32) -> anyhow::Result<()> {
    let context = || format!("cannot copy {} to {}", from.display(), to.display());
    fs::copy(from, to).with_context(context)?;
    set_mode(to, mode).with_context(context)
}

/// Modes stand in the archive and in Grafana's checks, so they are set and not inherited.
#[cfg(unix)]
fn set_mode(file: &Path, mode: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(mode))?;
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as on Unix")]
fn set_mode(_file: &Path, _mode: u32) -> anyhow::Result<()> {
    Ok(())
}
