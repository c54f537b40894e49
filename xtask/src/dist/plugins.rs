//! Which plugins `dist` builds: those below `plugins/`, and by name the ones that benches measure.
//!
//! It deliberately reads no more of a plugin than its names; its manifest is checked when it is packed.

use anyhow::{Context as _, bail};

use super::compile::{Profile, Request};
use super::targets::Target;
use crate::run;

/// A plugin of this repository.
#[derive(Debug)]
pub(crate) struct Plugin {
    /// The name of its folder, such as `metrics`; of its package where the folder's name says little.
    pub(crate) name: String,
    /// The Cargo package.
    pub(crate) package: String,
    /// Its executable, as plugin.json names it.
    pub(crate) bin: String,
    /// Whether it has a plugin.json and is shipped; programs of the benches are only built.
    pub(crate) shipped: bool,
}

impl Plugin {
    /// By name; every one that is shipped if none is named.
    pub(crate) fn chosen(names: &[String]) -> anyhow::Result<Vec<Self>> {
        let mut known = known()?;
        if names.is_empty() {
            known.retain(|plugin| plugin.shipped);
            return Ok(known);
        }
        for name in names {
            if !known.iter().any(|plugin| plugin.is_called(name)) {
                bail!("{}", unknown(name, &known));
            }
        }
        known.retain(|plugin| names.iter().any(|name| plugin.is_called(name)));
        Ok(known)
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.package == name
    }

    pub(crate) fn request(&self, target: &'static Target, profile: Profile) -> Request {
        Request::new(&self.package, &self.bin, target, profile)
    }
}

fn unknown(name: &str, known: &[Plugin]) -> String {
    let names = known.iter().map(|plugin| plugin.name.as_str());
    let all = names.clone().collect::<Vec<_>>().join(", ");
    super::unknown("plugin", name, names, &all)
}

/// Everything that can be asked for: what is shipped first.
fn known() -> anyhow::Result<Vec<Plugin>> {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(run::root()).no_deps().exec()?;
    let root = run::root().canonicalize().context("cannot resolve the root of the repository")?;
    let mut found = Vec::new();
    for package in &metadata.packages {
        let folder = package.manifest_path.parent().context("a manifest without a folder")?;
        let folder = folder.as_std_path().canonicalize()?;
        let inside = folder.strip_prefix(&root).unwrap_or(&folder);
        let bins: Vec<_> = package.targets.iter().filter(|target| target.is_bin()).collect();
        let Some(bin) = bins.iter().find(|bin| bin.name.starts_with("gpx_")).map(|bin| bin.name.clone())
        else {
            continue;
        };
        let shipped = inside.starts_with("plugins") && folder.join("plugin.json").is_file();
        let short = inside.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let package = package.name.to_string();
        let name =
            if shipped { short } else { package.strip_prefix("graftwire-").unwrap_or(&package).to_owned() };
        if shipped || inside.starts_with("benches") {
            found.push(Plugin { name, package, bin, shipped });
        }
    }
    found.sort_by(|a, b| (!a.shipped, &a.name).cmp(&(!b.shipped, &b.name)));
    Ok(found)
}

#[cfg(test)]
mod tests;
