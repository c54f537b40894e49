//! Live channels: subscribe, run, publish.

use bytes::Bytes;

use crate::{Headers, PluginContext};

/// Somebody wants to subscribe to a channel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SubscribeRequest {
    /// Who asks, and which data source or app.
    pub context: PluginContext,
    /// The path part of the channel `scope/namespace/path`.
    pub path: String,
    /// Payload of the subscription (usually the query as JSON); may be empty.
    pub data: Bytes,
    /// Headers, see [`Headers`].
    pub headers: Headers,
}

/// Whether the subscription is granted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscribeResponse {
    /// Granted or why not.
    pub status: StreamStatus,
    /// First data for the new subscriber: frame JSON or any JSON; empty = none.
    pub initial_data: Bytes,
}

/// Run a channel: one call per channel, however many subscribers it has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunStreamRequest {
    /// Who asks, and which data source or app.
    pub context: PluginContext,
    /// The path part of the channel.
    pub path: String,
    /// Payload of the first subscription; may be empty.
    pub data: Bytes,
    /// Headers, see [`Headers`].
    pub headers: Headers,
}

/// One message on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamPacket {
    /// One JSON text, usually frame JSON.
    pub data: Bytes,
}

/// Somebody wants to publish to a channel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PublishRequest {
    /// Who asks, and which data source or app.
    pub context: PluginContext,
    /// The path part of the channel.
    pub path: String,
    /// The JSON to publish.
    pub data: Bytes,
    /// Headers, see [`Headers`].
    pub headers: Headers,
}

/// Whether publishing is granted, and what is published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishResponse {
    /// Granted or why not.
    pub status: StreamStatus,
    /// What goes to the channel; empty = nothing is published, and the publisher still hears success.
    pub data: Bytes,
}

/// Whether a channel may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StreamStatus {
    /// Yes.
    #[default]
    Ok,
    /// There is no such channel.
    NotFound,
    /// Not by this user.
    PermissionDenied,
}
