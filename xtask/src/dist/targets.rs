//! The table of platforms that `dist` knows: Grafana's name, Rust's, and where the standard library comes from.
//!
//! It deliberately doesn't know whether this machine can build a target; that shows when it is built.

use anyhow::bail;

use crate::package::platform::Platform;

/// One platform that a plugin is built for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// As archives are named, after Grafana's `<os>-<arch>`; `linux-armv7` is ours, see [`Target::platform`].
    pub(crate) name: &'static str,
    /// As Rust names it.
    pub(crate) triple: &'static str,
    /// What Grafana calls it in the names of executables. Two targets may share one: Grafana knows a single 32-bit ARM,
    /// so the file for ARMv7 is called `_linux_arm` too and lies in an archive of its own.
    pub(crate) platform: Platform,
    pub(crate) std: Std,
}

/// Where the standard library of a target comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Std {
    /// rustup ships it: `rustup target add`.
    Shipped,
    /// It is compiled with the plugin, from the component `rust-src`.
    Source,
}

const fn linux(name: &'static str, triple: &'static str, arch: &'static str, std: Std) -> Target {
    Target { name, triple, platform: Platform { os: "linux", arch }, std }
}

const fn other(name: &'static str, triple: &'static str, os: &'static str, arch: &'static str) -> Target {
    Target { name, triple, platform: Platform { os, arch }, std: Std::Shipped }
}

/// Every target, the most wanted first. 32-bit ARM means ARMv6 with hardware floats: a Raspberry Pi Zero runs nothing
/// newer, and Grafana asks for the same file name there as on any later board.
static TARGETS: [Target; 14] = [
    linux("linux-amd64", "x86_64-unknown-linux-musl", "amd64", Std::Shipped),
    linux("linux-arm64", "aarch64-unknown-linux-musl", "arm64", Std::Shipped),
    linux("linux-arm", "arm-unknown-linux-musleabihf", "arm", Std::Source),
    linux("linux-armv7", "armv7-unknown-linux-musleabihf", "arm", Std::Source),
    linux("linux-386", "i686-unknown-linux-musl", "386", Std::Shipped),
    linux("linux-riscv64", "riscv64gc-unknown-linux-musl", "riscv64", Std::Source),
    linux("linux-s390x", "s390x-unknown-linux-musl", "s390x", Std::Source),
    linux("linux-ppc64le", "powerpc64le-unknown-linux-musl", "ppc64le", Std::Source),
    other("windows-amd64", "x86_64-pc-windows-gnu", "windows", "amd64"),
    other("windows-arm64", "aarch64-pc-windows-gnullvm", "windows", "arm64"),
    other("darwin-amd64", "x86_64-apple-darwin", "darwin", "amd64"),
    other("darwin-arm64", "aarch64-apple-darwin", "darwin", "arm64"),
    other("freebsd-amd64", "x86_64-unknown-freebsd", "freebsd", "amd64"),
    Target {
        name: "freebsd-arm64",
        triple: "aarch64-unknown-freebsd",
        platform: Platform { os: "freebsd", arch: "arm64" },
        std: Std::Source,
    },
];

impl Target {
    /// Every target, the most wanted first.
    pub(crate) fn all() -> &'static [Self] {
        &TARGETS
    }

    /// By Grafana's name (`linux-arm64`, or as in file names `linux_arm64`) or by Rust's.
    pub(crate) fn named(name: &str) -> anyhow::Result<&'static Self> {
        let wanted = name.to_lowercase();
        let dashed = wanted.replace('_', "-");
        let found = TARGETS.iter().find(|target| target.name == dashed || target.triple == wanted);
        match found {
            Some(target) => Ok(target),
            None => bail!("{}", unknown(name)),
        }
    }

    /// Those of a list; `all` stands for every one. Each once, in the order of the table.
    pub(crate) fn chosen(names: &[String]) -> anyhow::Result<Vec<&'static Self>> {
        let mut wanted = Vec::new();
        for name in names {
            match name.as_str() {
                "all" => wanted.extend(TARGETS.iter()),
                name => wanted.push(Self::named(name)?),
            }
        }
        Ok(TARGETS.iter().filter(|target| wanted.contains(target)).collect())
    }

    /// Its executables must be static: one file that needs nothing of the system but its kernel.
    pub(crate) fn is_linux(&self) -> bool {
        self.platform.os == "linux"
    }
}

fn unknown(name: &str) -> String {
    let names = TARGETS.iter().flat_map(|target| [target.name, target.triple]);
    let all = TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    super::unknown("target", name, names, &format!("{all}, all, and the Rust triples of these"))
}

#[cfg(test)]
mod tests;
