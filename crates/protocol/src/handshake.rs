//! The handshake between host and plugin: environment in, one line out, and the choice of a version.
//!
//! Everything here is a pure function over texts, so that it can be tested and fuzzed. It deliberately reads no
//! environment, opens no socket and prints nothing.

mod accept;
mod environment;
mod line;
mod negotiate;

pub use accept::{AcceptError, Negotiated, UnknownVersion, accept};
pub use environment::{
    COOKIE_KEY, COOKIE_VALUE, HandshakeError, HostOffer, Multiplex, PortRange, environment_of, read_offer,
};
pub use line::{HandshakeLine, LineError, Network, parse_line};
pub use negotiate::{AppVersion, highest, negotiate, numbers};

/// The version of go-plugin's own handshake, the first field of the line.
pub const CORE_VERSION: u32 = 1;

#[cfg(test)]
mod tests;
