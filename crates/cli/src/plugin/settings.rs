//! Settings files: what a data source or app is told, from JSON.
//!
//! It deliberately never prints a value: a settings file may hold secrets by mistake.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use graftwire_model::Secrets;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::file;

/// The settings of one data source or app, as far as a person chooses them. Everything else gets Grafana's defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Instance {
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) basic_auth: bool,
    pub(crate) basic_auth_user: String,
    /// A JSON object as text; empty = `{}`.
    pub(crate) json_data: Bytes,
    pub(crate) secrets: Secrets,
}

/// A data source in the words of Grafana's API and provisioning files. Keys that mean nothing here are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DataSource<'a> {
    uid: String,
    name: String,
    url: String,
    user: String,
    database: String,
    basic_auth: bool,
    basic_auth_user: String,
    #[serde(borrow)]
    json_data: Option<&'a RawValue>,
    secure_json_data: BTreeMap<String, String>,
}

impl Default for DataSource<'_> {
    fn default() -> Self {
        let empty = String::new;
        Self {
            uid: empty(),
            name: empty(),
            url: empty(),
            user: empty(),
            database: empty(),
            basic_auth: false,
            basic_auth_user: empty(),
            json_data: None,
            secure_json_data: BTreeMap::new(),
        }
    }
}

/// Reads a settings file.
///
/// An object with the key `jsonData` is a data source in Grafana's words; any other object is the content of
/// `jsonData` itself.
pub(crate) fn read(path: &Path) -> Result<Instance, Failure> {
    parse(&file::read(path)?).map_err(|cause| unusable(path, "a JSON object of settings", cause))
}

/// Reads a file of secrets: an object of texts.
pub(crate) fn read_secrets(path: &Path) -> Result<Secrets, Failure> {
    serde_json::from_slice::<BTreeMap<String, String>>(&file::read(path)?)
        .map(Secrets::from)
        .map_err(|cause| unusable(path, "a JSON object of texts", cause))
}

/// Reads settings from JSON text.
pub(crate) fn parse(json: &[u8]) -> Result<Instance, serde_json::Error> {
    let keys: BTreeMap<String, &RawValue> = serde_json::from_slice(json)?;
    if !keys.contains_key("jsonData") {
        return Ok(Instance { json_data: Bytes::copy_from_slice(json.trim_ascii()), ..Instance::default() });
    }
    let source: DataSource<'_> = serde_json::from_slice(json)?;
    let json_data = source.json_data.map_or("", RawValue::get);
    if !json_data.is_empty() {
        // It has to be an object too; what is in it is the plugin's business.
        serde_json::from_str::<BTreeMap<String, &RawValue>>(json_data)?;
    }
    Ok(Instance {
        uid: source.uid,
        name: source.name,
        url: source.url,
        user: source.user,
        database: source.database,
        basic_auth: source.basic_auth,
        basic_auth_user: source.basic_auth_user,
        json_data: Bytes::copy_from_slice(json_data.as_bytes()),
        secrets: source.secure_json_data.into(),
    })
}

/// serde's message may quote what it found, and that may be a secret: only the place is told.
fn unusable(path: &Path, expected: &str, cause: serde_json::Error) -> Failure {
    Failure::file(format!(
        "{}: expected {expected}; the mistake is at line {}, column {}",
        path.display(),
        cause.line(),
        cause.column()
    ))
}

#[cfg(test)]
mod tests;
