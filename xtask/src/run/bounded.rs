//! Runs a program with a time bound, its output line by line, and nothing of it left behind.
//!
//! The program gets a process group of its own; at the bound, at Ctrl-C and when it ended by itself the whole group
//! is ended. It deliberately never looks for processes by name.

use std::io::{BufRead as _, BufReader, PipeReader};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::Run;

/// How a program came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself.
    Exited(ExitStatus),
    /// It was stopped after this time.
    TimedOut(Duration),
    /// The person at the terminal stopped everything.
    Interrupted,
}

impl Ending {
    pub(crate) fn succeeded(self) -> bool {
        matches!(self, Self::Exited(status) if status.success())
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => status.fmt(f),
            Self::TimedOut(bound) => write!(f, "stopped after its time bound of {} s", bound.as_secs()),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// How often the bound and Ctrl-C are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How long output is read after the end; only a process that left the group can hold the pipe longer.
const STRAGGLERS: Duration = Duration::from_secs(2);

impl Run {
    /// Runs for at most `bound`; each line of stdout and stderr, as they come, goes to `line`.
    pub(crate) fn bounded(mut self, bound: Duration, mut line: impl FnMut(&str)) -> anyhow::Result<Ending> {
        let failure = self.start_failure();
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        self.command.stdout(writer.try_clone().context("cannot share a pipe")?).stderr(writer);
        own_group(&mut self.command);
        let child = self.command.spawn().context(failure)?;
        // The command still holds the pipe's writing end, which would keep the reader waiting.
        drop(self);
        let lines = read_lines(reader);
        let mut child = Group(child);
        let ending = child.watch(bound, &lines, &mut line);
        child.end();
        let until = Instant::now() + STRAGGLERS;
        while let Ok(text) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            line(&text);
        }
        ending
    }
}

/// A child and everything in its process group.
struct Group(Child);

impl Group {
    fn watch(
        &mut self,
        bound: Duration,
        lines: &Receiver<String>,
        line: &mut impl FnMut(&str),
    ) -> anyhow::Result<Ending> {
        let started = Instant::now();
        loop {
            match lines.recv_timeout(TICK) {
                Ok(text) => line(&text),
                Err(RecvTimeoutError::Timeout) => {}
                // No more output, but the process may live on: don't spin.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(TICK),
            }
            if let Some(status) = self.0.try_wait().context("cannot ask for a child's end")? {
                return Ok(Ending::Exited(status));
            }
            if started.elapsed() > bound {
                return Ok(Ending::TimedOut(bound));
            }
            if interrupted() {
                return Ok(Ending::Interrupted);
            }
        }
    }

    /// Ends what is left of the group. Both calls fail harmlessly when nothing is left.
    fn end(&mut self) {
        #[cfg(unix)]
        if let Ok(id) = i32::try_from(self.0.id())
            && let Some(group) = rustix::process::Pid::from_raw(id)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
fn own_group(command: &mut std::process::Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut std::process::Command) {}

fn read_lines(pipe: PipeReader) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while pipe.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&bytes);
            // Programs that repaint one line end it with a carriage return; the last state is what counts.
            let text = text.trim_end();
            let text = text.rsplit('\r').next().unwrap_or(text);
            if sender.send(text.to_owned()).is_err() {
                return;
            }
            bytes.clear();
        }
    });
    lines
}

/// Whether Ctrl-C or a request to end came since the first bounded run. Children have groups of their own, so the
/// terminal doesn't tell them.
pub(crate) fn interrupted() -> bool {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // A second Ctrl-C ends the chore itself, should it ever be stuck.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag));
            let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
        }
        flag
    });
    flag.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests;
