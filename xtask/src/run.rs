//! Runs other programs for a chore: one builder, and errors that say which command failed, where and why.
//!
//! It starts no shell: arguments reach the program as they are, so names with spaces or quotes need no care.

// The builder serves all chores; not every build of xtask uses each part of it.
#![allow(dead_code)]

pub(crate) mod bounded;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use anyhow::{Context as _, bail};

/// The root of the repository, wherever the chore was called from.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

/// `cargo` as the one that runs this chore (so the toolchain stays the same), started in the repository's root.
pub(crate) fn cargo() -> Run {
    Run::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program to run. It starts in the repository's root unless [`Run::dir`] says otherwise.
#[derive(Debug)]
#[must_use = "nothing runs before one of the finishing methods is called"]
pub(crate) struct Run {
    command: Command,
    shown: String,
    quiet: bool,
    hint: Option<&'static str>,
}

impl Run {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        command.current_dir(root()).stdin(Stdio::null());
        let name = Path::new(program).file_name().unwrap_or(program);
        Self { command, shown: name.to_string_lossy().into_owned(), quiet: false, hint: None }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&quoted(arg.as_ref()));
        self.command.arg(arg);
        self
    }

    pub(crate) fn args(self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(root().join(dir));
        self
    }

    /// Don't print the command line before it runs.
    pub(crate) fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// The command line, as it is shown.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// What to tell somebody who does not have the program, such as how to install it.
    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Runs to the end with the terminal's output; fails unless the program succeeds.
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        self.announce();
        let status = self.command.status().with_context(|| self.start_failure())?;
        self.check(status, &[])
    }

    /// Runs to the end and hands back what the program printed on stdout; stderr goes to the terminal.
    pub(crate) fn stdout(mut self) -> anyhow::Result<String> {
        self.command.stderr(Stdio::inherit());
        let output = self.finish()?;
        self.check(output.status, &[])?;
        String::from_utf8(output.stdout)
            .with_context(|| format!("`{}` printed bytes that are not UTF-8", self.shown))
    }

    /// Runs to the end with nothing shown, unless it fails: then the error carries what the program said.
    pub(crate) fn silent(mut self) -> anyhow::Result<()> {
        let output = self.finish()?;
        let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
        self.check(output.status, said)
    }

    /// Whether the program is there and succeeds; what it prints is dropped.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// The command for a process that lives on beside the chore; the caller waits for it and ends it.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    fn finish(&mut self) -> anyhow::Result<Output> {
        self.announce();
        self.command.output().with_context(|| self.start_failure())
    }

    fn announce(&self) {
        if !self.quiet {
            eprintln!("$ {}", self.shown);
        }
    }

    fn start_failure(&self) -> String {
        let program = self.command.get_program().to_string_lossy();
        let hint = self.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("cannot start `{program}`{hint}")
    }

    fn check(&self, status: ExitStatus, said: &[u8]) -> anyhow::Result<()> {
        if status.success() {
            return Ok(());
        }
        let place = self.command.get_current_dir().unwrap_or(Path::new(".")).display();
        let said = String::from_utf8_lossy(said);
        let said = if said.trim().is_empty() { String::new() } else { format!(":\n{}", said.trim_end()) };
        bail!("`{}` failed in {place} ({status}){said}", self.shown)
    }
}

/// The argument as one would type it, for the line that is shown.
fn quoted(arg: &OsStr) -> String {
    let text = arg.to_string_lossy();
    if text.is_empty() || text.contains([' ', '"', '\'', '$', '*', '\\']) {
        format!("'{text}'")
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests;
