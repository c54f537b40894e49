//! Connections between plugin and host beside the first one, in either direction, by an id that both ends know.
//!
//! A host for which this is meant comes with its own services: Grafana uses none. One end accepts an id and tells it to
//! the other in a call, such as a resource; the other dials it. What runs over the [`Connection`] is theirs, gRPC as a
//! rule: [`serve`] answers calls on an accepted id, and on a dialed one any gRPC client works that takes a byte stream
//! (with tonic's `transport`: `Endpoint::connect_with_connector`).
//!
//! ```no_run
//! use graftwire_sdk::broker::{self, Broker, Services};
//! use graftwire_sdk::prelude::*;
//!
//! struct Source {
//!     broker: Broker,
//! }
//!
//! impl CallResource for Source {
//!     async fn call_resource(
//!         &self,
//!         _cx: &RequestContext,
//!         _request: ResourceRequest,
//!     ) -> Result<ResourceResponse, CallError> {
//!         let id = self.broker.next_id();
//!         let unavailable = |error: broker::BrokerError| CallError::new(Code::Unavailable, error.to_string());
//!         let listener = self.broker.accept(id).await.map_err(unavailable)?;
//!         // `.with(...)` what tonic made of your service.
//!         tokio::spawn(broker::serve(listener, Services::new()));
//!         Ok(ResourceResponse::new(200, "text/plain", id.to_string()))
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     let broker = Broker::new();
//!     let source = Source { broker: broker.clone() };
//!     Plugin::single("example-talking-datasource", source).call_resource().broker(broker).serve()
//! }
//! ```
//!
//! | | |
//! |---|---|
//! | ids | 1, 2, … from [`Broker::next_id`], counted by each end for itself; up to 256 accepted and 256 dialed at once |
//! | patience | 5 s for the host to open the broker's stream, to accept a dialed id, to answer a knock |
//! | sockets | a file beside the plugin's own for each accepted id, gone with its listener; none if the host multiplexes |
//! | multiplexing | with the feature `multiplex`, if the host asks for it; at most 256 streams at once |
//! | TLS | what was negotiated for the first connection holds for all |
//!
//! It deliberately starts nothing by itself: an id is accepted as long as its listener lives.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use graftwire_protocol::Services;
pub use graftwire_transport::{Broker, BrokerError, BrokerListener, Connection};

use crate::serve::connections;

/// How long to wait after the system refused a connection, for instance for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers calls of whoever comes to an accepted id, until the broker and the connections have ended, or the future is
/// dropped.
pub async fn serve(listener: BrokerListener, services: Services) {
    let router = services.into_router();
    let (_open, closing) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok(connection) => {
                connections.spawn(connections::carry(connection, router.clone(), closing.clone()));
            }
            Err(error @ (BrokerError::Secure { .. } | BrokerError::Accept(_))) => {
                tracing::warn!(error = %error, "a connection of the broker was refused");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                tracing::debug!(error = %error, id = listener.id(), "an id of the broker is accepted no longer");
                break;
            }
        }
    }
    // Calls under way end with their connections.
    while connections.join_next().await.is_some() {}
}
