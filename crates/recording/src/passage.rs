//! Host → listener → connection to a plugin: every call is passed on as it comes, known or not.
//!
//! Metadata, messages, deadlines, cancellation and statuses pass; HTTP/2's own settings are each side's. It deliberately
//! decodes nothing: whoever wants to see calls taps the connection to the plugin.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use graftwire_host::RpcChannel;
use graftwire_transport::{Bound, Connection};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::task::JoinSet;
use tonic::body::Body;
use tower_service::Service as _;

/// As much as a plugin of ours takes, so that a passage is never the narrower place.
const CALLS_PER_CONNECTION: u32 = 16_384;
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
const HEADER_BYTES: u32 = 1024 * 1024;
/// How long to wait after the system refused a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Passes on what hosts ask at a listener.
#[derive(Debug)]
pub struct Passage {
    bound: Bound,
    channel: RpcChannel,
}

impl Passage {
    /// A passage from a listener to a plugin.
    #[must_use]
    pub const fn new(bound: Bound, channel: RpcChannel) -> Self {
        Self { bound, channel }
    }

    /// Passes on calls until `end` is there; those under way get `grace` to come to theirs. The socket file is gone when
    /// this returns.
    pub async fn serve(self, end: impl Future<Output = ()>, grace: Duration) {
        let Self { bound, channel } = self;
        let mut connections = JoinSet::new();
        let mut end = pin!(end);
        loop {
            tokio::select! {
                biased;
                () = &mut end => break,
                accepted = bound.accept() => match accepted {
                    Ok(connection) => {
                        connections.spawn(carry(connection, channel.clone()));
                    }
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(bound);
        let all = async { while connections.join_next().await.is_some() {} };
        // Who is not done by then is cut off.
        let _ = tokio::time::timeout(grace, all).await;
    }
}

async fn carry(connection: Connection, channel: RpcChannel) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut channel = channel.clone();
        async move { Ok::<_, Infallible>(passed_on(&mut channel, request).await) }
    });
    // How it ended is told by the calls that were under way.
    let _ = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(CALLS_PER_CONNECTION)
        .max_pending_accept_reset_streams(CALLS_PER_CONNECTION as usize)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

async fn passed_on(channel: &mut RpcChannel, request: Request<Incoming>) -> Response<Body> {
    match channel.call(request.map(Body::new)).await {
        Ok(response) => response,
        Err(status) => status.into_http(),
    }
}
