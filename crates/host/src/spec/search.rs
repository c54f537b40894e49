//! Finding `plugin.json` files below a folder, the way Grafana does.
//!
//! It deliberately never fails as a whole: a folder that can't be read is one problem in the list.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{SpecError, manifest};

/// Folders below this depth are not searched: no plugin lies so deep, and a mount of a whole disk might.
const MAX_DEPTH: usize = 16;

/// Every `plugin.json` below `root`, sorted by path, and every folder that could not be read.
///
/// As Grafana does: symbolic links are followed (each real folder once), `node_modules` and names with a
/// leading dot are skipped, and of a folder with a child `dist` only `dist` is searched.
pub(super) fn manifests(root: &Path) -> Vec<Result<PathBuf, SpecError>> {
    let mut walk = Walk::default();
    walk.folder(root, 0);
    walk.found
}

#[derive(Default)]
struct Walk {
    visited: BTreeSet<PathBuf>,
    found: Vec<Result<PathBuf, SpecError>>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, depth: usize) {
        match self.enter(folder, depth) {
            Ok(children) => children.iter().for_each(|child| self.child(child, depth)),
            Err(source) => self.found.push(Err(SpecError::Unreadable { path: folder.to_owned(), source })),
        }
    }

    /// The children to look at; none if the folder was seen before or lies too deep.
    fn enter(&mut self, folder: &Path, depth: usize) -> std::io::Result<Vec<PathBuf>> {
        let real = fs::canonicalize(folder)?;
        if depth > MAX_DEPTH || !self.visited.insert(real) {
            return Ok(Vec::new());
        }
        let dist = folder.join("dist");
        if dist.is_dir() {
            return Ok(vec![dist]);
        }
        let mut children: Vec<PathBuf> =
            fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        children.sort();
        Ok(children)
    }

    fn child(&mut self, path: &Path, depth: usize) {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return };
        if name == manifest::FILE_NAME && path.is_file() {
            self.found.push(Ok(path.to_owned()));
        } else if name != "node_modules" && !name.starts_with('.') && path.is_dir() {
            self.folder(path, depth + 1);
        }
    }
}
