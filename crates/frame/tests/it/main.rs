//! Tests of the whole crate against files made by the Go SDK, and against itself.
//!
//! - [`golden`]: where those files are, and how they say to compare
//! - [`protobuf`]: just enough of it for response files
//! - [`tree`]: JSON compared by value, numbers exactly
//! - [`answers`]: query responses, chunks, stream packets, and the tables of small helpers
//! - [`convert`]: long to wide and back, resampling
//! - [`damage`]: input that is broken or lies
//! - [`frames`]: every frame, read and written in both formats
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answers;
mod convert;
mod damage;
mod frames;
mod golden;
mod protobuf;
mod tree;
