//! The files of a new plugin: read from the templates, named anew, written all or not at all.
//!
//! A repository of its own gets besides what plugins here share: licences, the lock file, the tools of front ends. It
//! deliberately keeps no copy of any of them: each is read from where it is used.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::dependencies;
use super::names::Names;
use super::place::Place;
use crate::run;

/// Folders that tools make, should they have been run in the template.
const MADE: [&str; 3] = ["target", "dist", "node_modules"];

/// Files by their paths below the new folder.
#[derive(Debug, Default)]
pub(crate) struct Files(pub(super) BTreeMap<PathBuf, String>);

impl Files {
    pub(crate) fn of(names: &Names, place: &Place) -> anyhow::Result<Self> {
        let root = run::root();
        let mut files = Self::default();
        files.template(&root.join("templates/datasource"), names)?;
        if let Some(graftwire) = &place.graftwire {
            files.template(&root.join("templates/outside"), names)?;
            files.shared(&root)?;
            files.edit(".cargo/config.toml", |text| {
                // In a TOML text a backslash would escape what follows.
                let way = graftwire.display().to_string().replace('\\', "/");
                Ok(text.replace("../graftwire", &way))
            })?;
            files.edit("Cargo.toml", |text| dependencies::standing_alone(text, place, graftwire))?;
        }
        Ok(files)
    }

    /// Reads everything below a folder of the templates.
    fn template(&mut self, folder: &Path, names: &Names) -> anyhow::Result<()> {
        let mut open = vec![PathBuf::new()];
        while let Some(below) = open.pop() {
            let dir = folder.join(&below);
            for entry in fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))? {
                let entry = entry?;
                let path = below.join(entry.file_name());
                if !entry.file_type()?.is_dir() {
                    let named = names.fill(&path.to_string_lossy());
                    self.0.insert(named.into(), names.fill(&read(&entry.path())?));
                } else if !MADE.iter().any(|made| entry.file_name() == *made) {
                    open.push(path);
                }
            }
        }
        Ok(())
    }

    /// What all plugins of this repository have in common.
    fn shared(&mut self, root: &Path) -> anyhow::Result<()> {
        let mut copy = |from: &str, to: &str| {
            self.0.insert(to.into(), read(&root.join(from))?);
            anyhow::Ok(())
        };
        for name in ["LICENSE-APACHE", "LICENSE-MIT", "Cargo.lock"] {
            copy(name, name)?;
        }
        for name in ["bundle.mjs", "package-lock.json"] {
            copy(&format!("ci/frontend/{name}"), &format!("ui/{name}"))?;
        }
        for kind in ["grafana-data", "grafana-runtime", "grafana-ui", "rxjs"] {
            copy(&format!("ci/frontend/types/{kind}.d.ts"), &format!("ui/types/{kind}.d.ts"))?;
        }
        let include = [("include", json!(["src", "types/*.d.ts"]))];
        let compiler = changed(&root.join("ci/frontend/tsconfig.json"), include)?;
        self.0.insert("ui/tsconfig.json".into(), compiler);
        let build = [
            ("description", json!("Builds the front end")),
            ("scripts", json!({ "build": "node build.mjs", "check": "node build.mjs --check" })),
        ];
        self.0.insert("ui/package.json".into(), changed(&root.join("ci/frontend/package.json"), build)?);
        Ok(())
    }

    fn edit(&mut self, path: &str, edit: impl FnOnce(&str) -> anyhow::Result<String>) -> anyhow::Result<()> {
        let text = self.0.get_mut(Path::new(path)).with_context(|| format!("the template has no {path}"))?;
        *text = edit(text).with_context(|| format!("templates: {path}"))?;
        Ok(())
    }

    /// Writes all files into a folder beside, which gets its name when it is whole; gives their number.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<usize> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let half = folder.with_file_name(format!(".{name}.new-{}", std::process::id()));
        let done = self.write_into(&half).and_then(|()| give_name(&half, folder));
        if done.is_err() {
            // Nothing half-made stays; what can't be removed either is a worse disk than this text could mend.
            let _ = fs::remove_dir_all(&half);
        }
        done.with_context(|| format!("cannot make {}; nothing is left of it", folder.display()))?;
        Ok(self.0.len())
    }

    fn write_into(&self, folder: &Path) -> anyhow::Result<()> {
        for (path, text) in &self.0 {
            let file = folder.join(path);
            let dir = file.parent().unwrap_or(folder);
            fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
            fs::write(&file, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// An empty folder may have come meanwhile, which renaming would replace.
fn give_name(half: &Path, folder: &Path) -> anyhow::Result<()> {
    if folder.symlink_metadata().is_ok() {
        bail!("{} has come to exist meanwhile", folder.display());
    }
    fs::rename(half, folder).with_context(|| format!("cannot rename {} to it", half.display()))
}

/// A JSON object with other values at some keys.
fn changed<const N: usize>(file: &Path, values: [(&str, Value); N]) -> anyhow::Result<String> {
    let mut object: serde_json::Map<String, Value> =
        serde_json::from_str(&read(file)?).with_context(|| format!("{} is no object", file.display()))?;
    object.extend(values.map(|(key, value)| (key.to_owned(), value)));
    Ok(format!("{:#}\n", Value::Object(object)))
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
