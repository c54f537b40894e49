//! `plugin.json`, as far as a host needs it.
//!
//! It deliberately does not validate the file: what Grafana ignores at load time is ignored here too.

use std::fs::{self, File};
use std::io::{self, Read, Take};
use std::path::Path;

use serde::Deserialize;

use super::SpecError;

/// The name of the file that makes a folder a plugin.
pub(super) const FILE_NAME: &str = "plugin.json";

/// A `plugin.json` above this size is taken for something else. Real ones have a few kilobytes.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// The fields a host needs. Everything but `id` may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) executable: String,
    #[serde(default)]
    info: Info,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Info {
    #[serde(default)]
    version: String,
}

impl Manifest {
    /// Reads and parses one file.
    pub(super) fn read(path: &Path) -> Result<Self, SpecError> {
        let unreadable = |source| SpecError::Unreadable { path: path.to_owned(), source };
        // Opening a named pipe would wait for a writer.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
        }
        let mut bytes = Vec::new();
        let mut file: Take<File> = File::open(path).map_err(unreadable)?.take(MAX_SIZE + 1);
        let size = file.read_to_end(&mut bytes).map_err(unreadable)?;
        if size as u64 > MAX_SIZE {
            return Err(SpecError::TooLarge { path: path.to_owned(), limit: MAX_SIZE });
        }
        let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let manifest: Self = serde_json::from_slice(json)
            .map_err(|cause| SpecError::NotJson { path: path.to_owned(), source: Box::new(cause) })?;
        if manifest.id.is_empty() {
            return Err(SpecError::NoId { path: path.to_owned() });
        }
        Ok(manifest)
    }

    /// The version of the plugin; empty if the file gives none.
    pub(super) fn version(&self) -> &str {
        &self.info.version
    }
}
