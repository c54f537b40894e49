//! Prove a plugin: the same plugin over every protocol version and every kind of connection, or as a process.
//!
//! ```
//! use graftwire_model::{CallContext, Capability, HealthRequest, HealthStatus};
//! use graftwire_sdk::prelude::*;
//! use graftwire_testkit::{Pair, Wire};
//!
//! struct Fine;
//!
//! impl CheckHealth for Fine {
//!     async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
//!         Ok(health_ok("fine"))
//!     }
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! # runtime.block_on(async {
//! for wire in Wire::carrying(Capability::CheckHealth) {
//!     let plugin = Plugin::single("example-fine-datasource", Fine).check_health();
//!     let pair = Pair::open(plugin, wire).await.unwrap();
//!     let health = pair.backend().check_health(CallContext::new(), HealthRequest::default()).await.unwrap();
//!     assert_eq!(health.status, HealthStatus::Ok);
//! }
//! # });
//! ```
//!
//! It deliberately holds no assertions of its own: it makes plugins reachable, and tests say what they expect.

pub mod broker;
pub mod go;

mod fault;
mod load;
mod pair;
mod wire;

pub use fault::{Fault, Faults, Proxy};
pub use load::{Answered, Ask, Footprint, LoadReport, Patience, Question, load, load_time};
pub use pair::{Pair, PairError};
pub use wire::{Transport, Wire};

/// The page on writing a plugin, so that its examples are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/write-a-plugin.md")]
pub struct WriteAPlugin;
