//! Grafana's plugin protocol and go-plugin's handshake, without I/O.
//!
//! Here is everything that depends on a protocol version: the wire types (generated from `proto/`), the adapters
//! between wire and [`graftwire_model`], and the handshake with its negotiation. Crates above ask [`services()`] for
//! "the services of what was negotiated" and [`client()`] for "the client of what was negotiated"; none of them
//! compares version numbers.
//!
//! It deliberately opens no socket and reads no environment: callers hand in byte streams and lookups.

pub mod goplugin;
pub mod handshake;
pub mod metadata;
pub mod objects;
#[cfg(feature = "client")]
pub mod probe;
pub mod status;
#[cfg(feature = "v1")]
pub mod v1;
pub mod v2;
#[cfg(feature = "v3")]
pub mod v3;
#[cfg(not(feature = "v3"))]
#[path = "v3/absent.rs"]
mod v3;

mod adapt;
#[cfg(feature = "client")]
mod client;
mod limits;
#[cfg(feature = "server")]
mod segments;
#[cfg(feature = "server")]
mod services;

pub use adapt::AdaptError;
#[cfg(feature = "client")]
pub use client::{Rpc, client, with_draft_names};
pub use limits::MessageLimits;
#[cfg(feature = "server")]
pub use segments::Segments;
#[cfg(feature = "server")]
pub use services::{Router, Services, services};

/// The compiled descriptors of `proto/`: a `FileDescriptorSet` in binary form.
#[cfg(feature = "descriptors")]
pub const DESCRIPTORS: &[u8] = include_bytes!("descriptors.bin");
