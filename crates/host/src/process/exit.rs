//! How a process ended, in words.
//!
//! It deliberately does not judge: an exit code of 0 is an error too when a host still needed the plugin.

use std::fmt;
use std::process::ExitStatus;

/// How a plugin's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    code: Option<i32>,
    signal: Option<i32>,
}

impl Exit {
    /// An end about which the system told nothing.
    pub(crate) const fn unknown() -> Self {
        Self { code: None, signal: None }
    }

    /// The exit code; `None` if a signal ended the process.
    #[must_use]
    pub const fn code(self) -> Option<i32> {
        self.code
    }

    /// The signal that ended the process (Unix).
    #[must_use]
    pub const fn signal(self) -> Option<i32> {
        self.signal
    }

    /// Exit code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self.code == Some(0)
    }

    /// What such an end usually means; `None` where nothing more is known.
    pub(crate) fn hint(self) -> Option<&'static str> {
        match (self.code, self.signal) {
            (_, Some(4)) => Some(
                "the processor lacks an instruction the plugin was built for (an ARMv7 build on ARMv6?); \
                 install or build one for this processor",
            ),
            (_, Some(7 | 11)) => Some("the plugin crashed in native code"),
            (_, Some(9)) => Some("something killed it; the kernel does so when memory runs out (see dmesg)"),
            (_, Some(31)) => Some("a system call was forbidden by a sandbox"),
            (Some(127), _) => Some("the loader did not find a shared library, or a script its command"),
            (Some(126), _) => Some("a script's command can't be executed"),
            _ => None,
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal = None;
        Self { code: status.code(), signal }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (_, Some(signal)) => match signal_name(signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
            (Some(code), None) => write!(f, "exit code {code}"),
            (None, None) => f.write_str("an unknown exit status"),
        }
    }
}

const fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        31 => "SIGSYS",
        _ => return None,
    })
}
