//! What go-plugin adds beside a plugin's own services: shutdown, standard output, broker, health.

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::restriction, clippy::pedantic)]
pub mod generated;

pub mod broker;
pub mod health;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod server;

/// The name under which go-plugin hosts ask the health service.
pub const HEALTH_SERVICE: &str = "plugin";

/// Which of a process's outputs a piece of text came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StdioChannel {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The largest piece of output in one message.
pub const STDIO_PIECE: usize = 1024;
