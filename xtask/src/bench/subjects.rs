//! The executables under measurement, each built as it would be released, in a folder of its own with the plugin.json
//! that `gohost` wants beside it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::run::{Run, cargo};

/// Where programs are built.
pub(super) struct Workshop {
    target: PathBuf,
}

/// One build of the bench plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Build {
    /// Cargo's profile.
    pub(super) profile: &'static str,
    /// A Rust target; the machine's own by default.
    pub(super) target: Option<&'static str>,
    /// Features of the bench plugin.
    pub(super) features: &'static str,
}

impl Build {
    /// What plugins are released as on a server.
    pub(super) const RELEASE: Self = Self { profile: "release", target: None, features: "" };
}

const INTEROP: &str = "ci/interop";
const RUST_FILE: &str = "gpx_graftwire_bench";

impl Workshop {
    pub(super) fn open() -> anyhow::Result<Self> {
        let metadata =
            cargo_metadata::MetadataCommand::new().current_dir(crate::run::root()).no_deps().exec()?;
        Ok(Self { target: metadata.target_directory.into_std_path_buf() })
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// The Go host that measures.
    pub(super) fn go_host(&self) -> anyhow::Result<PathBuf> {
        let file = self.folder("host")?.join(executable("gohost"));
        go().args(["build", "-o"]).arg(&file).arg("./cmd/gohost").run()?;
        Ok(file)
    }

    /// The Go plugin, with the flags that Grafana's own build tool uses.
    pub(super) fn go_plugin(&self) -> anyhow::Result<PathBuf> {
        let file = self.folder("go")?.join(executable("gpx_gobench"));
        let flags = ["build", "-trimpath", "-ldflags", "-s -w", "-o"];
        go().env("CGO_ENABLED", "0").args(flags).arg(&file).arg("./cmd/gobench").run()?;
        self.describe("go", "graftwire-gobench-datasource")?;
        Ok(file)
    }

    /// The Rust plugin.
    pub(super) fn rust_plugin(&self, name: &str, build: Build) -> anyhow::Result<PathBuf> {
        let target = build.target.map(|target| ["--target", target]);
        cargo()
            .args(["build", "--package", "graftwire-bench-plugin", "--profile", build.profile])
            .args(target.into_iter().flatten())
            .args(
                (!build.features.is_empty()).then_some(["--features", build.features]).into_iter().flatten(),
            )
            .run()?;
        let built = self.target.join(build.target.unwrap_or_default()).join(build.profile);
        let built = built.join(executable(RUST_FILE));
        let file = self.folder(name)?.join(executable(RUST_FILE));
        fs::copy(&built, &file).with_context(|| format!("cannot copy {}", built.display()))?;
        self.describe(name, "graftwire-bench-datasource")?;
        Ok(file)
    }

    fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.target.join("bench-subjects").join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    fn describe(&self, name: &str, id: &str) -> anyhow::Result<()> {
        let about = serde_json::json!({
            "id": id, "type": "datasource", "name": id, "backend": true, "info": { "version": "0.1.0" }
        });
        let file = self.folder(name)?.join("plugin.json");
        fs::write(&file, about.to_string()).with_context(|| format!("cannot write {}", file.display()))
    }
}

fn go() -> Run {
    Run::new("go").dir(INTEROP).hint("https://go.dev/dl/")
}

fn executable(name: impl AsRef<OsStr>) -> PathBuf {
    let mut file = PathBuf::from(name.as_ref());
    file.set_extension(std::env::consts::EXE_EXTENSION);
    file
}
