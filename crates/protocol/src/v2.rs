//! App protocol version 2: package `pluginv2`.
//!
//! Inside this folder names are the proto's own. It deliberately holds no behaviour of a plugin or host: only
//! messages, their adapters, and the two ends of the services over [`graftwire_model::Backend`].

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::restriction, clippy::pedantic)]
pub mod generated;

mod redacted;

pub mod renderer;

pub mod from_wire;
#[cfg(feature = "server")]
pub mod to_segments;
pub mod to_wire;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod server;
