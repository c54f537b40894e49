//! The Go programs of `ci/interop`, built for a test.
//!
//! They are the other implementation of the protocol: a host over go-plugin and plugins over Grafana's Go SDK.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// What this process has built.
static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

/// Builds `ci/interop/cmd/<name>`, once in a process, and gives the executable.
///
/// Without Go it says `NOT RUN` and gives `None`, except on CI (`CI=true`), where Go must be there.
///
/// # Panics
/// When Go is there but does not build the program, or is missing on CI: both must fail the test.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    // One at a time: an executable that is being written can't be run.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(executable) = built.get(name) {
        return Some(executable.clone());
    }
    let executable = build(name)?;
    built.insert(name.to_owned(), executable.clone());
    Some(executable)
}

#[allow(clippy::panic, clippy::print_stdout)]
fn build(name: &str) -> Option<PathBuf> {
    let has_go = Command::new("go").arg("version").output().is_ok_and(|output| output.status.success());
    if !has_go {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "Go is not installed; CI must have it");
        println!("NOT RUN: Go is not installed, so `{name}` of ci/interop can't be built");
        return None;
    }
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ci/interop");
    let executable = build_folder().join(name);
    let built = Command::new("go")
        .args(["build", "-buildvcs=false", "-trimpath", "-o"])
        .arg(&executable)
        .arg(format!("./cmd/{name}"))
        .current_dir(module)
        .output();
    match built {
        Ok(output) if output.status.success() => Some(executable),
        Ok(output) => panic!("go build ./cmd/{name}: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("go build ./cmd/{name}: {error}"),
    }
}

/// Beside what cargo builds: `<target>/interop`.
fn build_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    // <target>/<profile>/deps/<test>
    let target = test.ancestors().nth(3).map_or_else(std::env::temp_dir, Path::to_path_buf);
    target.join("interop")
}
