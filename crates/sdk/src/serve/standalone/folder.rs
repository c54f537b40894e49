//! The plugin's folder, found from the working directory as the Go SDK finds it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// How deep below the working directory is looked. Sources and builds of plugins are flatter.
const DEPTH: usize = 8;
/// Where nobody keeps a plugin, and a search would take long.
const SKIPPED: [&str; 2] = ["node_modules", "target"];

/// The one field that matters here.
#[derive(Deserialize)]
struct Manifest {
    id: String,
}

/// The folder with the `plugin.json` of this id: below `dist/` if there is one, and beside `pkg/` for who works in it.
pub(super) fn of_plugin(id: &str, working_directory: &Path) -> Option<PathBuf> {
    let start = match working_directory.parent() {
        Some(above) if working_directory.file_name().is_some_and(|name| name == "pkg") => above,
        _ => working_directory,
    };
    let built = start.join("dist");
    search(if built.is_dir() { &built } else { start }, id, DEPTH)
}

/// The nearest one first, then by name.
fn search(folder: &Path, id: &str, depth: usize) -> Option<PathBuf> {
    if is_of(&folder.join("plugin.json"), id) {
        return Some(folder.to_owned());
    }
    let mut below: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_searched(path))
        .collect();
    below.sort();
    below.iter().find_map(|path| search(path, id, depth.checked_sub(1)?))
}

/// Links are not followed: they may lead in circles.
fn is_searched(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.')
        && !SKIPPED.contains(&name.as_ref())
        && fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn is_of(manifest: &Path, id: &str) -> bool {
    fs::read(manifest)
        .is_ok_and(|json| serde_json::from_slice::<Manifest>(&json).is_ok_and(|manifest| manifest.id == id))
}
