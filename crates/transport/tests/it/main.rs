//! The byte streams, from outside.
//!
//! - `listen`: socket files appear with the right mode and group and go away; port ranges; every refusal
//! - `dial`: connecting to what is there and to what is not
//! - `broker`: further connections by id, with listeners of their own and multiplexed; every refusal; bounds

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod broker;
mod dial;
mod listen;
