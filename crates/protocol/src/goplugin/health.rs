//! gRPC's standard health service.

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::restriction, clippy::pedantic)]
pub mod generated;
