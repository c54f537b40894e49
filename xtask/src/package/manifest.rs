//! `plugin.json`: read, filled with version and date, and held against Grafana's rules for it.
//!
//! The rules are those of Grafana 12.4's schema for what a data source may say, and of what its loader and catalogue
//! check beyond. Keys that only plugins of Grafana itself may use are refused like unknown ones.

use std::path::Path;

use anyhow::{Context as _, bail};
use regex::Regex;
use serde_json::{Map, Value};

const KEYS: &[&str] = &[
    "$schema",
    "alerting",
    "annotations",
    "backend",
    "buildMode",
    "category",
    "dependencies",
    "executable",
    "extensions",
    "iam",
    "id",
    "includes",
    "info",
    "languages",
    "logs",
    "metrics",
    "multiValueFilterOperators",
    "name",
    "queryOptions",
    "roles",
    "routes",
    "state",
    "streaming",
    "tracing",
    "type",
];
const FLAGS: &[&str] = &[
    "alerting",
    "annotations",
    "backend",
    "logs",
    "metrics",
    "multiValueFilterOperators",
    "streaming",
    "tracing",
];
const CATEGORIES: &[&str] =
    &["tsdb", "logging", "cloud", "tracing", "profiling", "sql", "enterprise", "iot", "other"];
const QUERY_OPTIONS: &[&str] = &["maxDataPoints", "minInterval", "cacheTimeout"];
const INFO_KEYS: &[&str] =
    &["author", "build", "description", "keywords", "links", "logos", "screenshots", "updated", "version"];

/// A plugin's manifest that keeps Grafana's rules.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    value: Value,
}

impl Manifest {
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("{} does not keep Grafana's rules", file.display()))
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let problems = problems(&value);
        if !problems.is_empty() {
            bail!("\n  - {}", problems.join("\n  - "));
        }
        Ok(Self { value })
    }

    /// With the placeholders replaced: a released manifest names its version and day.
    pub(crate) fn filled(&self, version: &str, date: &str) -> anyhow::Result<Self> {
        Self::parse(&self.text().replace("%VERSION%", version).replace("%TODAY%", date))
    }

    pub(crate) fn text(&self) -> String {
        format!("{:#}\n", self.value)
    }

    pub(crate) fn id(&self) -> &str {
        self.string("/id")
    }

    /// The first part of the executables' names; platforms follow.
    pub(crate) fn executable(&self) -> &str {
        self.string("/executable")
    }

    pub(crate) fn version(&self) -> &str {
        self.string("/info/version")
    }

    pub(crate) fn grafana(&self) -> &str {
        self.string("/dependencies/grafanaDependency")
    }

    /// The files it names, relative to the folder.
    pub(crate) fn named_files(&self) -> Vec<&str> {
        let logos = ["/info/logos/small", "/info/logos/large"].map(|pointer| self.string(pointer));
        let listed = ["/info/screenshots", "/includes"].iter().flat_map(|list| list_at(&self.value, list));
        logos.into_iter().chain(listed.filter_map(|item| item.get("path")?.as_str())).collect()
    }

    fn string(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Everything that breaks a rule, each with where it stands.
fn problems(value: &Value) -> Vec<String> {
    let Some(root) = value.as_object() else {
        return vec!["found no object at the top".to_owned()];
    };
    let mut found = unknown_keys(root, KEYS, "");
    found.extend(identity(value));
    found.extend(capabilities(value));
    found.extend(info(value));
    found.extend(includes(value));
    found
}

fn identity(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let kind = string(value, "/type", &mut found);
    let id = string(value, "/id", &mut found);
    string(value, "/name", &mut found);
    let grafana = string(value, "/dependencies/grafanaDependency", &mut found);
    if !matches!(kind, "datasource" | "app" | "panel") {
        found.push(format!("type: found {kind:?}, expected datasource, app or panel"));
    }
    if !matches(r"^[0-9a-z]+-[0-9a-z]+-(app|panel|datasource)$", id) || !id.ends_with(kind) {
        found.push(format!("id: found {id:?}, expected organisation-name-{kind} in lower case"));
    }
    let bound = r"\d+\.[0-9x*]+(\.[0-9x*]+)?(-\d+)?";
    if !matches(&format!(r"^(>=|<=|>|<|=|\^|~)?{bound}( <=?{bound})?$"), grafana) {
        found.push(format!(
            "dependencies.grafanaDependency: found {grafana:?}, expected a range such as >=7.5.0"
        ));
    }
    found
}

fn capabilities(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for flag in FLAGS {
        if value.get(flag).is_some_and(|flag| !flag.is_boolean()) {
            found.push(format!("{flag}: expected true or false"));
        }
    }
    let on = |flag: &str| value.get(flag).and_then(Value::as_bool).unwrap_or_default();
    let executable = value.get("executable").and_then(Value::as_str).unwrap_or_default();
    if !on("backend") || executable.is_empty() {
        found.push("backend and executable: expected both, the plugin is a process".to_owned());
    }
    if executable.contains(['/', '\\']) {
        found.push(format!("executable: found {executable:?}, expected a name without folders"));
    }
    if let Some(category) = value.get("category").and_then(Value::as_str)
        && !CATEGORIES.contains(&category)
    {
        found.push(format!("category: found {category:?}, expected one of {CATEGORIES:?}"));
    }
    if let Some(options) = value.get("queryOptions").and_then(Value::as_object) {
        found.extend(unknown_keys(options, QUERY_OPTIONS, "queryOptions."));
    }
    found
}

fn info(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(info) = value.get("info").and_then(Value::as_object) {
        found.extend(unknown_keys(info, INFO_KEYS, "info."));
    }
    for pointer in ["/info/author/name", "/info/description", "/info/logos/small", "/info/logos/large"] {
        string(value, pointer, &mut found);
    }
    let version = string(value, "/info/version", &mut found);
    if version != "%VERSION%" && !matches(r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$", version) {
        found.push(format!("info.version: found {version:?}, expected a version such as 1.2.3"));
    }
    let updated = string(value, "/info/updated", &mut found);
    if updated != "%TODAY%" && !matches(r"^\d{4}-\d{2}-\d{2}$", updated) {
        found.push(format!("info.updated: found {updated:?}, expected a day such as 2026-01-31"));
    }
    if list_at(value, "/info/keywords").filter(|word| word.is_string()).count() == 0 {
        found.push("info.keywords: expected at least one".to_owned());
    }
    for (list, keys) in [("/info/links", ["name", "url"]), ("/info/screenshots", ["name", "path"])] {
        found.extend(items_lacking(value, list, &keys));
    }
    found
}

fn includes(value: &Value) -> Vec<String> {
    items_lacking(value, "/includes", &["type", "name", "path"])
}

/// The text at a place; its absence is a problem.
fn string<'a>(value: &'a Value, pointer: &str, found: &mut Vec<String>) -> &'a str {
    let text = value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        found.push(format!("{}: expected a text", dotted(pointer)));
    }
    text
}

fn unknown_keys(object: &Map<String, Value>, known: &[&str], path: &str) -> Vec<String> {
    let unknown = object.keys().filter(|key| !known.contains(&key.as_str()));
    unknown
        .map(|key| format!("{path}{key}: Grafana's schema has no such key for a plugin like this"))
        .collect()
}

fn items_lacking(value: &Value, list: &str, keys: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, item) in list_at(value, list).enumerate() {
        for key in keys {
            if item.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                found.push(format!("{}[{index}].{key}: expected a text", dotted(list)));
            }
        }
    }
    found
}

fn list_at<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}
