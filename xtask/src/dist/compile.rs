//! Builds one executable for one target with `cargo zigbuild`, and looks at what came out.
//!
//! Cargo decides what is up to date, so a run that was stopped goes on where it was. It deliberately knows no plugin:
//! a request names package and executable.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::targets::{Std, Target};
use super::{elf, toolchain};
use crate::package::platform;
use crate::run::{self, Run, bounded::Ending};

/// An executable that is wanted. [`Request::new`] says what is usual; the rest is for those who measure.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Where Cargo is started: this repository's root, or the folder of a plugin with a repository of its own.
    pub(crate) folder: PathBuf,
    /// The Cargo package, such as `graftwire-metrics`.
    pub(crate) package: String,
    /// Its executable, without an ending.
    pub(crate) bin: String,
    /// Features beside the default ones.
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
    pub(crate) target: &'static Target,
    pub(crate) profile: Profile,
    /// Where the standard library comes from; the target's own way by default.
    pub(crate) std: Std,
    /// Flags for rustc beyond those every build gets.
    pub(crate) rustflags: Vec<String>,
    /// Cargo settings such as `profile.embedded.opt-level=2`.
    pub(crate) config: Vec<String>,
    /// Options of unstable Cargo for a standard library from source, such as `build-std-features=optimize_for_size`.
    pub(crate) unstable: Vec<String>,
}

/// Cargo's profile, see the root manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(crate) enum Profile {
    /// For servers: panics are errors of one call.
    Release,
    /// For small boards: size first, a panic ends the process.
    Embedded,
}

impl Profile {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Embedded => "embedded",
        }
    }
}

impl Request {
    pub(crate) fn new(package: &str, bin: &str, target: &'static Target, profile: Profile) -> Self {
        Self {
            folder: run::root(),
            package: package.to_owned(),
            bin: bin.to_owned(),
            features: Vec::new(),
            default_features: true,
            target,
            profile,
            std: target.std,
            rustflags: Vec::new(),
            config: Vec::new(),
            unstable: Vec::new(),
        }
    }

    /// The executable's file name on its system.
    fn file_name(&self) -> String {
        let ending = if self.target.platform.os == "windows" { ".exe" } else { "" };
        format!("{}{ending}", self.bin)
    }

    /// Where a finished executable is put: builds that differ don't overwrite each other's file, as in Cargo's folder.
    fn place(&self, target_dir: &Path) -> PathBuf {
        let usual = Self::new(&self.package, &self.bin, self.target, self.profile).variant();
        let variant = self.variant();
        let variant = if variant == usual {
            String::new()
        } else {
            let mut hasher = DefaultHasher::new();
            variant.hash(&mut hasher);
            format!("-{:08x}", hasher.finish() & 0xffff_ffff)
        };
        target_dir.join("dist").join(self.profile.name()).join(format!("{}{variant}", self.target.name))
    }

    /// All that makes two builds of one executable for one target differ.
    fn variant(&self) -> String {
        let Self { features, default_features, rustflags, config, unstable, std, .. } = self;
        format!("{features:?} {default_features} {rustflags:?} {config:?} {unstable:?} {std:?}")
    }
}

/// Longer takes no build on a slow machine that others share.
const LONGEST: Duration = Duration::from_secs(90 * 60);
/// Lines of a failed build that its error shows.
const SHOWN: usize = 40;

/// Builds what is wanted, or finds it up to date, checks it and gives its file. Each line that Cargo says goes to `line`.
pub(crate) fn executable(request: &Request, line: &mut dyn FnMut(&str)) -> anyhow::Result<PathBuf> {
    let tools = toolchain::ready(request.target, request.std, line)?;
    let workspace = Workspace::of(&request.folder)?;
    let command = command(request, &tools, &workspace)?;
    let shown = command.shown().to_owned();
    line(&format!("$ {shown}"));
    let mut said = VecDeque::with_capacity(SHOWN);
    let ending = command.bounded(LONGEST, |text| {
        line(text);
        if said.len() == SHOWN {
            said.pop_front();
        }
        said.push_back(text.to_owned());
    })?;
    match ending {
        Ending::Interrupted => bail!("interrupted; the same command goes on from here"),
        ending if !ending.succeeded() => bail!("{}", failure(&shown, ending, said.make_contiguous())),
        _ => {}
    }
    let target_dir = workspace.target_dir;
    let built = target_dir.join(request.target.triple).join(request.profile.name()).join(request.file_name());
    checked(&built, request.target)?;
    keep(&built, &request.place(&target_dir), &request.file_name())
}

/// That a file is what its target promises: format and processor, and on Linux nothing needed beside the kernel.
pub(crate) fn checked(file: &Path, target: &Target) -> anyhow::Result<()> {
    platform::inspect(file, target.platform)?;
    if target.is_linux() {
        elf::check(file, target)?;
    }
    Ok(())
}

