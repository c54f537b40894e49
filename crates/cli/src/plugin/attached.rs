//! A plugin that runs already, as people name it on the command line: where it is, and who it is.
//!
//! It deliberately starts nothing and looks for no process.

use std::path::Path;

use graftwire_host::{Attachment, PluginSpec};

use crate::failure::Failure;

/// The plugin at an address, a socket or a handshake line, or in a folder with `standalone.txt`, whose `plugin.json` then
/// says who it is.
pub(crate) fn find(place: &str) -> Result<(PluginSpec, Attachment), Failure> {
    let attachment = place.parse().map_err(Failure::start)?;
    let path = Path::new(place);
    let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    // Who is attached to by address alone may be named by --id.
    let bare = || PluginSpec::of_executable("attached");
    let spec =
        if folder.is_dir() { PluginSpec::described_at(folder).unwrap_or_else(|_| bare()) } else { bare() };
    Ok((spec, attachment))
}
