//! One line of a plugin's log, as a host sees it.
//!
//! It deliberately carries text only: a value that a plugin sends is shown, never trusted.

use std::fmt;
use std::time::SystemTime;

/// How important a log line is, in hclog's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The finest detail.
    Trace,
    /// Detail; also everything whose level is not known.
    Debug,
    /// Normal events.
    Info,
    /// Something to look at.
    Warn,
    /// A failure.
    Error,
}

impl Level {
    /// Reads hclog's word, in any case; `None` for anything else.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error]
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(word))
    }

    /// hclog's word, lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which way a line came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The process's stderr: the way of log lines.
    Stderr,
    /// Text printed to stdout, carried by the connection (GRPCStdio). Grafana throws it away.
    CarriedStdout,
    /// Text printed to a replaced stderr, carried by the connection (GRPCStdio). Grafana throws it away.
    CarriedStderr,
    /// The host itself about the plugin: started, exited, restarted.
    Host,
}

/// One line of a plugin's log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogRecord {
    /// When the plugin wrote it if it said so, else when the host read it.
    pub time: SystemTime,
    /// Its level by the rules of go-plugin's host.
    pub level: Level,
    /// Which way it came.
    pub channel: Channel,
    /// The message, or the raw line if it was no hclog line. Invalid UTF-8 is replaced.
    pub message: String,
    /// The other keys of an hclog line: strings as they are, everything else as JSON text.
    pub pairs: Vec<(String, String)>,
    /// The line would crash a real Grafana server: `@level`, `@message` or `@timestamp` is not a string.
    pub crashes_grafana: bool,
}

impl LogRecord {
    pub(crate) fn new(level: Level, channel: Channel, message: String) -> Self {
        let time = SystemTime::now();
        Self { time, level, channel, message, pairs: Vec::new(), crashes_grafana: false }
    }

    /// Bytes of text it holds, for limits on memory.
    pub(super) fn weight(&self) -> usize {
        let pairs: usize = self.pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
        self.message.len() + pairs
    }
}
