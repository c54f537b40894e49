//! Byte stream → channel: what was negotiated around the bytes, and HTTP/2 on top.
//!
//! It deliberately keeps nothing: a [`super::Link`] holds the parts.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use graftwire_model::error_text;
use graftwire_protocol::handshake::HostOffer;
use graftwire_transport::{BindOptions, Broker, Connection, Secure, Side, multiplex};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::RpcChannel;
use super::fate::Fate;
use crate::logs::{Level, LogBook};
use crate::process::Task;

/// How much a plugin may send on one call, and on all together, before the host must have read it.
/// HTTP/2's own 64 KiB made a stream of 100 MB from a Go plugin take 2.7 times as long; more than this gained nothing.
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// The largest piece in which a plugin may send. HTTP/2's default of 16 KiB makes both sides call the system once for
/// each: 256 KiB took a third of the time off large answers.
const MAX_FRAME: u32 = 256 * 1024;
/// Headers of one answer, of which the error text is one.
const MAX_HEADER_LIST: u32 = 1024 * 1024;

/// How long a multiplexed connection may take to carry its first stream.
const SESSION: Duration = Duration::from_secs(5);

/// What was negotiated about the bytes of a connection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LinkLayers {
    /// Calls and the broker's connections are streams of the one connection. Default: no.
    pub multiplexed: bool,
    /// What goes around the calls' connection and each of the broker's. Default: nothing.
    pub secure: Option<Arc<dyn Secure>>,
    /// Where this end listens for the broker if nothing is multiplexed. Default: a socket file in the system's
    /// temporary directory, or any loopback port where there are no socket files.
    pub broker_sockets: BindOptions,
}

impl Default for LinkLayers {
    fn default() -> Self {
        let broker_sockets = BindOptions::for_offer(&HostOffer::default());
        Self { multiplexed: false, secure: None, broker_sockets }
    }
}

/// A session on the connection, and its first stream.
pub(super) async fn first_stream(
    connection: Connection,
    broker: &Broker,
    book: &LogBook,
) -> Result<(Connection, Task), LinkError> {
    let (session, mut inbound, driver) =
        multiplex(connection, Side::Dialing).map_err(LinkError::multiplex)?;
    broker.ride_on(session.clone());
    let book = book.clone();
    let driver = Task::spawn(async move {
        // Streams that nobody knocked for are dropped, which resets them: plugins have no reason to open any.
        let unasked = async { while inbound.next().await.is_some() {} };
        let (ended, ()) = tokio::join!(driver.run(), unasked);
        if let Err(error) = ended {
            book.remark(Level::Warn, error_text(&error));
        }
    });
    let stream = tokio::time::timeout(SESSION, session.open())
        .await
        .map_err(|_| LinkError::multiplex(io::Error::from(io::ErrorKind::TimedOut)))?
        .map_err(LinkError::multiplex)?;
    Ok((stream, driver))
}

/// HTTP/2 on a byte stream, and what moves its bytes: how it ended is told by the calls that were under way.
pub(super) async fn http2(
    stream: Connection,
) -> Result<(RpcChannel, impl Future<Output = ()> + Send + use<>), LinkError> {
    let (sender, driver) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(MAX_FRAME)
        .max_header_list_size(MAX_HEADER_LIST)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(LinkError::http2)?;
    let channel = RpcChannel {
        sender,
        observer: None,
        tap: None,
        draft_names: false,
        fate: Fate::default(),
        silence: None,
    };
    Ok((channel, async move { drop(driver.await) }))
}

impl RpcChannel {
    /// Calls over a byte stream, such as one that the broker made. The connection is closed when the last copy of the
    /// channel is gone.
    ///
    /// # Errors
    /// The connection broke before anything was said.
    pub async fn open(connection: Connection) -> Result<Self, LinkError> {
        let (channel, driver) = http2(connection).await?;
        tokio::spawn(driver);
        Ok(channel)
    }
}

/// The connection to a plugin did not come about.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct LinkError {
    what: &'static str,
    #[source]
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl LinkError {
    fn http2(cause: hyper::Error) -> Self {
        let what = "the plugin closed the connection at once, or does not speak HTTP/2";
        Self { what, cause: Box::new(cause) }
    }

    pub(super) fn secure(cause: io::Error) -> Self {
        Self { what: "the connection to the plugin could not be secured", cause: Box::new(cause) }
    }

    fn multiplex(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { what: "the connection to the plugin could not be multiplexed", cause: Box::new(cause) }
    }
}
