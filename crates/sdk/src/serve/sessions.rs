//! A connection that holds many streams, as go-plugin hosts ask for when they multiplex the broker: the first one carries
//! the host's calls, others belong to whoever the broker let in.
//!
//! It deliberately does not tell the first stream from later ones: a host that lost it opens another, and both carry calls.

use std::pin::pin;
use std::sync::Arc;

use graftwire_model::error_text;
use graftwire_protocol::Router;
use graftwire_transport::{Broker, Connection, Secure, Side, multiplex};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connections;

/// Serves until either side ends the connection. When the plugin closes, calls under way are finished first.
pub(super) async fn carry(
    connection: Connection,
    secure: Option<Arc<dyn Secure>>,
    broker: Broker,
    router: Router,
    mut closing: watch::Receiver<bool>,
) {
    let (session, mut inbound, driver) = match multiplex(connection, Side::Accepting) {
        Ok(parts) => parts,
        Err(error) => return tracing::warn!(error = %error, "a connection was refused"),
    };
    broker.ride_on(session.clone());
    let carrying = closing.clone();
    let mut streams = JoinSet::new();
    let serving = async {
        loop {
            tokio::select! {
                biased;
                // An error means that the server is gone, which is a reason to close too.
                _ = closing.wait_for(|closing| *closing) => break,
                Some(stream) = inbound.next() => {
                    let calls = connections::carry_inside(stream, secure.clone(), router.clone(), carrying.clone());
                    streams.spawn(calls);
                }
                Some(_) = streams.join_next() => {}
                else => break,
            }
        }
        while streams.join_next().await.is_some() {}
        session.close().await;
        // The rest is the driver's.
        std::future::pending::<()>().await;
    };
    let mut driver = pin!(driver.run());
    let ended = tokio::select! {
        ended = &mut driver => ended,
        () = serving => Ok(()),
    };
    if let Err(error) = ended {
        tracing::warn!(error = error_text(&error), "a multiplexed connection of the host ended badly");
    }
}
