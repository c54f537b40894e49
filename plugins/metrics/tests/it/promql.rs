//! The PromQL engine beside other implementations of the language.

pub(crate) mod compare;
mod dataset;
mod debian;
mod expressions;
mod recorded;
pub(crate) mod server;
