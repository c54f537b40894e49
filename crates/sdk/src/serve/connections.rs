//! Connections of the host: HTTP/2 on each, until the process ends.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use graftwire_protocol::Router;
use graftwire_transport::{Bound, Broker, Connection, Secure, Side};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::ending::{Ending, Reason};
use super::sessions;
use crate::limits::Limits;

/// How many calls one connection carries at once. Above the limit on live channels, so that this limit's clear error
/// is seen instead of a call that waits.
const CALLS_PER_CONNECTION: u32 = 16_384;
/// How many calls may be dropped before they were looked at until the connection counts as an attack. The library's 20
/// are few for a dashboard that somebody leaves, and all other calls of the connection would be lost; the other end
/// started this process.
const DROPPED_UNSEEN: usize = CALLS_PER_CONNECTION as usize;
/// How much of one call's request may be under way before it was read.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// The same for a whole connection.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// Trailers with error texts and headers with tokens fit.
const HEADER_BYTES: u32 = 64 * 1024;
/// How long to wait after the system refused a connection, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What was negotiated around the bytes of every connection.
#[derive(Clone, Default)]
pub(super) struct Around {
    pub(super) secure: Option<Arc<dyn Secure>>,
    /// Connections hold many streams, which this broker opens and takes too.
    pub(super) sessions: Option<Broker>,
}

/// Accepts and serves until the end is called for; then gives calls under way their grace. The socket file is gone
/// when this returns.
pub(super) async fn serve(
    bound: Bound,
    router: Router,
    limits: Limits,
    around: Around,
    ending: &Ending,
) -> Reason {
    let (close, closing) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut ended = pin!(ending.wait());
    let reason = loop {
        tokio::select! {
            biased;
            reason = &mut ended => break reason,
            accepted = bound.accept() => match accepted {
                Ok(connection) => {
                    connections.spawn(take(connection, around.clone(), router.clone(), closing.clone()));
                }
                Err(error) => {
                    tracing::warn!(error = %error, "a connection of the host was refused by the system");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    };
    drop(bound);
    // Fails only when there is no connection to tell.
    let _ = close.send(true);
    let all_done = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.shutdown_grace, all_done).await.is_err() {
        tracing::debug!(grace = ?limits.shutdown_grace, "calls under way were cut off");
    }
    reason
}

/// A connection as it came: many streams inside it, or itself, and the layer around each.
async fn take(connection: Connection, around: Around, router: Router, closing: watch::Receiver<bool>) {
    match around.sessions {
        Some(broker) => sessions::carry(connection, around.secure, broker, router, closing).await,
        None => carry_inside(connection, around.secure, router, closing).await,
    }
}

/// HTTP/2 inside the layer that was negotiated.
pub(super) async fn carry_inside(
    connection: Connection,
    secure: Option<Arc<dyn Secure>>,
    router: Router,
    closing: watch::Receiver<bool>,
) {
    let connection = match secure {
        None => connection,
        Some(secure) => match secure.secure(connection, Side::Accepting).await {
            Ok(connection) => connection,
            Err(error) => return tracing::warn!(error = %error, "a connection was refused"),
        },
    };
    carry(connection, router, closing).await;
}

pub(crate) async fn carry(connection: Connection, router: Router, mut closing: watch::Receiver<bool>) {
    let service = service_fn(move |request| {
        let answer = router.answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(CALLS_PER_CONNECTION)
        .max_pending_accept_reset_streams(DROPPED_UNSEEN)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(connection), service);
    let mut connection = pin!(connection);
    let closing = async move {
        // An error means that the server is gone, which is a reason to close too.
        let _ = closing.wait_for(|closing| *closing).await.is_ok();
    };
    let finished = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = closing => None,
    };
    let ended = match finished {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection of the host ended badly");
    }
}

/// Adds gRPC reflection for what is served.
#[cfg(feature = "reflection")]
pub(super) fn with_reflection(services: graftwire_protocol::Services) -> graftwire_protocol::Services {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(graftwire_protocol::DESCRIPTORS)
    };
    match (builder().build_v1(), builder().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => services.with(v1).with(v1alpha),
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(error = %error, "reflection is not served");
            services
        }
    }
}
