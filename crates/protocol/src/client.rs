//! The host's choice of client for what was negotiated.

use std::sync::Arc;

use bytes::Bytes;
use graftwire_model::Backend;
use http_body::Body;

use crate::handshake::AppVersion;
use crate::{MessageLimits, v2};

/// A channel that can carry gRPC calls: cheap to clone, usable from any task.
pub trait Rpc:
    tonic::client::GrpcService<
        tonic::body::Body,
        ResponseBody: Body<Data = Bytes, Error: Into<BoxedError> + Send> + Send + 'static,
        Future: Send,
        Error: Into<BoxedError>,
    > + Clone
    + Send
    + Sync
    + 'static
{
}

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

impl<T> Rpc for T where
    T: tonic::client::GrpcService<
            tonic::body::Body,
            ResponseBody: Body<Data = Bytes, Error: Into<BoxedError> + Send> + Send + 'static,
            Future: Send,
            Error: Into<BoxedError>,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

/// The client of a negotiated version over a channel.
#[must_use]
pub fn client<T: Rpc>(version: AppVersion, channel: T, limits: MessageLimits) -> Arc<dyn Backend> {
    match version {
        #[cfg(feature = "v1")]
        AppVersion::PluginV1 => Arc::new(crate::v1::client::Client::new(channel, limits)),
        AppVersion::PluginV2 => Arc::new(v2::client::Client::new(channel, limits)),
    }
}

/// A call under the name that its service had in the draft of version 3 (package `plugin.v3`); any other as it is. For
/// channels to plugins that serve the draft.
#[must_use]
pub fn with_draft_names<B>(request: http::Request<B>) -> http::Request<B> {
    crate::v3::draft::asked(request)
}
