//! Write Grafana backend plugins in Rust.
//!
//! A plugin is a type with one trait per capability ([`QueryData`], [`CheckHealth`], [`CallResource`],
//! [`StreamData`], …), attached with a plain builder. Which services are served and what the host is told follows
//! from what was attached; the handshake, protocol versions, instances, logging, metrics, panics and the end of the
//! process are the SDK's business.
//!
//! ```no_run
//! use graftwire_sdk::prelude::*;
//!
//! struct Dice;
//!
//! impl QueryData for Dice {
//!     async fn query(&self, _cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
//!         let frame = Frame::new("dice").with_field(Field::new("sides", vec![6_i64]));
//!         Ok(Answer::from(frame))
//!     }
//! }
//!
//! impl CheckHealth for Dice {
//!     async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
//!         Ok(health_ok("the dice are loaded"))
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Plugin::single("example-dice-datasource", Dice).query_data().check_health().serve()
//! }
//! ```
//!
//! It deliberately never asks for a protocol version: the same plugin answers every version compiled in.

#[cfg(feature = "v3")]
pub mod app;
pub mod blocking;
pub mod broker;
pub mod capability;
pub mod fault;
pub mod http_adapter;
pub mod instance;
pub mod interval;
pub mod limits;
pub mod logging;
pub mod settings;
pub mod sql;
pub mod telemetry;

mod build_info;
mod dispatch;
mod panics;
mod plugin;
mod query_types;
mod serve;

pub use build_info::BuildInfo;
pub use capability::{
    Admission, Answer, CallResource, CheckHealth, ChunkSender, CollectMetrics, Conversion, PacketSender,
    PublishStream, QueryChunked, QueryData, QueryError, Render, RequestContext, ResourceBody,
    ResourceResponse, StreamClosed, StreamData, health_error, health_ok, subscribe_ok, subscribe_ok_frame,
    subscribe_ok_json,
};
pub use graftwire_protocol::handshake::AppVersion;
pub use instance::{InstanceContext, InstanceError};
pub use limits::Limits;
pub use plugin::Plugin;
pub use query_types::{QueryHandler, QueryTypes};
pub use serve::{Embedded, ServeError, StandaloneError};

pub use graftwire_frame as frame;
pub use graftwire_model as model;
pub use graftwire_model::error_text;
pub use graftwire_protocol::objects;

/// What a plugin needs most of the time.
pub mod prelude {
    pub use crate::{
        Answer, CallResource, CheckHealth, ChunkSender, CollectMetrics, InstanceContext, InstanceError,
        PacketSender, Plugin, PublishStream, QueryChunked, QueryData, QueryError, RequestContext,
        ResourceResponse, StreamData, health_error, health_ok,
    };
    pub use graftwire_frame::{Field, Frame};
    pub use graftwire_model::{
        CallError, Code, ErrorSource, HealthResponse, HealthStatus, PublishRequest, PublishResponse, Query,
        ResourceRequest, RunStreamRequest, StreamStatus, SubscribeRequest, SubscribeResponse,
    };
}

/// The READMEs of the repository and of the crate, so that their examples are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
#[doc = include_str!("../README.md")]
pub struct Readme;
