//! The PromQL engine beside other implementations of the language.

mod compare;
mod dataset;
mod debian;
mod expressions;
mod recorded;
mod server;
