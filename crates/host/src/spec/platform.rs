//! The names Go and Grafana give this machine, from which the file name of a plugin's executable follows.
//!
//! It deliberately says nothing of what a file really contains: see `launch/program.rs` for that.

/// The operating system as Go names it (`GOOS`).
#[must_use]
pub fn goos() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// The processor as Go names it (`GOARCH`).
#[must_use]
pub fn goarch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        "mips64" if cfg!(target_endian = "little") => "mips64le",
        "mips" if cfg!(target_endian = "little") => "mipsle",
        "loongarch64" => "loong64",
        other => other,
    }
}

/// The file name under which Grafana looks for an executable on this machine:
/// `<executable>_<goos>_<goarch>`, with `.exe` on Windows.
#[must_use]
pub fn file_name(executable: &str) -> String {
    format!("{executable}_{}_{}{}", goos(), goarch(), std::env::consts::EXE_SUFFIX)
}
