//! What both ends put around every connection of a plugin: the first one, and those that the broker makes.
//!
//! It deliberately holds no TLS: whoever negotiated one implements [`Secure`].

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use crate::Connection;

/// Which end of a connection one is. It decides who begins a handshake, not who is host or plugin: the broker makes
/// connections in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that connected.
    Dialing,
    /// The one that was connected to.
    Accepting,
}

/// Puts a layer, such as TLS, around connections. With a multiplexed first connection the layer goes around each
/// stream inside it, as go-plugin does, never around the whole.
pub trait Secure: Send + Sync + fmt::Debug {
    /// Makes the handshake and gives the connection inside the layer.
    fn secure(
        &self,
        connection: Connection,
        side: Side,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connection>> + Send>>;
}
