//! Byte streams between a host and its plugins: unix sockets, TCP with the handshake's port range, and in memory.
//!
//! A plugin [`bind`]s and announces the address; a host [`dial`]s it. Both get a [`Connection`]. TCP runs without
//! Nagle's delay, which would cost 40 ms a call.
//!
//! Beside that first connection a [`Broker`] makes others, each with a listener of its own or, [`multiplex`]ed, all over
//! the first one.
//!
//! It deliberately reads no message: what flows is bytes, and what they mean is decided above.

mod broker;
mod counted;
mod group;
mod listen;
mod memory;
#[cfg(feature = "multiplex")]
mod mux;
#[cfg(not(feature = "multiplex"))]
#[path = "mux_absent.rs"]
mod mux;
mod secure;
mod stream;
#[cfg(feature = "auto-mtls")]
pub mod tls;

pub use broker::{Broker, BrokerError, BrokerListener, Outgoing};
pub use counted::{Counted, Traffic};
pub use group::{GroupError, give_to_group};
pub use listen::{BindError, BindOptions, Bound, bind};
pub use memory::{MemoryDialer, MemoryListener, memory};
pub use mux::{Driver, Inbound, MULTIPLEX, MuxError, Session, multiplex};
pub use secure::{Secure, Side};
pub use stream::{Connection, DialError, dial};
