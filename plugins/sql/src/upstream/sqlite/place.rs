//! Which files are opened as databases.
//!
//! Links are followed first and the file they lead to is judged, so no link leads out of the folders that the operator
//! allows. It deliberately opens the file once to read how it begins: "file is not a database" helps nobody.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::upstream::UpstreamError;

/// How every SQLite database begins.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Grafana's own database holds password hashes and sessions.
const GRAFANA: &str = "grafana.db";

/// The file behind a path, if it may be opened and is a database.
pub(super) fn checked(path: &Path, allowed: &[PathBuf]) -> Result<PathBuf, UpstreamError> {
    let file = fs::canonicalize(path).map_err(|error| wrong(path, reason(&error)))?;
    within(path, &file, allowed)?;
    let kind = fs::metadata(&file).map_err(|error| wrong(path, reason(&error)))?.file_type();
    if kind.is_dir() {
        return Err(wrong(path, "found a folder, expected a database's file; add the file's name"));
    }
    if !kind.is_file() {
        return Err(wrong(path, "found a device, socket or pipe, expected a regular file"));
    }
    begins_right(path, &file)?;
    Ok(file)
}

fn within(path: &Path, file: &Path, allowed: &[PathBuf]) -> Result<(), UpstreamError> {
    let resolved = |place: &PathBuf| fs::canonicalize(place).unwrap_or_else(|_| place.clone());
    let inside = allowed.iter().map(resolved).any(|place| file.starts_with(place));
    if !allowed.is_empty() && !inside {
        let places: Vec<String> = allowed.iter().map(|place| place.display().to_string()).collect();
        let leads = if path == file { String::new() } else { format!(" (it leads to {})", file.display()) };
        return Err(wrong(
            path,
            &format!(
                "lies outside of {}{leads}; the operator of the server allows places by allowed_paths in the section \
                 [plugin.graftwire-sql-datasource] of Grafana's configuration",
                places.join(", ")
            ),
        ));
    }
    let named = allowed.iter().map(resolved).any(|place| file == place);
    if file.file_name().is_some_and(|name| name == GRAFANA) && !named {
        return Err(wrong(
            path,
            "is Grafana's own database, which holds secrets; the operator can allow this very file by allowed_paths",
        ));
    }
    Ok(())
}

fn begins_right(path: &Path, file: &Path) -> Result<(), UpstreamError> {
    let mut begin = Vec::with_capacity(MAGIC.len());
    let mut opened = File::open(file).map_err(|error| wrong(path, reason(&error)))?;
    let read = opened.by_ref().take(MAGIC.len() as u64).read_to_end(&mut begin);
    read.map_err(|error| wrong(path, reason(&error)))?;
    match begin.as_slice() {
        MAGIC => Ok(()),
        [] => Err(wrong(
            path,
            "the file is empty, expected a SQLite database; let the program that owns it write to it first",
        )),
        _ => Err(wrong(
            path,
            "the file does not begin as SQLite databases do: it is of another kind, or encrypted; encrypted databases can't be read",
        )),
    }
}

fn reason(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => {
            "there is no such file; services often hide /home, /tmp and parts of /var from plugins"
        }
        ErrorKind::PermissionDenied => {
            "the user that runs Grafana may not read it; allow that user to read the file and to enter its folders"
        }
        ErrorKind::NotADirectory => "a part of it that should be a folder is a file",
        ErrorKind::InvalidFilename => "it is too long, or no name that files can have",
        _ => "it can't be read",
    }
}

fn wrong(path: &Path, reason: &str) -> UpstreamError {
    UpstreamError::Place(format!("database {}: {reason}", path.display()))
}

/// The file as a URI that says it never changes.
pub(super) fn immutable_uri(file: &Path) -> String {
    let path = file.to_string_lossy();
    let encoded =
        percent_encoding::utf8_percent_encode(&path, percent_encoding::NON_ALPHANUMERIC).to_string();
    format!("file:{}?immutable=1", encoded.replace("%2F", "/"))
}
