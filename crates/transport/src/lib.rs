//! Byte streams between a host and its plugins: unix sockets, TCP with the handshake's port range, and in memory.
//!
//! A plugin [`bind`]s and announces the address; a host [`dial`]s it. Both get a [`Connection`]. TCP runs without
//! Nagle's delay, which would cost 40 ms a call.
//!
//! It deliberately knows no message: what flows is bytes, and what they mean is decided above.

mod counted;
mod group;
mod listen;
mod memory;
mod secure;
mod stream;
#[cfg(feature = "auto-mtls")]
pub mod tls;

pub use counted::{Counted, Traffic};
pub use listen::{BindError, BindOptions, Bound, bind};
pub use memory::{MemoryDialer, MemoryListener, memory};
pub use secure::{Secure, Side};
pub use stream::{Connection, DialError, dial};
