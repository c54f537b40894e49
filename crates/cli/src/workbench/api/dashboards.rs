//! `GET /api/plugins/<id>/dashboards`: the dashboards that a plugin brings along, as it ships them.
//!
//! It deliberately does not understand them: the page draws what it can of Grafana's dashboard JSON.

use std::fs;
use std::path::{Path, PathBuf};

use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::workbench::entry::Entry;
use crate::workbench::reply::{self, Body};

/// How large a `plugin.json` or a dashboard may be.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// The part of `plugin.json` that names dashboards.
#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(default)]
    includes: Vec<Include>,
}

#[derive(Debug, Deserialize)]
struct Include {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    path: String,
}

/// `GET …/dashboards`: their names.
pub(in crate::workbench) fn list(entry: &Entry) -> Response<Body> {
    let names: Vec<String> = dashboards(entry).into_iter().map(|include| include.name).collect();
    reply::json(&json!({"dashboards": names}))
}

/// `GET …/dashboards/<n>`: one of them, as it is in the file.
pub(in crate::workbench) fn one(entry: &Entry, number: &str) -> Response<Body> {
    let include = number.parse().ok().and_then(|number| dashboards(entry).into_iter().nth(number));
    let (Some(include), Some(folder)) = (include, entry.folder()) else {
        return reply::error(StatusCode::NOT_FOUND, "the plugin has no such dashboard");
    };
    let json = inside(folder, &include.path).and_then(|path| read(&path));
    match json.filter(|json| serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok()) {
        Some(json) => reply::json_bytes(json),
        None => {
            let text = format!("the dashboard {} can't be read as JSON", include.path);
            reply::error(StatusCode::NOT_FOUND, &text)
        }
    }
}

fn dashboards(entry: &Entry) -> Vec<Include> {
    let manifest = entry.folder().map(|folder| folder.join("plugin.json")).and_then(|path| read(&path));
    let manifest: Option<Manifest> = manifest.and_then(|json| serde_json::from_slice(&json).ok());
    let includes = manifest.map(|manifest| manifest.includes).unwrap_or_default();
    includes.into_iter().filter(|include| include.kind == "dashboard").collect()
}

/// A file of the plugin's folder, and of nowhere else.
fn inside(folder: &Path, relative: &str) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let path = folder.join(relative).canonicalize().ok()?;
    path.starts_with(&folder).then_some(path)
}

fn read(path: &Path) -> Option<Vec<u8>> {
    fs::metadata(path).ok().filter(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE)?;
    fs::read(path).ok()
}
