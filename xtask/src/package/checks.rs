//! Looks at a finished folder the way a Grafana server and the people who install it meet it.
//!
//! These are the rules that are the same for every language. Two of the public catalogue can never hold for a Rust
//! plugin and are not looked at: build information of Go in the executable, and a go.mod that uses the Go SDK.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::manifest::Manifest;
use super::platform::{self, Linking, Platform};

/// What the text for the person who packaged needs to know.
#[derive(Debug, Default)]
pub(crate) struct FolderFacts {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    pub(crate) executables: Vec<(Platform, Linking, u64)>,
}

/// All problems of a folder, or what is in it.
pub(crate) fn folder(folder: &Path, manifest: &Manifest) -> Result<FolderFacts, Vec<String>> {
    let mut problems = Vec::new();
    let files = files_below(folder, &mut problems);
    problems.extend(names(folder, manifest, &files));
    problems.extend(documents(folder, manifest));
    problems.extend(module(folder));
    problems.extend(images(folder, &files));
    problems.extend(dashboards(folder, &files));
    let executables = executables(folder, manifest, &files, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let bytes =
        files.iter().filter_map(|file| fs::metadata(folder.join(file)).ok()).map(|data| data.len()).sum();
    Ok(FolderFacts { files: files.len(), bytes, executables })
}

/// Every file below the folder, relative to it. Links would leave the folder when it is copied.
fn files_below(folder: &Path, problems: &mut Vec<String>) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        let entries = match fs::read_dir(&next) {
            Ok(entries) => entries.flatten(),
            Err(error) => {
                problems.push(format!("{}: cannot be read: {error}", next.display()));
                continue;
            }
        };
        for entry in entries {
            let path = entry.path();
            let relative = path.strip_prefix(folder).unwrap_or(&path).to_path_buf();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() => {
                    found.insert(relative);
                }
                _ => problems.push(format!("{}: expected a file or a folder, no link", relative.display())),
            }
        }
    }
    found
}

fn names(folder: &Path, manifest: &Manifest, files: &BTreeSet<PathBuf>) -> Vec<String> {
    let mut found = Vec::new();
    if folder.file_name().is_none_or(|name| name != manifest.id()) {
        found.push(format!("the folder is not named {}", manifest.id()));
    }
    for named in manifest.named_files() {
        if !files.contains(Path::new(named)) {
            found.push(format!("{named}: named in plugin.json, not in the folder"));
        }
    }
    let leftovers = ["standalone.txt", "pid.txt", "MANIFEST.txt"];
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if leftovers.contains(&name.as_ref()) || name.ends_with(".ts") || name.ends_with(".tsx") {
            found.push(format!("{}: must not be shipped", file.display()));
        }
        if name == "plugin.json" && file.components().count() > 1 {
            found.push(format!("{}: Grafana would load it as a second plugin", file.display()));
        }
    }
    found
}

fn documents(folder: &Path, manifest: &Manifest) -> Vec<String> {
    let mut found = Vec::new();
    let plugin_json = read(folder, "plugin.json", &mut found);
    if plugin_json.contains("%VERSION%") || plugin_json.contains("%TODAY%") {
        found.push("plugin.json: a placeholder is left".to_owned());
    }
    let readme = read(folder, "README.md", &mut found);
    if readme.lines().filter(|line| !line.trim().is_empty()).count() < 10 {
        found.push(
            "README.md: expected at least ten lines on what the plugin does and how to install it".to_owned(),
        );
    }
    let changes = read(folder, "CHANGELOG.md", &mut found);
    let heading = format!("## {}", manifest.version());
    if !changes.lines().any(|line| line.starts_with(&heading)) {
        found.push(format!("CHANGELOG.md: found no heading \"{heading}\" for the packaged version"));
    }
    let licence = read(folder, "LICENSE", &mut found);
    if !licence.contains("Apache License") {
        found.push("LICENSE: expected the Apache License".to_owned());
    }
    found
}

