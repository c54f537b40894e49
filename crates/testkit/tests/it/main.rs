//! The whole way: host → client → wire → server → dispatcher → plugin, and the process around the plugin.
//!
//! - `app`: an app's admission, conversion and routes over every version and kind of connection
//! - `app_go`: the same against a Go host with tokens, and against a Go app
//! - `wires`: one plugin over every version and kind of connection, every call; errors keep code, text and origin
//! - `broker`: connections beside the first one in both directions: plain, multiplexed, with TLS
//! - `context`: what every request carries, field by field and call by call; first data of channels, publishing
//! - `matrix`: every call of every version over every kind of connection, between Rust and Go either way, as one table
//! - `objects`: admission and conversion: settings as objects, sizes, what answers leave unsaid
//! - `broker_go`: the same against go-plugin's host and go-plugin's plugins
//! - `faults`: connections that are cut, stalled, spoiled or slow at any byte; cancelled calls; slow readers
//! - `go_host`: a host in Go over AutoMTLS, attached to a running plugin, and led to one under a debugger
//! - `go_v1`: version 1 with go-plugin on the other side, both ways
//! - `leftovers`: processes that are killed, stopped, cancelled or left alone in the middle of calls: nothing stays
//! - `printing`: much on standard output, and hosts that read it slowly or not at all
//! - `process`: a plugin's process from handshake to end: signals, orphans, prints, panics, log lines, by hand
//! - `standalone`: a plugin under a debugger, and hosts that are led to it

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod app;
mod app_go;
mod broker;
mod broker_go;
mod context;
mod faults;
mod go_host;
mod go_v1;
mod leftovers;
mod matrix;
mod objects;
mod printing;
mod process;
mod standalone;
mod wires;
