//! One connection, and how a host makes it.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use graftwire_protocol::handshake::Network;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A byte stream of any kind.
pub struct Connection(Kind);

enum Kind {
    #[cfg(unix)]
    Unix(UnixStream),
    Tcp(TcpStream),
    Memory(DuplexStream),
    Carried(&'static str, Box<dyn Carried>),
}

/// A stream that runs inside another one, such as TLS or one of many over one connection.
trait Carried: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Carried for S {}

/// Connects to the address of a handshake line.
///
/// # Errors
/// [`DialError`] with the address and what the system said.
pub async fn dial(network: Network, address: &str) -> Result<Connection, DialError> {
    let failed = |cause| DialError { network, address: address.to_owned(), cause };
    match network {
        Network::Tcp => {
            TcpStream::connect(with_host(address).as_ref()).await.and_then(Connection::tcp).map_err(failed)
        }
        #[cfg(unix)]
        Network::Unix => UnixStream::connect(address).await.map(Connection::unix).map_err(failed),
        #[cfg(not(unix))]
        Network::Unix => Err(failed(io::Error::from(io::ErrorKind::Unsupported))),
    }
}

/// Go takes `:port` for a port of this machine.
pub(crate) fn with_host(address: &str) -> Cow<'_, str> {
    match address.strip_prefix(':') {
        Some(port) => format!("127.0.0.1:{port}").into(),
        None => address.into(),
    }
}

/// A plugin's address that nobody answers at.
#[derive(Debug, thiserror::Error)]
#[error("can't connect to {network} address {address:?}")]
pub struct DialError {
    /// The kind of address.
    pub network: Network,
    /// The address.
    pub address: String,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

impl Connection {
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self(Kind::Tcp(stream)))
    }

    #[cfg(unix)]
    pub(crate) const fn unix(stream: UnixStream) -> Self {
        Self(Kind::Unix(stream))
    }

    pub(crate) const fn memory(stream: DuplexStream) -> Self {
        Self(Kind::Memory(stream))
    }

    /// A connection inside another one; `kind` names it in debug prints.
    pub fn carried(kind: &'static str, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Kind::Carried(kind, Box::new(stream)))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            #[cfg(unix)]
            Kind::Unix(_) => "unix",
            Kind::Tcp(_) => "tcp",
            Kind::Memory(_) => "memory",
            Kind::Carried(kind, _) => kind,
        };
        write!(f, "Connection({kind})")
    }
}

macro_rules! each {
    ($self:ident, $stream:ident => $call:expr) => {
        match &mut $self.get_mut().0 {
            #[cfg(unix)]
            Kind::Unix($stream) => $call,
            Kind::Tcp($stream) => $call,
            Kind::Memory($stream) => $call,
            Kind::Carried(_, $stream) => $call,
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            #[cfg(unix)]
            Kind::Unix(stream) => stream.is_write_vectored(),
            Kind::Tcp(stream) => stream.is_write_vectored(),
            Kind::Memory(stream) => stream.is_write_vectored(),
            Kind::Carried(_, stream) => stream.is_write_vectored(),
        }
    }
}
