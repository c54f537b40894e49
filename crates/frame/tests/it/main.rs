//! Tests of the whole crate against files made by the Go SDK, and against itself.
//!
//! - [`golden`]: where those files are, and how they say to compare
//! - `interop`: record batches of arrow-rs (feature `arrow-interop`)
//! - [`protobuf`]: just enough of it for response files
//! - [`roundtrip`]: arbitrary frames through both codecs and back
//! - [`tree`]: JSON compared by value, numbers exactly
//! - [`answers`]: query responses, chunks, stream packets, and the tables of small helpers
//! - [`convert`]: long to wide and back, resampling
//! - [`damage`]: input that is broken or lies
//! - [`foreign`]: Arrow files that no plugin made
//! - [`frames`]: every frame, read and written in both formats
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answers;
mod convert;
mod damage;
mod foreign;
mod frames;
mod golden;
#[cfg(feature = "arrow-interop")]
mod interop;
mod protobuf;
mod roundtrip;
mod tree;
