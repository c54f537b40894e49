//! Why a plugin could not be started: what was found, what was expected, and the cure.
//!
//! It deliberately has no variant per protocol version: what is wrong with a handshake is said by its cause.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::program::Program;
use crate::logs::StderrTail;
use crate::process::Exit;
use crate::spec::{goarch, goos};

/// Why a plugin could not be started. In every case its process is gone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// There is no such file.
    #[error("{path} does not exist; build or install the plugin, or correct the path", path = path.display())]
    NotFound {
        /// The executable.
        path: PathBuf,
    },
    /// The file may not be executed.
    #[error(
        "{path} is not executable (mode {mode:04o}); run: chmod +x {path}",
        path = path.display()
    )]
    NotExecutable {
        /// The executable.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file has its executable bit, and the system refuses all the same.
    #[error(
        "the system refuses to run {path} (mode {mode:04o}); look for a file system mounted noexec, a folder above \
         it without x permission, or a security module (SELinux, AppArmor)",
        path = path.display()
    )]
    Forbidden {
        /// The executable.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What the system says.
        source: io::Error,
    },
    /// The file is a program for another machine.
    #[error(
        "{path} is {found}, this machine is {os}/{arch}; install the plugin's release for this machine",
        path = path.display(),
        os = goos(),
        arch = goarch()
    )]
    WrongArchitecture {
        /// The executable.
        path: PathBuf,
        /// What it is.
        found: Program,
    },
    /// The loader an ELF file asks for does not exist: the system calls this "no such file or directory".
    #[error(
        "{path} exists, but the loader it was linked for, {loader}, does not (the system calls this \"no such file or \
         directory\"); it was built for another C library or word size, as a glibc build on Alpine: use a static \
         (musl) build",
        path = path.display(),
        loader = loader.display()
    )]
    MissingLoader {
        /// The executable.
        path: PathBuf,
        /// The loader it asks for.
        loader: PathBuf,
    },
    /// The interpreter of a script does not exist.
    #[error(
        "{path} is a script for {interpreter}, which does not exist; install it or correct the first line \
         (a carriage return at its end counts as part of the name)",
        path = path.display(),
        interpreter = interpreter.display()
    )]
    MissingInterpreter {
        /// The executable.
        path: PathBuf,
        /// The interpreter after `#!`.
        interpreter: PathBuf,
    },
    /// The file is nothing that can be executed.
    #[error("{path} can't be executed: the file is {found}; build or download it again", path = path.display())]
    NotAProgram {
        /// The executable.
        path: PathBuf,
        /// What it is.
        found: Program,
    },
    /// The file is open for writing elsewhere.
    #[error(
        "{path} is still being written by another process; wait for the build or copy to end \
         (replace plugins by renaming a finished file over the old one)",
        path = path.display()
    )]
    Busy {
        /// The executable.
        path: PathBuf,
    },
    /// The working directory can't be entered.
    #[error("the working directory {folder} can't be entered; create it or name another one", folder = folder.display())]
    WorkingDirectory {
        /// The directory asked for.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The directory for the plugin's socket can't be made or is of no use.
    #[error("no usable directory for the plugin's socket: {reason}; name another one in the launch options")]
    SocketDirectory {
        /// What is wrong with it.
        reason: String,
        /// What the system says, if it was asked.
        source: Option<io::Error>,
    },
    /// The system can't start a process for another reason, such as a limit on processes or open files.
    #[error("{path} could not be started by the system", path = path.display())]
    Spawn {
        /// The executable.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The process ended before it wrote the handshake line.
    #[error(
        "{path} ended with {exit} before it wrote the handshake line{hint}{stderr}",
        path = path.display(),
        hint = exit.hint().map(|hint| format!("; {hint}")).unwrap_or_default()
    )]
    ExitedEarly {
        /// The executable.
        path: PathBuf,
        /// How it ended.
        exit: Exit,
        /// What it wrote last on stderr.
        stderr: StderrTail,
    },
    /// The process closed its stdout without a line, and goes on running.
    #[error(
        "{path} closed its stdout without a handshake line; a plugin writes one line such as \
         1|2|unix|/path|grpc there and leaves stdout open{stderr}",
        path = path.display()
    )]
    StdoutClosed {
        /// The executable.
        path: PathBuf,
        /// What it wrote last on stderr.
        stderr: StderrTail,
    },
    /// The first line on stdout is no handshake line, or one that this host can't accept: the cause says which.
    #[error("{path} wrote {line:?} as the first line on stdout, which this host can't accept{stderr}", path = path.display())]
    Handshake {
        /// The executable.
        path: PathBuf,
        /// The line, at most 200 bytes of it.
        line: String,
        /// What is wrong with it.
        source: graftwire_protocol::handshake::AcceptError,
        /// What it wrote last on stderr.
        stderr: StderrTail,
    },
    /// TLS was asked for, and the certificate in the handshake line can't be used.
    #[error("{path} answered with a server certificate that can't be used{stderr}", path = path.display())]
    Certificate {
        /// The executable.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What it wrote last on stderr.
        stderr: StderrTail,
    },
    /// TLS was asked for, and this host can't offer it.
    #[error("AutoMTLS can't be offered")]
    NoTls {
        /// What is missing.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nobody answers where a running plugin should be.
    #[error("no plugin answers at {place}; look whether it (still) runs and listens there")]
    Attach {
        /// Its address.
        place: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No line on stdout within the start timeout.
    #[error(
        "{path} wrote no handshake line within {after:?} and was killed; it may wait for something at start, or \
         need a longer start timeout{stderr}",
        path = path.display()
    )]
    NoLineInTime {
        /// The executable.
        path: PathBuf,
        /// The start timeout.
        after: Duration,
        /// What it wrote last on stderr.
        stderr: StderrTail,
    },
    /// The address in the handshake line does not answer.
    #[error(
        "{path} announced {address}, which can't be reached{ended}{stderr}",
        path = path.display(),
        ended = exit.map(|exit| format!(" (the process has ended with {exit})")).unwrap_or_default()
    )]
    Connect {
        /// The executable.
        path: PathBuf,
        /// The address announced.
        address: String,
        /// How the process ended, if it has.
        exit: Option<Exit>,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What it wrote last on stderr.
        stderr: StderrTail,
    },
}
