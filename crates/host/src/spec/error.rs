//! What can be wrong with a plugin's folder.
//!
//! It deliberately has nothing about running the plugin: see [`LaunchError`](crate::LaunchError).

use std::error::Error;
use std::io;
use std::path::PathBuf;

use super::platform;

/// Why a folder or file is not a plugin that can be run here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The path does not exist.
    #[error(
        "{path} does not exist; expected a plugin's folder (with plugin.json), its plugin.json, or an executable",
        path = path.display()
    )]
    NotFound {
        /// The path asked for.
        path: PathBuf,
    },
    /// The folder and everything below it has no `plugin.json`.
    #[error(
        "no plugin.json in {folder} nor below it; name the folder that holds plugin.json, or an executable",
        folder = folder.display()
    )]
    NoManifest {
        /// The folder searched.
        folder: PathBuf,
    },
    /// The folder holds several plugins where one was asked for.
    #[error(
        "{folder} holds {count} plugins, expected one; name one of their folders: {list}",
        folder = folder.display(),
        count = found.len(),
        list = list(found.iter().map(|path| path.display().to_string()))
    )]
    Several {
        /// The folder searched.
        folder: PathBuf,
        /// Every `plugin.json` found.
        found: Vec<PathBuf>,
    },
    /// A file or folder can't be read.
    #[error("{path} can't be read; check its permissions", path = path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A `plugin.json` is far too large to be one.
    #[error("{path} is larger than {limit} bytes, which no plugin.json is", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A `plugin.json` is no JSON, or a field has the wrong type.
    #[error("{path} is not a valid plugin.json; mend the place named by the cause", path = path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A `plugin.json` has no `id`.
    #[error("{path} has no `id`; add one such as \"id\": \"example-name-datasource\"", path = path.display())]
    NoId {
        /// The file.
        path: PathBuf,
    },
    /// The plugin has no back end.
    #[error(
        "{path} (plugin {id}) has no `executable`, so there is no back end to run; \
         for one, add \"backend\": true and \"executable\": \"gpx_name\"",
        path = path.display()
    )]
    NoExecutable {
        /// The `plugin.json`.
        path: PathBuf,
        /// The plugin's id.
        id: String,
    },
    /// The plugin has no file for this machine.
    #[error(
        "plugin {id} has no executable for {os}/{arch}: looked for {looked_for}, {lies_there}",
        os = platform::goos(),
        arch = platform::goarch(),
        looked_for = looked_for.display(),
        lies_there = lies_there(executable, present)
    )]
    NoBuild {
        /// The plugin's id.
        id: String,
        /// The `executable` of plugin.json.
        executable: String,
        /// The file that Grafana would start.
        looked_for: PathBuf,
        /// Names of the files beside it that begin with `executable`.
        present: Vec<String>,
        /// The plugin.json.
        manifest: PathBuf,
    },
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn lies_there(executable: &str, present: &[String]) -> String {
    let bare = executable.rsplit('/').next().unwrap_or(executable);
    let wanted = platform::file_name(bare);
    if present.is_empty() {
        return format!(
            "found no file that begins with {bare} there; build the plugin, or install its release for this machine"
        );
    }
    if present.iter().any(|name| name == bare) {
        return format!("found {bare} without the machine in its name; rename it to {wanted}");
    }
    format!(
        "found only {} there; install the release for this machine, or build {wanted}",
        present.join(", ")
    )
}
