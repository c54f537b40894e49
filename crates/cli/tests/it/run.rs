//! Starting the program, and building the bench plugin once.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same run, checked to have this exit code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self
    }
}

/// The program, with an environment that does not depend on who runs the tests.
pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_graftwire"));
    command.args(args).env_remove("NO_COLOR").env("TERM", "xterm").stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Ran {
    ran(command(args).output().unwrap())
}

/// Runs the program with something on its standard input.
pub(crate) fn run_with_input<S: AsRef<std::ffi::OsStr>>(args: &[S], input: &[u8]) -> Ran {
    let mut child =
        command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A program that refuses early closes its end.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    ran(output)
}

fn ran(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The bench plugin's executable, built beside the program under test.
pub(crate) fn bench_plugin() -> &'static str {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let what = ["--package", "graftwire-bench-plugin"];
    BUILT.get_or_init(|| built(&what, "gpx_graftwire_bench")).to_str().unwrap()
}

/// The test kit's app.
pub(crate) fn app_plugin() -> &'static str {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let what = ["--package", "graftwire-testkit", "--example", "app_plugin"];
    BUILT.get_or_init(|| built(&what, "examples/app_plugin")).to_str().unwrap()
}

/// The metrics data source's.
pub(crate) fn metrics_plugin() -> &'static str {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let what = ["--package", "graftwire-metrics", "--bin", "gpx_graftwire_metrics"];
    BUILT.get_or_init(|| built(&what, "gpx_graftwire_metrics")).to_str().unwrap()
}

/// The plugin that misbehaves on request.
pub(crate) fn odd_plugin() -> &'static str {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let what = ["--package", "graftwire-testkit", "--example", "odd_plugin"];
    BUILT.get_or_init(|| built(&what, "examples/odd_plugin")).to_str().unwrap()
}

/// Builds with this program's profile, beside it; not where a test of the whole workspace has built everything, which
/// has other features, so that building a package alone would build most of it again.
pub(crate) fn built(what: &[&str], executable: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_graftwire"));
    let folder = program.parent().unwrap();
    if std::env::var_os("GRAFTWIRE_ALL_BUILT").is_none() || !folder.join(executable).exists() {
        build(what, folder.parent().unwrap());
    }
    folder.join(executable)
}

/// The bench plugin with its own features alone, in a folder of its own: a build of the workspace has those that others
/// ask for too.
pub(crate) fn bench_plugin_by_itself() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_graftwire"));
    let folder = program.parent().unwrap();
    let alone = folder.parent().unwrap().join("alone");
    build(&["--package", "graftwire-bench-plugin"], &alone);
    alone.join(folder.file_name().unwrap()).join("gpx_graftwire_bench")
}

fn build(what: &[&str], target: &Path) {
    let program = Path::new(env!("CARGO_BIN_EXE_graftwire"));
    let profile = match program.parent().unwrap().file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", profile])
        .args(what)
        .arg("--target-dir")
        .arg(target)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .status()
        .unwrap();
    assert!(status.success(), "{what:?} must build");
}

/// A shell script that is started as a plugin.
pub(crate) fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The golden frames made with the Go SDK.
pub(crate) fn golden(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../frame/tests/golden").join(folder)
}