fn command(request: &Request, tools: &toolchain::Tools, workspace: &Workspace) -> anyhow::Result<Run> {
    let mut command = tools.zigbuild().dir(&request.folder);
    if workspace.locked {
        command = command.arg("--locked");
    }
    command = command.args(["--package", &request.package, "--bin", &request.bin]);
    command = command.args(["--profile", request.profile.name(), "--target", request.target.triple]);
    if !request.default_features {
        command = command.arg("--no-default-features");
    }
    if !request.features.is_empty() {
        command = command.args(["--features", &request.features.join(",")]);
    }
    for setting in &request.config {
        command = command.args(["--config", setting]);
    }
    if request.std == Std::Source {
        // The panic runtime is named because the profile embedded needs the one that aborts.
        command = command
            .arg("-Zbuild-std=std,panic_abort")
            .args(request.unstable.iter().map(|one| format!("-Z{one}")));
        command = command.env("RUSTC_BOOTSTRAP", "1");
    }
    let flags = rustflags(request, &workspace.root)?.join("\u{1f}");
    Ok(command.env("CARGO_ENCODED_RUSTFLAGS", flags).env("CARGO_TERM_COLOR", "never"))
}

/// What rustc is told. Paths of the building machine stay out of the file, so that two folders give the same bytes.
fn rustflags(request: &Request, root: &Path) -> anyhow::Result<Vec<String>> {
    let mut flags = Vec::new();
    let renamed = [
        (root.canonicalize()?, "/plugin"),
        (cargo_home()?.join("registry/src"), "/crates"),
        (toolchain::sysroot()?.join("lib/rustlib/src/rust"), "/rust"),
    ];
    flags.extend(renamed.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())));
    if request.std == Std::Source && request.target.is_linux() {
        // No start files of musl come with a standard library from source; zig has them.
        flags.extend(["-C".to_owned(), "link-self-contained=no".to_owned()]);
    }
    flags.extend(request.rustflags.iter().cloned());
    Ok(flags)
}

fn cargo_home() -> anyhow::Result<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = set.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    home.context("there is no home directory with Cargo's registry in it; set CARGO_HOME")
}

/// The Cargo workspace that a package belongs to.
struct Workspace {
    root: PathBuf,
    target_dir: PathBuf,
    /// It has a lock file, which a release keeps to.
    locked: bool,
}

impl Workspace {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        let metadata = cargo_metadata::MetadataCommand::new().current_dir(folder).no_deps().exec()?;
        let root = metadata.workspace_root.into_std_path_buf();
        let locked = root.join("Cargo.lock").is_file();
        Ok(Self { root, target_dir: metadata.target_directory.into_std_path_buf(), locked })
    }
}

/// The end of what Cargo said, with the cure where the cause is a known one.
fn failure(shown: &str, ending: Ending, said: &[String]) -> String {
    let text = said.join("\n");
    let cure = CURES.iter().find(|(sign, _)| text.contains(sign)).map_or("", |(_, cure)| cure);
    format!("`{shown}` failed ({ending}):\n{text}{cure}")
}

/// What stands in the output of a failed build, and what to do then.
const CURES: [(&str, &str); 5] = [
    (
        "No space left on device",
        "\n\nThe disk is full. Make room, or set CARGO_TARGET_DIR to a folder with at least 4 GB free, and run the same \
         command again: what is complete is kept, and no archive was begun.",
    ),
    (
        "NoSpaceLeft",
        "\n\nThe disk is full: zig keeps compiled C libraries in its cache. Make room, or set ZIG_GLOBAL_CACHE_DIR to a \
         folder elsewhere, and run the same command again.",
    ),
    (
        "failed to download",
        "\n\nA crate could not be fetched. `cargo fetch --locked` fetches them all where there is a network.",
    ),
    (
        "the lock file",
        "\n\nCargo.lock is not what the manifests ask for. `cargo update --workspace` brings it up to date.",
    ),
    (
        "Cargo.lock needs to be updated",
        "\n\nCargo.lock is not what the manifests ask for. `cargo update --workspace` brings it up to date.",
    ),
];

/// Copies a file under another name and renames it: whoever looks finds the whole file or none.
pub(crate) fn keep(built: &Path, folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(name);
    let part = folder.join(format!(".{name}.{}", std::process::id()));
    let copied = std::fs::copy(built, &part).and_then(|_| std::fs::rename(&part, &file));
    if copied.is_err() {
        std::fs::remove_file(&part).ok();
    }
    copied.with_context(|| format!("cannot copy {} to {}", built.display(), file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests;
