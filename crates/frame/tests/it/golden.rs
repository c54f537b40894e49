//! The files made by the Go SDK and their index.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// One case of the index.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) op: String,
    #[serde(default)]
    pub(crate) args: Value,
    #[serde(default)]
    pub(crate) error: Option<String>,
    pub(crate) files: Value,
}

impl Case {
    /// The bytes of a file, by its keys in `files`.
    pub(crate) fn bytes(&self, keys: &[&str]) -> Vec<u8> {
        let entry = keys.iter().fold(&self.files, |files, key| &files[*key]);
        let path = entry["path"].as_str().unwrap_or_else(|| panic!("{}: no file {keys:?}", self.name));
        fs::read(folder().join(path)).unwrap()
    }

    pub(crate) fn text(&self, keys: &[&str]) -> String {
        String::from_utf8(self.bytes(keys)).unwrap()
    }
}

/// The cases of a kind; there must be as many as the index says.
pub(crate) fn cases(kind: &str) -> Vec<Case> {
    #[derive(Deserialize)]
    struct Index {
        cases: Vec<Case>,
        counts: std::collections::BTreeMap<String, usize>,
    }
    let index: Index = serde_json::from_slice(&fs::read(folder().join("index.json")).unwrap()).unwrap();
    let cases: Vec<_> = index.cases.into_iter().filter(|case| case.kind == kind).collect();
    assert_eq!(cases.len(), index.counts[kind], "cases of kind {kind}");
    cases
}

/// Every file below the folder with an extension.
pub(crate) fn files(extension: &str) -> Vec<PathBuf> {
    fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, extension, files);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    collect(&folder(), extension, &mut files);
    files.sort();
    assert!(!files.is_empty());
    files
}

/// The tables of small helpers.
pub(crate) fn tables() -> Value {
    serde_json::from_slice(&fs::read(folder().join("tables.json")).unwrap()).unwrap()
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}
