//! The host against real processes.
//!
//! - `fake`: the plugins these tests run: scripts, and a real gRPC plugin
//! - `refusals`: everything that can be wrong with an executable or its handshake, and what the error says
//! - `output`: stdout and stderr of a plugin that prints too much, too long, or panics
//! - `broker`: connections beside the first one, plain and multiplexed, and peers that have none or lie
//! - `calls`: deadlines, metadata, limits, the wire's reports, processes that die in a call
//! - `capabilities`: what a plugin can do, and the three ways to say "not supported"
//! - `chunked`: answers in chunks put together, plugins without them, and chunks against the rules
//! - `go`: a plugin of Grafana's Go SDK
//! - `lifecycle`: environment, stop, drop, and nothing left behind
//! - `attach`: plugins that somebody else has started
//! - `tls`: AutoMTLS
//! - `supervision`: restarts, states, calls meanwhile, many plugins at once
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod attach;
mod broker;
mod calls;
mod capabilities;
mod chunked;
mod fake;
mod go;
mod lifecycle;
mod output;
mod refusals;
mod supervision;
mod tls;
