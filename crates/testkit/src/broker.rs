//! What tests have both ends do with go-plugin's broker: serve the health service under an id, and ask for it there.
//!
//! It deliberately knows no id: whoever dials and accepts does.

use std::sync::Arc;

use graftwire_host::RpcChannel;
use graftwire_model::{CallError, Code, ReplyStream, error_text};
use graftwire_protocol::goplugin::server::{Control, ControlEvents, HealthService};
use graftwire_protocol::goplugin::{self, StdioChannel};
use graftwire_sdk::broker::Services;
use graftwire_transport::Connection;

/// go-plugin's health service, which says that `plugin` is serving.
#[must_use]
pub fn health() -> Services {
    struct Quiet;
    impl ControlEvents for Quiet {
        fn shutdown(&self) {}
        fn stdio(&self) -> ReplyStream<(StdioChannel, bytes::Bytes)> {
            ReplyStream::from_items([])
        }
    }
    let health = HealthService::new(Control::new(Arc::new(Quiet)));
    Services::new().with(goplugin::health::generated::health_server::HealthServer::new(health))
}

/// Asks whoever is at the other end of a dialed connection.
///
/// # Errors
/// No gRPC is spoken there, or the call fails.
pub async fn is_serving(connection: Connection) -> Result<bool, CallError> {
    let channel = RpcChannel::open(connection).await;
    let channel = channel.map_err(|error| CallError::new(Code::Unavailable, error_text(&error)))?;
    goplugin::client::ping(channel).await
}
