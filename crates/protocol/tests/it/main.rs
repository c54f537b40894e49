//! What the wire types are worth outside of this crate.
//!
//! | module | question |
//! |---|---|
//! | [`descriptors`] | is our `.proto` text what the Go libraries speak, field by field? |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod descriptors;
