//! What cross builds need beside Rust: zig and cargo-zigbuild in a private Python environment, and the standard
//! library of the target or its source.
//!
//! Everything is fetched on first use, at versions that are pinned, into the user's cache; a marker written last tells
//! a whole environment from one that was interrupted. It deliberately touches nothing that Python or the system has
//! installed, and asks for no network once all is there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::targets::{Std, Target};
use crate::run::Run;
use crate::test::Site;

/// The C compiler and linker for every target, as PyPI has it.
const ZIG: &str = "ziglang==0.17.1";
/// What stands between cargo and zig.
const ZIGBUILD: &str = "cargo-zigbuild==0.24.1";
/// Written when all is installed.
const COMPLETE: &str = ".complete";
const LONGEST_FETCH: Duration = Duration::from_secs(15 * 60);

/// The programs, ready to be run.
#[derive(Debug)]
pub(crate) struct Tools {
    /// The environment's folder of programs.
    programs: PathBuf,
    /// What zig and the wrapper compile once and keep.
    cache: PathBuf,
}

/// Brings what a target needs; at once if all is there.
pub(crate) fn ready(target: &Target, std: Std, line: &mut dyn FnMut(&str)) -> anyhow::Result<Tools> {
    let tools = environment(&Site::find(false)?.cache, line)?;
    match std {
        Std::Shipped => shipped(target, line)?,
        Std::Source => source(line)?,
    }
    Ok(tools)
}

impl Tools {
    /// `cargo zigbuild`, with zig found in the environment and nothing of the caller's flags.
    pub(crate) fn zigbuild(&self) -> Run {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        // A folder with a separator in its name can't be in PATH anyway.
        let path = std::env::join_paths(found).unwrap_or(path);
        Run::new(self.programs.join(executable("cargo-zigbuild")))
            .arg("zigbuild")
            .quiet()
            .env("PATH", path)
            .env("CARGO_ZIGBUILD_CACHE_DIR", self.cache.join("zigbuild"))
    }
}

/// The Python environment, made when it is missing or was left half made.
fn environment(cache: &Path, line: &mut dyn FnMut(&str)) -> anyhow::Result<Tools> {
    let name = format!("{ZIG}+{ZIGBUILD}").replace("==", "-");
    let folder = cache.join("tools").join(name);
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let tools = Tools { programs, cache: cache.join("tools/zig-cache") };
    if folder.join(COMPLETE).is_file() {
        return Ok(tools);
    }
    let parent = cache.join("tools");
    fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
    // Two chores at once would install into each other's folder.
    let lock = File::create(parent.join(".zig.lock")).context("cannot lock the folder of tools")?;
    lock.lock().context("cannot lock the folder of tools")?;
    if folder.join(COMPLETE).is_file() {
        return Ok(tools);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    install(&folder, &tools, line)?;
    File::create(folder.join(COMPLETE)).context("cannot mark the environment as complete")?;
    Ok(tools)
}

fn install(folder: &Path, tools: &Tools, line: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let python = python()?;
    let made = said(Run::new(python).args(["-m", "venv"]).arg(folder), line)?;
    if let Err(text) = made {
        bail!(
            "cannot make a Python environment for zig and cargo-zigbuild; Python's modules venv and pip are needed \
             (`apt-get install python3-venv`, `apk add python3 py3-pip`, `dnf install python3`):\n{text}"
        );
    }
    let pip =
        Run::new(tools.programs.join(executable("python"))).args(["-m", "pip", "install", "--no-input"]);
    let pip = pip.args(["--disable-pip-version-check", "--only-binary", ":all:", ZIG, ZIGBUILD]);
    if let Err(text) = said(pip, line)? {
        bail!("{}", not_fetched(&text));
    }
    Ok(())
}

fn not_fetched(text: &str) -> String {
    let full = text.contains("No space left on device");
    let cure = if full {
        "the disk is full: the environment takes 450 MB; make room or set XDG_CACHE_HOME to a folder elsewhere, and run \
         the same command again"
            .to_owned()
    } else {
        format!(
            "they come from PyPI once, and no network is needed afterwards. Without one here, fetch them on another \
             machine by `pip download {ZIG} {ZIGBUILD}`, bring the files along, and set PIP_NO_INDEX=1 and \
             PIP_FIND_LINKS to their folder"
        )
    };
    format!("cannot install {ZIG} and {ZIGBUILD}: {cure}\n{text}")
}

/// Python 3 by the first of its names.
fn python() -> anyhow::Result<&'static str> {
    let is_python_3 = |name: &&str| {
        Run::new(name).args(["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).quiet().succeeds()
    };
    match ["python3", "python", "py"].into_iter().find(|name| is_python_3(name)) {
        Some(name) => Ok(name),
        None => bail!(
            "cross builds need Python 3.8 or later, which brings zig and cargo-zigbuild from PyPI; found none in PATH \
             (`apt-get install python3-venv`, `apk add python3 py3-pip`, `brew install python`). Without it, \
             `cargo xtask package` builds for this machine alone"
        ),
    }
}

/// That rustup's standard library for a target is installed.
fn shipped(target: &Target, line: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let library = sysroot()?.join("lib/rustlib").join(target.triple).join("lib");
    if library.is_dir() {
        return Ok(());
    }
    let command = format!("rustup target add {}", target.triple);
    rustup(
        &["target", "add", target.triple],
        &format!("the standard library for {}", target.triple),
        &command,
        line,
    )
}

/// That the source of the standard library is installed.
fn source(line: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    if sysroot()?.join("lib/rustlib/src/rust/library/Cargo.lock").is_file() {
        return Ok(());
    }
    let what = "the source of the standard library, for a target whose library nobody ships,";
    rustup(&["component", "add", "rust-src"], what, "rustup component add rust-src", line)
}

fn rustup(args: &[&str], what: &str, command: &str, line: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let run = Run::new("rustup").args(args);
    match said(run, line) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(text)) => {
            bail!("{what} is not installed, and `{command}` failed; is there a network?\n{text}")
        }
        Err(_) => bail!("{what} is not installed; with rustup from https://rustup.rs `{command}` brings it"),
    }
}

/// Runs to the end; what the program said is the inner error. The outer one says that it did not start.
fn said(run: Run, line: &mut dyn FnMut(&str)) -> anyhow::Result<Result<(), String>> {
    let run = run.quiet();
    line(&format!("$ {}", run.shown()));
    let mut lines: Vec<String> = Vec::new();
    let ending = run.bounded(LONGEST_FETCH, |text| {
        line(text);
        lines.push(text.to_owned());
    })?;
    let last = lines.len().saturating_sub(12);
    Ok(if ending.succeeded() { Ok(()) } else { Err(lines.split_off(last).join("\n")) })
}

/// Where the toolchain that runs this chore is installed.
pub(crate) fn sysroot() -> anyhow::Result<&'static Path> {
    static SYSROOT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(sysroot) = SYSROOT.get() {
        return Ok(sysroot);
    }
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed = Run::new(rustc).args(["--print", "sysroot"]).quiet().stdout()?;
    Ok(SYSROOT.get_or_init(|| PathBuf::from(printed.trim())))
}

fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

#[cfg(test)]
mod tests;
