//! Why a command did not do its work, and the exit codes that tell it to scripts.
//!
//! It deliberately has one kind of failure per exit code: what exactly happened is in the text.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use graftwire_model::{CallError, Code};

/// The table of exit codes, as `--help` shows it.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    fine
  1    the plugin answered with an error (a failed query or call, a refused object, a health that is not OK,
       an HTTP status from 400)
  2    wrong usage
  3    the plugin can't be started
  4    the plugin was lost: it ended, closed its connection, or gave no answer in time
  5    a file can't be read or written, or does not hold what it should
  130  interrupted (Ctrl-C)";

/// The exit codes of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Fine = 0,
    Answer = 1,
    Usage = 2,
    Start = 3,
    Lost = 4,
    File = 5,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

type Cause = Box<dyn Error + Send + Sync>;

/// A command that ended early. `{:#}` shows the causes too.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    cause: Option<Cause>,
}

impl Failure {
    /// The plugin answered, and the answer is an error.
    pub(crate) fn answer(message: impl Into<String>) -> Self {
        Self { exit: Exit::Answer, message: message.into(), cause: None }
    }

    /// The arguments make no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), cause: None }
    }

    /// The plugin can't be started.
    pub(crate) fn start(cause: impl Error + Send + Sync + 'static) -> Self {
        Self { exit: Exit::Start, message: String::new(), cause: Some(Box::new(cause)) }
    }

    /// There is no plugin to start.
    pub(crate) fn start_text(message: impl Into<String>) -> Self {
        Self { exit: Exit::Start, message: message.into(), cause: None }
    }

    /// A file or stream is not what it should be, or can't be read or written.
    pub(crate) fn file(message: impl Into<String>) -> Self {
        Self { exit: Exit::File, message: message.into(), cause: None }
    }

    /// Ctrl-C.
    pub(crate) const fn interrupted() -> Self {
        Self { exit: Exit::Interrupted, message: String::new(), cause: None }
    }

    /// Standard output can't be written. Whoever closed a pipe has read enough: that ends the command without a word.
    pub(crate) fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Fine, message: String::new(), cause: None };
        }
        Self::file("standard output can't be written").because(error)
    }

    /// A call that gave no answer.
    pub(crate) fn call(what: &str, error: CallError) -> Self {
        let exit = match error.code() {
            Code::Unavailable | Code::DeadlineExceeded => Exit::Lost,
            _ => Exit::Answer,
        };
        let origin = error.origin().map(|origin| format!(", source {origin}")).unwrap_or_default();
        let message = format!("{what} failed (gRPC {}: {}{origin})", error.code().number(), error.code());
        let message =
            if error.message().is_empty() { message } else { format!("{message}: {}", error.message()) };
        Self { exit, message, cause: None }
    }

    /// The same failure with the error behind it.
    #[must_use]
    pub(crate) fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// The same failure with the error behind it, if there is one.
    #[must_use]
    pub(crate) fn because_maybe(mut self, cause: Option<Cause>) -> Self {
        self.cause = cause;
        self
    }

    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether there is nothing to tell: the reader of our output left, or the person interrupted.
    pub(crate) fn is_silent(&self) -> bool {
        self.message.is_empty() && self.cause.is_none()
    }

    /// The failure for programs: `{"error":{"exitCode":…,"message":…}}`.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"error": {"exitCode": self.exit as u8, "message": format!("{self:#}")}})
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !f.alternate() {
            return Ok(());
        }
        match &self.cause {
            Some(cause) if self.message.is_empty() => {
                f.write_str(&graftwire_model::error_text(cause.as_ref()))
            }
            Some(cause) => write!(f, ": {}", graftwire_model::error_text(cause.as_ref())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
