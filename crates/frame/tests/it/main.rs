//! Tests of the whole crate against files made by the Go SDK, and against itself.
//!
//! - [`golden`]: where those files are, and how they say to compare
//! - [`tree`]: JSON compared by value, numbers exactly
//! - [`frames`]: every frame, read and written in both formats
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod frames;
mod golden;
mod tree;
