//! Reading the kernel's files: whole, bounded, from a root that tests replace.
//!
//! It deliberately knows no file's contents, only lines and words.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::error::CollectError;

/// More of a file isn't read; the kernel's own are far smaller.
const MAX_FILE: u64 = 4 << 20;

/// Where the kernel's files are.
#[derive(Debug)]
pub(super) struct Roots {
    proc: PathBuf,
    sys: PathBuf,
}

impl Roots {
    pub(super) fn new(proc: &Path, sys: &Path) -> Self {
        Self { proc: proc.to_owned(), sys: sys.to_owned() }
    }

    /// A path below `/proc`.
    pub(super) fn proc(&self, path: &str) -> PathBuf {
        self.proc.join(path)
    }

    /// A path below `/sys`.
    pub(super) fn sys(&self, path: &str) -> PathBuf {
        self.sys.join(path)
    }
}

/// A file's text; bytes that are no UTF-8 are replaced.
pub(super) fn read(path: &Path) -> Result<String, CollectError> {
    let mut bytes = Vec::new();
    let outcome = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    outcome.map_err(|error| failure(path, error))?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// A file's text without the white space around it; `None` if it can't be read. For files that often can't.
pub(super) fn read_word(path: &Path) -> Option<String> {
    Some(read(path).ok()?.trim().to_owned())
}

/// A file's number; `None` if it can't be read or is none. For files that often can't.
pub(super) fn read_number(path: &Path) -> Option<f64> {
    number(&read_word(path)?)
}

/// The names in a folder, sorted.
pub(super) fn list(path: &Path) -> Result<Vec<String>, CollectError> {
    let entries = fs::read_dir(path).map_err(|error| failure(path, error))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}

fn failure(path: &Path, source: std::io::Error) -> CollectError {
    match source.kind() {
        ErrorKind::NotFound => CollectError::Absent { path: path.to_owned() },
        _ => CollectError::Unreadable { path: path.to_owned(), source },
    }
}

/// A whole number, signed or not, as a float.
pub(super) fn number(word: &str) -> Option<f64> {
    word.parse::<u64>()
        .map(|number| number as f64)
        .or_else(|_| word.parse::<i64>().map(|number| number as f64))
        .ok()
}

/// Hands each line of a text to `take`, with its number; goes on after a line that it can't use, and returns the error
/// for the first of these.
pub(super) fn each_line(
    path: &Path,
    text: &str,
    expected: &'static str,
    mut take: impl FnMut(&str) -> Option<()>,
) -> Result<(), CollectError> {
    let mut first = Ok(());
    for (at, line) in text.lines().enumerate() {
        if take(line).is_none() && first.is_ok() {
            first = Err(CollectError::odd(path, at + 1, line, expected));
        }
    }
    first
}
