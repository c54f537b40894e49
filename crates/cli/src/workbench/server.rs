//! Connections and requests: the accept loop of the workbench.
//!
//! It deliberately speaks HTTP/1.1 without TLS: it is meant for the machine it runs on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::guard::Guard;
use super::roster::Roster;
use super::routes;

/// How many connections are open at the same time; more wait.
const MAX_CONNECTIONS: usize = 256;
/// How long a client may take to send a request's headers.
const HEADER_PATIENCE: Duration = Duration::from_secs(15);
/// How large the headers of a request may be together: a stream's query stands in the address.
const MAX_HEADERS: usize = 256 * 1024;
/// How long to wait after the system could give no connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until it is dropped, and then drops every connection.
pub(super) async fn run(listener: TcpListener, roster: Arc<Roster>, guard: Guard) {
    let guard = Arc::new(guard);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (roster, guard) = (Arc::clone(&roster), Arc::clone(&guard));
                connections.spawn(async move {
                    connection(stream, roster, guard).await;
                    drop(place);
                });
            }
            // Too many open files, or a client that was gone again: neither is a reason to end.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, roster: Arc<Roster>, guard: Arc<Guard>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let (roster, guard) = (Arc::clone(&roster), Arc::clone(&guard));
        async move { Ok::<_, Infallible>(routes::answer(&roster, &guard, request).await) }
    });
    // How a connection ended is the client's affair.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
