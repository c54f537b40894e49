//! Executable → running process with an accepted handshake line. The second step of a plugin's life in a host.
//!
//! It deliberately opens no connection to the plugin: `plugin.rs` does.

mod diagnosis;
mod environment;
mod error;
mod options;
mod program;
mod socket_dir;
mod stdout;
#[cfg(test)]
#[cfg(unix)]
mod tests;
#[cfg_attr(not(feature = "auto-mtls"), path = "launch/no_tls.rs")]
mod tls;

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use graftwire_protocol::handshake::{HostOffer, Negotiated, accept};
use graftwire_transport::Secure;
use tempfile::TempDir;
use tokio::process::{ChildStdout, Command};

pub use error::LaunchError;
pub use options::{LaunchOptions, SocketDirectory};
pub use program::Program;
pub(crate) use stdout::Discarded;

use crate::logs::{Lines, LogBook, StderrTail, TailKeeper, cut, follow_stderr};
use crate::process::{Process, Task};

/// How much of a first line that is no handshake goes into an error.
const SHOWN_LINE: usize = 200;
/// How long a process may take to end once its stdout has, and its stderr to be read to the end after that.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a process whose start has failed may go on explaining itself.
const LINGER: Duration = Duration::from_millis(100);
/// How often and how far apart a file that is still being written is tried again.
const BUSY_RETRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// A process that has announced itself.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) process: Process,
    pub(crate) negotiated: Negotiated,
    /// What goes around every connection to the plugin.
    pub(crate) secure: Option<Arc<dyn Secure>>,
    pub(crate) started_at: SystemTime,
    /// From the start of the process to its handshake line.
    pub(crate) start_time: Duration,
    pub(crate) tail: TailKeeper,
    pub(crate) discarded: Discarded,
    pub(crate) output: Option<OutputTasks>,
    pub(crate) socket_dir: Option<TempDir>,
    /// It is asked to end when the host stops it.
    pub(crate) ends_with_host: bool,
}

/// The tasks that keep a process's outputs flowing.
#[derive(Debug)]
pub(crate) struct OutputTasks {
    #[expect(dead_code, reason = "held: without it the plugin would block on a full pipe")]
    stderr: Task,
    #[expect(dead_code, reason = "held: without it the plugin would block on a full pipe")]
    stdout: Task,
}

/// Starts a plugin's executable and waits for its handshake line. On any error the process is gone.
pub(crate) async fn launch(
    path: &Path,
    options: &LaunchOptions,
    book: &LogBook,
) -> Result<Launched, LaunchError> {
    let socket_dir = socket_dir::make(&options.socket_directory, options.offer.socket_group.as_deref())?;
    let mut offer = offer_of(options, socket_dir.as_ref());
    let offered = tls::offer(options.auto_mtls, &mut offer)?;
    let (started_at, started) = (SystemTime::now(), Instant::now());
    let (process, output) = spawn(path, options, &offer).await?;
    let tail = TailKeeper::new();
    let stderr = Task::spawn(follow_stderr(output.stderr, book.clone(), tail.clone()));
    let mut starting = Starting { path, process, tail, stderr };
    let mut lines = Lines::new(output.stdout);
    let line = starting.first_line(&mut lines, options.start_timeout).await?;
    let negotiated = match accept(&line, &offer) {
        Ok(negotiated) => negotiated,
        Err(source) => {
            let stderr = starting.last_words().await;
            return Err(LaunchError::Handshake {
                path: path.to_owned(),
                line: cut(&line, SHOWN_LINE),
                source,
                stderr,
            });
        }
    };
    let start_time = started.elapsed();
    let secure = match offered.map(|offered| offered.layer(&negotiated)).transpose() {
        Ok(secure) => secure,
        Err(source) => {
            let (path, stderr) = (path.to_owned(), starting.last_words().await);
            return Err(LaunchError::Certificate { path, source: Box::new(source), stderr });
        }
    };
    let discarded = Discarded::default();
    let stdout = Task::spawn(stdout::drain(lines, discarded.clone()));
    let Starting { process, tail, stderr, .. } = starting;
    let output = Some(OutputTasks { stderr, stdout });
    Ok(Launched {
        process,
        negotiated,
        secure,
        started_at,
        start_time,
        tail,
        discarded,
        output,
        socket_dir,
        ends_with_host: true,
    })
}

fn offer_of(options: &LaunchOptions, socket_dir: Option<&TempDir>) -> HostOffer {
    let mut offer = options.offer.clone();
    if let Some(folder) = socket_dir {
        offer.socket_dir = Some(folder.path().to_string_lossy().into_owned());
    }
    offer
}

async fn spawn(
    path: &Path,
    options: &LaunchOptions,
    offer: &HostOffer,
) -> Result<(Process, crate::process::Output), LaunchError> {
    let host = std::env::vars_os().collect();
    let environment = environment::build(options, offer, &host);
    let mut attempt = 0;
    loop {
        match Process::spawn(command(path, options, &environment)) {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && attempt < BUSY_RETRIES => {
                attempt += 1;
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            Err(error) => return Err(diagnosis::of_spawn(path, options.working_directory.as_deref(), error)),
            Ok(started) => return Ok(started),
        }
    }
}

fn command(path: &Path, options: &LaunchOptions, environment: &environment::Environment) -> Command {
    // A relative path would be looked for below the new working directory.
    let mut command = Command::new(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    command.env_clear().envs(environment).stdin(Stdio::null());
    if let Some(folder) = &options.working_directory {
        command.current_dir(folder);
    }
    command
}

/// A process that has not announced itself yet.
struct Starting<'a> {
    path: &'a Path,
    process: Process,
    tail: TailKeeper,
    stderr: Task,
}

impl Starting<'_> {
    async fn first_line(
        &mut self,
        lines: &mut Lines<ChildStdout>,
        timeout: Duration,
    ) -> Result<String, LaunchError> {
        let path = self.path.to_owned();
        let mut exit = self.process.exit_watch();
        let line = async {
            // A helper the plugin started may hold its stdout open after its end, hence the second way out.
            tokio::select! {
                biased;
                line = stdout::first_line(lines) => line.ok().flatten(),
                () = async { exit.exited().await; tokio::time::sleep(LAST_WORDS).await } => None,
            }
        };
        match tokio::time::timeout(timeout, line).await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(self.no_line().await),
            Err(_) => {
                Err(LaunchError::NoLineInTime { path, after: timeout, stderr: self.last_words().await })
            }
        }
    }

    /// Stdout has ended without a line: most likely the process has too.
    async fn no_line(&mut self) -> LaunchError {
        let path = self.path.to_owned();
        match self.process.exited_within(LAST_WORDS).await {
            Some(exit) => LaunchError::ExitedEarly { path, exit, stderr: self.last_words().await },
            None => LaunchError::StdoutClosed { path, stderr: self.last_words().await },
        }
    }

    /// Ends the process and reads its stderr to the end. It gets a moment first: who writes nonsense on stdout often
    /// explains itself on stderr next.
    async fn last_words(&mut self) -> StderrTail {
        let _ = self.process.exited_within(LINGER).await;
        self.process.kill();
        let _ = self.process.exited_within(LAST_WORDS).await;
        self.tail.last_words(LAST_WORDS).await
    }
}