/// The front end must be one anonymous AMD module without what some versions of Grafana cannot run.
fn module(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let module = read(folder, "module.js", &mut found);
    if !module.starts_with("define([") {
        found.push("module.js: expected one anonymous define([…], …)".to_owned());
    }
    for wrong in ["import.meta", "react/jsx-runtime", "sourceMappingURL"] {
        if module.contains(wrong) {
            found.push(format!("module.js: holds {wrong}, which not every Grafana can load"));
        }
    }
    found
}

fn images(folder: &Path, files: &BTreeSet<PathBuf>) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "svg")) {
        let name = file.display().to_string();
        let text = read(folder, &name, &mut found).to_lowercase();
        if !text.trim_start().starts_with("<svg") {
            found.push(format!("{name}: expected <svg at the beginning"));
        }
        for wrong in ["<script", "javascript:", " onload", "<foreignobject", "href=\"http"] {
            if text.contains(wrong) {
                found.push(format!("{name}: holds {wrong}, which Grafana does not show"));
            }
        }
    }
    found
}

fn dashboards(folder: &Path, files: &BTreeSet<PathBuf>) -> Vec<String> {
    let mut found = Vec::new();
    let inside = |file: &&PathBuf| file.starts_with("dashboards");
    for file in files.iter().filter(inside) {
        let name = file.display().to_string();
        match serde_json::from_str::<Value>(&read(folder, &name, &mut found)) {
            Ok(dashboard) => found.extend(dashboard_problems(&name, &dashboard)),
            Err(error) => found.push(format!("{name}: {error}")),
        }
    }
    found
}

/// What makes a dashboard importable anywhere: no database id, a uid of its own, a schema the oldest Grafana knows.
fn dashboard_problems(name: &str, dashboard: &Value) -> Vec<String> {
    /// The schema of Grafana 7.5; newer servers bring older ones up to date, not the other way round.
    const OLDEST_SCHEMA: u64 = 27;
    let mut found = Vec::new();
    if dashboard.get("id").is_some_and(|id| !id.is_null()) {
        found.push(format!("{name}: id must be null, it belongs to one database"));
    }
    for key in ["uid", "title"] {
        if dashboard.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
            found.push(format!("{name}: {key}: expected a text"));
        }
    }
    let schema = dashboard.get("schemaVersion").and_then(Value::as_u64).unwrap_or(u64::MAX);
    if schema > OLDEST_SCHEMA {
        found.push(format!("{name}: schemaVersion {schema} is newer than Grafana 7.5's {OLDEST_SCHEMA}"));
    }
    let ids: Vec<u64> = dashboard
        .get("panels")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|panel| panel.get("id")?.as_u64())
        .collect();
    if ids.is_empty() || ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
        found.push(format!("{name}: expected panels, each with an id of its own"));
    }
    found
}

fn executables(
    folder: &Path,
    manifest: &Manifest,
    files: &BTreeSet<PathBuf>,
    problems: &mut Vec<String>,
) -> Vec<(Platform, Linking, u64)> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.to_string_lossy().starts_with(manifest.executable())) {
        let name = file.display().to_string();
        let path = folder.join(file);
        let Some(platform) = Platform::of_file_name(&name, manifest.executable()) else {
            problems.push(format!("{name}: expected {}_<os>_<arch> in Go's names", manifest.executable()));
            continue;
        };
        if let Some(mode) = mode(&path).filter(|mode| *mode != 0o755) {
            problems.push(format!("{name}: found mode {mode:o}, expected 755 or Grafana cannot start it"));
        }
        match platform::inspect(&path, platform) {
            Ok(linking) => {
                let bytes = fs::metadata(&path).map(|data| data.len()).unwrap_or_default();
                found.push((platform, linking, bytes));
            }
            Err(error) => problems.push(format!("{error:#}")),
        }
    }
    if found.is_empty() {
        problems.push(format!("{}_<os>_<arch>: no executable in the folder", manifest.executable()));
    }
    found
}

#[cfg(unix)]
fn mode(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(fs::metadata(file).ok()?.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_file: &Path) -> Option<u32> {
    None
}

fn read(folder: &Path, name: &str, problems: &mut Vec<String>) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| {
        problems.push(format!("{name}: {error}"));
        String::new()
    })
}
