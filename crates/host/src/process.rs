//! A child process that can be watched by many, killed at any moment, and never outlives its handle.
//!
//! It deliberately knows nothing of plugins: what the process says and why it runs is told elsewhere.

mod exit;
mod task;
mod usage;

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::watch;

pub use exit::Exit;
pub(crate) use task::Task;
pub use usage::Usage;

/// How often somebody else's process is looked for.
const OTHERS_INTERVAL: Duration = Duration::from_secs(1);

/// A running or ended child process. Dropping it kills the process and everything in its process group.
#[derive(Debug)]
pub(crate) struct Process {
    pid: u32,
    /// `None` for a process that somebody else started.
    child: Option<SharedChild>,
    exit: watch::Receiver<Option<Exit>>,
}

/// The child is reaped and killed under one lock, so a signal can never hit a stranger under a reused pid.
type SharedChild = Arc<Mutex<Child>>;

/// What the child writes.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

impl Process {
    /// Starts the command, both outputs piped. On Unix the child leads its own process group, so that Ctrl-C in
    /// the host's terminal is the host's alone, and a kill reaches helpers the plugin started.
    pub(crate) fn spawn(mut command: Command) -> io::Result<(Self, Output)> {
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("the process has no pid or no pipes");
        let pid = child.id().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let child = Arc::new(Mutex::new(child));
        let exit = watch_exit(Arc::clone(&child));
        Ok((Self { pid, child: Some(child), exit }, Output { stdout, stderr }))
    }

    /// A process that somebody else started: its end is looked for, and nothing here ends it. Without a number it
    /// counts as running for ever.
    pub(crate) fn of_others(pid: Option<u32>) -> Self {
        Self { pid: pid.unwrap_or_default(), child: None, exit: watch_others(pid) }
    }

    /// Whether this host started it.
    pub(crate) const fn is_own(&self) -> bool {
        self.child.is_some()
    }

    /// The process id, also after the end; 0 if nobody said it.
    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Follows the end without holding the process.
    pub(crate) fn exit_watch(&self) -> ExitWatch {
        ExitWatch(self.exit.clone())
    }

    /// Waits for the end, for at most `patience`.
    pub(crate) async fn exited_within(&self, patience: Duration) -> Option<Exit> {
        tokio::time::timeout(patience, self.exit_watch().exited()).await.ok()
    }

    /// Kills the process and its group, at once; harmless when it has ended. Does not wait.
    pub(crate) fn kill(&self) {
        let Some(child) = &self.child else { return };
        let mut child = lock(child);
        // `id` is `None` once the child is reaped: from then on the number may be somebody else's.
        #[cfg(unix)]
        if let Some(group) =
            child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = child.start_kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Tells when a process has ended.
#[derive(Debug, Clone)]
pub(crate) struct ExitWatch(watch::Receiver<Option<Exit>>);

impl ExitWatch {
    /// Waits for the end. If the runtime that watched the process is gone, this waits for ever.
    pub(crate) async fn exited(&mut self) -> Exit {
        match self.0.wait_for(Option::is_some).await.map(|exit| *exit) {
            Ok(Some(exit)) => exit,
            _ => std::future::pending().await,
        }
    }
}

/// Reaps the child as soon as it ends. The task ends with the child, which every handle kills when dropped.
fn watch_exit(child: SharedChild) -> watch::Receiver<Option<Exit>> {
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        let status = std::future::poll_fn(|cx| {
            let mut child = lock(&child);
            // All state of the wait lives in the child, so a fresh future per poll loses nothing.
            let wait = std::pin::pin!(child.wait());
            wait.poll(cx)
        })
        .await;
        // A failed wait can't happen for an own child; should it, the process counts as gone.
        let exit = status.map_or(Exit::unknown(), Exit::from);
        sender.send_replace(Some(exit));
    });
    receiver
}

/// Looks once a second, as go-plugin does. The task ends with the last who follows it.
fn watch_others(pid: Option<u32>) -> watch::Receiver<Option<Exit>> {
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(OTHERS_INTERVAL);
        while pid.is_none_or(is_running) {
            tokio::select! {
                _ = ticks.tick() => {}
                () = sender.closed() => return,
            }
        }
        // How it ended is told to its own parent alone.
        sender.send_replace(Some(Exit::unknown()));
    });
    receiver
}

/// Whether there is a process of this number, whoever owns it.
#[cfg(unix)]
pub(crate) fn is_running(pid: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    matches!(test_kill_process(pid), Ok(()) | Err(rustix::io::Errno::PERM))
}

/// There is no way to ask without unsafe code: the connection tells.
#[cfg(not(unix))]
pub(crate) fn is_running(pid: u32) -> bool {
    pid != 0
}

fn lock(child: &SharedChild) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}
