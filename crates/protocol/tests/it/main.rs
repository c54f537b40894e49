//! What the wire types are worth outside of this crate.
//!
//! | module | question |
//! |---|---|
//! | [`descriptors`] | is our `.proto` text what the Go libraries speak, field by field? |
//! | [`adapters`] | does every message survive wire → model → wire, and is junk refused? |
//! | [`goldens`] | do messages made by the Go SDK mean the same here, and go back as equal ones? |
//! | [`segments`] | does an answer in segments say what the message in one piece says? |
//! | [`v1`] | version 1: do requests, frames, series and tables survive both ways, and is junk its own query's error? |
//! | [`v3`] | version 3: are presence, unknown numbers and statuses read as they should be, and does nothing show in prints? |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod adapters;
mod descriptors;
mod goldens;
mod segments;
mod v1;
mod v3;
