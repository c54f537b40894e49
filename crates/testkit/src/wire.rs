//! The ways to reach a plugin, so that a test can be run over all of them.

use std::fmt;

use graftwire_model::Capability;
use graftwire_protocol::handshake::AppVersion;
use graftwire_protocol::probe;

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
    /// Inside the process, encrypted as go-plugin's AutoMTLS does.
    AutoMtls,
    /// Inside the process, as the first of many streams over one connection.
    Multiplexed,
}

impl Wire {
    /// Every version compiled in over every kind of connection of this system.
    pub fn all() -> impl Iterator<Item = Self> {
        let transports: &[Transport] = if cfg!(unix) {
            &[Transport::Memory, Transport::Unix, Transport::Tcp, Transport::AutoMtls, Transport::Multiplexed]
        } else {
            &[Transport::Memory, Transport::Tcp, Transport::AutoMtls, Transport::Multiplexed]
        };
        AppVersion::ALL.iter().flat_map(move |version| {
            transports.iter().map(|transport| Self { version: *version, transport: *transport })
        })
    }

    /// The wires of [`Wire::all`] that can ask for a capability: old versions lack some.
    pub fn carrying(capability: Capability) -> impl Iterator<Item = Self> {
        Self::all().filter(move |wire| wire.carries(capability))
    }

    /// Whether its version has a call for a capability. Without one the host's side answers that the plugin does not
    /// implement it.
    #[must_use]
    pub fn carries(self, capability: Capability) -> bool {
        probe::method(self.version, capability).is_some()
    }

    /// Whether frames cross it as the plugin made them. Otherwise they become series and tables, and frames again:
    /// names, types and metadata change on the way.
    #[must_use]
    pub fn carries_frames(self) -> bool {
        self.version >= AppVersion::PluginV2
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
            Transport::AutoMtls => "memory with AutoMTLS",
            Transport::Multiplexed => "a multiplexed connection",
        };
        write!(f, "v{} over {transport}", self.version)
    }
}
