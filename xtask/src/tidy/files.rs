//! Rules about files: length, opening, names, build scripts.

use super::Finding;
use crate::workspace::Workspace;

/// Lines of a source file without its tests. About 400 is what to aim for.
const LONGEST: usize = 500;
const SOURCES: [&str; 7] = [".rs", ".go", ".mjs", ".cjs", ".ts", ".tsx", ".js"];
/// Names that say nothing about what is inside, so that everything ends up there.
const DRAWERS: [&str; 11] =
    ["util", "utils", "common", "commons", "helper", "helpers", "misc", "types", "shared", "stuff", "tools"];

pub(super) fn size(workspace: &Workspace) -> Vec<Finding> {
    let sources = SOURCES.iter().flat_map(|ending| workspace.texts(ending));
    sources
        .filter(|(path, _)| !is_generated(path) && !is_test(path))
        .map(|(path, text)| (path, lines_without_tests(text)))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| {
            let found = format!("{lines} lines without tests, at most {LONGEST} expected");
            Finding::new(path, found, "give one of its parts a file of its own")
        })
        .collect()
}

pub(super) fn header(workspace: &Workspace) -> Vec<Finding> {
    let rust = workspace.texts(".rs").filter(|(path, _)| !is_generated(path) && !path.ends_with("/tests.rs"));
    // A crate may open with its README.
    let opens_well = |text: &str| text.starts_with("//! ") || text.starts_with("#![doc = include_str!(");
    rust.filter(|(_, text)| !opens_well(text))
        .map(|(path, text)| {
            let found = format!("opens with {:?}", text.lines().next().unwrap_or_default());
            Finding::new(
                path,
                found,
                "open with `//!`: what it is, and one thing it deliberately does not do",
            )
        })
        .collect()
}

pub(super) fn names(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in workspace.texts(".rs") {
        // The integration binary's folder holds tests, and one of them may be about a drawer's name.
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        if stem.ends_with("/mod") {
            findings.push(Finding::new(path, "found mod.rs", "call it as the module, beside its folder"));
        }
        if let Some(drawer) = stem.split('/').find(|part| DRAWERS.contains(part)) {
            let advice = "name it after what is inside, or move each part to what uses it";
            findings.push(Finding::new(path, format!("found the name {drawer:?}"), advice));
        }
    }
    findings
}

pub(super) fn build_scripts(workspace: &Workspace) -> Vec<Finding> {
    let scripts = workspace.files.keys().filter(|path| *path == "build.rs" || path.ends_with("/build.rs"));
    let advice = "generate the code with a chore and check it in, so that nobody's build runs programs";
    scripts.map(|path| Finding::new(path, "found a build script", advice)).collect()
}

fn is_generated(path: &str) -> bool {
    path.ends_with("/generated.rs") || path.ends_with("/ui/module.js") || path.ends_with(".d.ts")
}

/// Tests stand in `tests.rs` beside what they test, or in a folder `tests`.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs")
        || path.ends_with("_test.go")
        || path.split('/').any(|part| part == "tests" || part == "test")
}

fn lines_without_tests(text: &str) -> usize {
    text.lines().take_while(|line| line.trim_end() != "mod tests {").count()
}

#[cfg(test)]
mod tests;
