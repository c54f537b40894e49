//! The two files that lead from a plugin's folder to its standalone server: `standalone.txt` holds the address,
//! `pid.txt` the process.
//!
//! It deliberately ends no process: who is in the way is named.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const ADDRESS: &str = "standalone.txt";
const PROCESS: &str = "pid.txt";

/// Whom `pid.txt` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// There is no such file, or nothing in it.
    Nobody,
    /// A process that runs.
    Living(u32),
    /// A process that is gone, or no number.
    Gone,
}

/// The folder of the two files.
#[derive(Debug, Clone)]
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    pub(super) fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address in `standalone.txt`.
    pub(super) fn address(&self) -> Option<String> {
        self.read(ADDRESS)
    }

    /// The process in `pid.txt`.
    pub(super) fn process(&self) -> Named {
        match self.read(PROCESS) {
            None => Named::Nobody,
            Some(text) => match text.parse() {
                Ok(pid) if is_running(pid) => Named::Living(pid),
                _ => Named::Gone,
            },
        }
    }

    pub(super) fn process_file(&self) -> PathBuf {
        self.folder.join(PROCESS)
    }

    /// Writes both files for this process, readable by their owner alone. They go when the value is dropped.
    pub(super) fn write(self, address: &str) -> io::Result<Written> {
        let written = Written { files: self };
        written.files.write_one(PROCESS, &std::process::id().to_string())?;
        written.files.write_one(ADDRESS, address)?;
        Ok(written)
    }

    fn read(&self, name: &str) -> Option<String> {
        let text = fs::read_to_string(self.folder.join(name)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Under another name first: nobody reads half an address, and the mode is right from the beginning.
    fn write_one(&self, name: &str, content: &str) -> io::Result<()> {
        let (path, unfinished) =
            (self.folder.join(name), self.folder.join(format!(".{name}.{}", std::process::id())));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Left by a process of the same number that was killed in between.
        let _ = fs::remove_file(&unfinished);
        options.open(&unfinished)?.write_all(content.as_bytes())?;
        fs::rename(unfinished, path)
    }
}

/// The two files of this process.
#[derive(Debug)]
pub(super) struct Written {
    files: Files,
}

impl Drop for Written {
    fn drop(&mut self) {
        // Somebody who took the folder over by hand keeps it.
        if self.files.read(PROCESS).is_none_or(|pid| pid == std::process::id().to_string()) {
            let _ = fs::remove_file(self.files.folder.join(ADDRESS));
            let _ = fs::remove_file(self.files.folder.join(PROCESS));
        }
    }
}

#[cfg(unix)]
fn is_running(pid: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    // Somebody else's process is a process too.
    matches!(test_kill_process(pid), Ok(()) | Err(rustix::io::Errno::PERM))
}

/// There is no way to ask without unsafe code; the host finds out when it connects.
#[cfg(not(unix))]
fn is_running(pid: u32) -> bool {
    pid != 0
}
