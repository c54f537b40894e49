//! Where a store goes when nobody says.
//!
//! A Grafana server starts plugins with almost no environment: no HOME, no TMPDIR. So the rule asks the file system
//! only: the setting, else a folder beside the executable, else a temporary one with a warning. It deliberately
//! creates nothing for good but the folder itself.

use std::fs;
use std::path::{Path, PathBuf};

/// Why the place isn't what one would wish for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning(String);

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder's name below a place that isn't only ours.
const FOLDER: &str = "graftwire-metrics";

/// The folder for the store: the setting as it is; else `data` beside the executable if one can write there; else
/// `graftwire-metrics` in `/tmp`, `/var/tmp` or the current folder, with a warning for the health check.
#[must_use]
pub fn locate(setting: Option<&Path>, executable_folder: Option<&Path>) -> (PathBuf, Option<Warning>) {
    locate_among(setting, executable_folder, &[Path::new("/tmp"), Path::new("/var/tmp"), Path::new(".")])
}

fn locate_among(
    setting: Option<&Path>,
    executable_folder: Option<&Path>,
    temporary: &[&Path],
) -> (PathBuf, Option<Warning>) {
    if let Some(setting) = setting.filter(|setting| !setting.as_os_str().is_empty()) {
        return (setting.to_owned(), None);
    }
    let beside = executable_folder.map(|folder| folder.join("data"));
    if let Some(beside) = beside.as_deref().filter(|folder| is_writable(folder)) {
        return (beside.to_owned(), None);
    }
    let candidates: Vec<PathBuf> = temporary.iter().map(|folder| folder.join(FOLDER)).collect();
    let chosen = candidates.iter().find(|folder| is_writable(folder)).or(candidates.last());
    let chosen = chosen.cloned().unwrap_or_else(|| PathBuf::from(FOLDER));
    let unusable = beside.map_or("the executable's folder is unknown".to_owned(), |folder| {
        format!("{} can't be written", folder.display())
    });
    let text = format!(
        "{unusable}, so metrics are stored in {}, which a restart of this machine may empty; set a folder for the store",
        chosen.display()
    );
    (chosen, Some(Warning(text)))
}

/// Whether files can be made in a folder, which is created if need be.
fn is_writable(folder: &Path) -> bool {
    let probe = folder.join(".writable");
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&probe, b"x"));
    drop(fs::remove_file(&probe));
    written.is_ok()
}

#[cfg(test)]
mod tests;
