//! Reads the tables below `ci/` that rules go by.
//!
//! An unknown key is an error: a misspelt rule must not pass for one that is kept.

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use super::Finding;
use crate::workspace::Workspace;

/// The table in this file, or the finding that it can't be read.
pub(super) fn read<T: DeserializeOwned>(workspace: &Workspace, path: &str) -> Result<T, Finding> {
    let text = workspace.text(path).context("there is no such file");
    let table = text.and_then(|text| toml::from_str(text).context("not the table it should be"));
    table.map_err(|error| Finding::table(path, &error))
}
