#![doc = include_str!("../README.md")]
//!
//! It deliberately never asks for a protocol version: what was negotiated goes to `graftwire-protocol`, and a
//! `Backend` comes back.

mod attach;
mod chunked;
mod forward;
mod launch;
mod link;
mod logs;
mod plugin;
mod process;
mod spec;
mod supervisor;

pub use attach::{AttachError, Attachment};
pub use chunked::{ChunkedAnswer, query_chunked_or_plain};
pub use graftwire_transport::{Broker, BrokerError, BrokerListener, Connection};
pub use launch::{LaunchError, LaunchOptions, Program, SocketDirectory};
pub use link::{
    CallObserver, CallReport, CallTap, Capabilities, GrpcHealth, Link, LinkError, LinkLayers, LinkOptions,
    Outcome, Pulse, RpcChannel, Support, TappedCall,
};
pub use logs::{Channel, DEFAULT_KEPT_RECORDS, Level, LogBook, LogFeed, LogRecord, StderrTail};
pub use plugin::{Plugin, StopReport};
pub use process::{Exit, Usage};
pub use spec::{PluginSpec, SpecError, file_name, goarch, goos};
pub use supervisor::{RestartPolicy, State, StateFeed, Supervisor, start_all};
