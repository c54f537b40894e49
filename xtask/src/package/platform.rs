//! Platforms: Rust's target names, the names Grafana looks for, and what an executable file is really for.
//!
//! Grafana's names are Go's and know neither C libraries nor variants of ARM: `_linux_arm` must run on every board.

use std::path::Path;

use anyhow::{Context as _, bail};
use object::{Architecture, BinaryFormat, Object as _};

use crate::run;

/// A platform by Go's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Platform {
    pub(crate) os: &'static str,
    pub(crate) arch: &'static str,
}

/// Rust's processor, Go's, and how executables name it.
const ARCHITECTURES: &[(&str, &str, Architecture)] = &[
    ("x86_64", "amd64", Architecture::X86_64),
    ("aarch64", "arm64", Architecture::Aarch64),
    ("arm", "arm", Architecture::Arm),
    ("armv7", "arm", Architecture::Arm),
    ("i686", "386", Architecture::I386),
    ("riscv64gc", "riscv64", Architecture::Riscv64),
    ("s390x", "s390x", Architecture::S390x),
    ("powerpc64le", "ppc64le", Architecture::PowerPc64),
];

/// A part of the target's name, Go's system, and the format of its executables.
const SYSTEMS: &[(&str, &str, BinaryFormat)] = &[
    ("linux", "linux", BinaryFormat::Elf),
    ("darwin", "darwin", BinaryFormat::MachO),
    ("windows", "windows", BinaryFormat::Pe),
    ("freebsd", "freebsd", BinaryFormat::Elf),
];

impl Platform {
    pub(crate) fn of_triple(triple: &str) -> anyhow::Result<Self> {
        let processor = triple.split('-').next().unwrap_or_default();
        let arch = ARCHITECTURES.iter().find(|(rust, ..)| *rust == processor);
        let os = SYSTEMS.iter().find(|(part, ..)| triple.contains(part));
        match (os, arch) {
            (Some((_, os, _)), Some((_, arch, _))) => Ok(Self { os, arch }),
            _ => bail!("no name of Grafana's is known for the target `{triple}`"),
        }
    }

    /// The file Grafana starts on this platform, for the `executable` of plugin.json.
    pub(crate) fn file_name(self, executable: &str) -> String {
        let ending = if self.os == "windows" { ".exe" } else { "" };
        format!("{executable}_{}_{}{ending}", self.os, self.arch)
    }

    /// Reads the platform out of a file name, or nothing if it is not one of this executable's.
    pub(crate) fn of_file_name(name: &str, executable: &str) -> Option<Self> {
        let rest = name.strip_prefix(executable)?.strip_prefix('_')?;
        let (os, arch) = rest.strip_suffix(".exe").unwrap_or(rest).split_once('_')?;
        let os = SYSTEMS.iter().find(|(_, go, _)| *go == os)?.1;
        let arch = ARCHITECTURES.iter().find(|(_, go, _)| *go == arch)?.1;
        let platform = Self { os, arch };
        (platform.file_name(executable) == name).then_some(platform)
    }

    fn holds(self, format: BinaryFormat, architecture: Architecture) -> bool {
        let system = SYSTEMS.iter().any(|(_, go, its)| *go == self.os && *its == format);
        system && ARCHITECTURES.iter().any(|(_, go, its)| *go == self.arch && *its == architecture)
    }
}

/// What an executable needs of the machine it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linking {
    Static,
    /// It needs a C library, which may be older or another one elsewhere.
    Dynamic,
}

/// Checks that a file is an executable for the platform its name promises.
pub(crate) fn inspect(file: &Path, promised: Platform) -> anyhow::Result<Linking> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let parsed = object::File::parse(bytes.as_slice())
        .with_context(|| format!("{} is not an executable of a known format", file.display()))?;
    let (format, architecture) = (parsed.format(), parsed.architecture());
    if !promised.holds(format, architecture) {
        bail!(
            "{} holds {format:?} code for {architecture:?}, expected it to run on {}/{}",
            file.display(),
            promised.os,
            promised.arch
        );
    }
    let interpreted = format != BinaryFormat::Elf || parsed.section_by_name(".interp").is_some();
    Ok(if interpreted { Linking::Dynamic } else { Linking::Static })
}

/// The target that `rustc` builds for when none is named.
pub(crate) fn host_triple() -> anyhow::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = run::Run::new(rustc).arg("-vV").quiet().stdout()?;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("`rustc -vV` names no host")?.to_owned())
}
