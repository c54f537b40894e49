//! The ways to reach a plugin, so that a test can be run over all of them.

use std::fmt;

use graftwire_protocol::handshake::AppVersion;

/// A protocol version over a kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wire {
    pub(crate) version: AppVersion,
    pub(crate) transport: Transport,
}

/// A kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Inside the process.
    Memory,
    /// A unix socket file.
    Unix,
    /// Loopback TCP.
    Tcp,
}

impl Wire {
    /// Every version compiled in over every kind of connection of this system.
    pub fn all() -> impl Iterator<Item = Self> {
        let transports: &[Transport] = if cfg!(unix) {
            &[Transport::Memory, Transport::Unix, Transport::Tcp]
        } else {
            &[Transport::Memory, Transport::Tcp]
        };
        AppVersion::ALL.iter().flat_map(move |version| {
            transports.iter().map(|transport| Self { version: *version, transport: *transport })
        })
    }

    /// Every version compiled in, in memory: for tests that are about content.
    pub fn in_memory() -> impl Iterator<Item = Self> {
        Self::all().filter(|wire| wire.transport == Transport::Memory)
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Memory => "memory",
            Transport::Unix => "unix",
            Transport::Tcp => "tcp",
        };
        write!(f, "v{} over {transport}", self.version)
    }
}
