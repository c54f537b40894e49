//! What to run: from a path to an executable and the identity its `plugin.json` gives it. The first step of a
//! plugin's life in a host.
//!
//! It deliberately starts nothing and does not look into the executable.

mod error;
mod manifest;
mod platform;
mod search;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

pub use error::SpecError;
pub use platform::{file_name, goarch, goos};

use manifest::Manifest;

/// One plugin that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSpec {
    id: String,
    name: String,
    kind: String,
    version: String,
    executable: PathBuf,
    folder: Option<PathBuf>,
}

impl PluginSpec {
    /// The plugin at a path: a folder with `plugin.json` in it or below it (`dist/` goes first), the
    /// `plugin.json` itself, or an executable.
    ///
    /// # Errors
    /// [`SpecError`] names the file and the cure. A folder with several plugins is an error that lists them;
    /// use [`PluginSpec::find_all`] for those.
    pub fn resolve(path: impl AsRef<Path>) -> Result<Self, SpecError> {
        let path = path.as_ref();
        let Ok(metadata) = fs::metadata(path) else {
            return Err(SpecError::NotFound { path: path.to_owned() });
        };
        if metadata.is_dir() {
            return Self::of_folder(path);
        }
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            return Self::of_manifest(path);
        }
        Ok(Self::of_executable(path))
    }

    /// As [`PluginSpec::resolve`], for a plugin that is not to be started: its executable need not be there.
    ///
    /// # Errors
    /// As there, but for the executable.
    pub fn described_at(path: impl AsRef<Path>) -> Result<Self, SpecError> {
        match Self::resolve(path) {
            Err(SpecError::NoBuild { manifest, .. }) => Self::of_manifest_alone(&manifest),
            other => other,
        }
    }

    /// Every plugin below a folder, as Grafana searches its plugin folder: recursively, following symbolic
    /// links, preferring `dist/`, skipping `node_modules` and dot folders. Sorted by path. A plugin that can't
    /// be run is an error in its place and does not hide the others.
    #[must_use]
    pub fn find_all(root: impl AsRef<Path>) -> Vec<Result<Self, SpecError>> {
        let root = root.as_ref();
        if !root.exists() {
            return vec![Err(SpecError::NotFound { path: root.to_owned() })];
        }
        search::manifests(root)
            .into_iter()
            .map(|found| found.and_then(|path| Self::of_manifest(&path)))
            .collect()
    }

    /// A bare executable. Its file name is its id; everything else is empty.
    #[must_use]
    pub fn of_executable(path: impl Into<PathBuf>) -> Self {
        let executable = path.into();
        let id = executable.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { name: id.clone(), id, kind: String::new(), version: String::new(), executable, folder: None }
    }

    /// The same plugin under another id, for a bare executable whose id is known otherwise.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// The plugin's id, such as `example-name-datasource`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `datasource`, `app`, `panel`, `renderer` …; empty for a bare executable.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The version in `plugin.json`; may be empty.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The file to start.
    #[must_use]
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// The folder of `plugin.json`; `None` for a bare executable.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    fn of_folder(folder: &Path) -> Result<Self, SpecError> {
        let mut found = search::manifests(folder).into_iter().collect::<Result<Vec<_>, _>>()?;
        match found.len() {
            0 => Err(SpecError::NoManifest { folder: folder.to_owned() }),
            1 => Self::of_manifest(&found.swap_remove(0)),
            _ => Self::of_nearest(folder, found),
        }
    }

    /// An app with plugins inside it is one plugin when its own `plugin.json` lies above all others.
    fn of_nearest(folder: &Path, found: Vec<PathBuf>) -> Result<Self, SpecError> {
        let above_all = |candidate: &&PathBuf| {
            candidate.parent().is_some_and(|parent| found.iter().all(|other| other.starts_with(parent)))
        };
        match found.iter().find(above_all) {
            Some(nearest) => Self::of_manifest(nearest),
            None => Err(SpecError::Several { folder: folder.to_owned(), found }),
        }
    }

    fn of_manifest(path: &Path) -> Result<Self, SpecError> {
        let manifest = Manifest::read(path)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let executable = executable_of(&manifest, path, &folder)?;
        Ok(Self::of_parts(manifest, executable, folder))
    }

    fn of_manifest_alone(path: &Path) -> Result<Self, SpecError> {
        let manifest = Manifest::read(path)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let executable = folder.join(platform::file_name(&manifest.executable));
        Ok(Self::of_parts(manifest, executable, folder))
    }

    fn of_parts(manifest: Manifest, executable: PathBuf, folder: PathBuf) -> Self {
        Self {
            version: manifest.version().to_owned(),
            id: manifest.id,
            name: manifest.name,
            kind: manifest.kind,
            executable,
            folder: Some(folder),
        }
    }
}

/// Grafana starts exactly `<executable>_<goos>_<goarch>`, so nothing else is tried: a plugin that ran here
/// under another name would still be missing in Grafana.
fn executable_of(manifest: &Manifest, path: &Path, folder: &Path) -> Result<PathBuf, SpecError> {
    if manifest.executable.is_empty() {
        return Err(SpecError::NoExecutable { path: path.to_owned(), id: manifest.id.clone() });
    }
    let looked_for = folder.join(platform::file_name(&manifest.executable));
    if looked_for.is_file() {
        return Ok(looked_for);
    }
    let present = files_beside(&looked_for, &manifest.executable);
    let (id, executable) = (manifest.id.clone(), manifest.executable.clone());
    Err(SpecError::NoBuild { id, executable, looked_for, present, manifest: path.to_owned() })
}

/// The names of the files in the same folder that begin with the executable's name.
fn files_beside(looked_for: &Path, executable: &str) -> Vec<String> {
    let bare = executable.rsplit('/').next().unwrap_or(executable);
    let Some(Ok(entries)) = looked_for.parent().map(fs::read_dir) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(bare))
        .collect();
    names.sort();
    names
}
