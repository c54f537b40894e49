//! A plugin and its host in one process, with a real connection between them.

use std::sync::Arc;

use graftwire_host::{Broker, Capabilities, Link, LinkError, LinkLayers, LinkOptions, LogBook, RpcChannel};
use graftwire_model::{Backend, PluginContext};
use graftwire_protocol::handshake::PortRange;
use graftwire_sdk::Plugin;
use graftwire_transport::tls::{Identity, PeerCertificate, Tls, TlsError};
use graftwire_transport::{
    BindError, BindOptions, Bound, Connection, DialError, MemoryListener, Traffic, bind, dial, memory,
};
use tokio::task::JoinHandle;

use crate::{Faults, Proxy, Transport, Wire};

/// How many log records of go-plugin's output service are kept.
const KEPT_RECORDS: usize = 100;

/// A plugin that is reached over a wire, encoding and decoding included.
#[derive(Debug)]
pub struct Pair {
    link: Link,
    server: Server,
    proxy: Option<Proxy>,
    // Goes last: the socket file is in it.
    _dir: Option<tempfile::TempDir>,
}

/// Why a pair could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// The plugin's side has no listener.
    #[error("the plugin's side can't listen")]
    Bind(#[from] BindError),
    /// The host's side can't reach it.
    #[error("the host's side can't connect")]
    Dial(#[from] DialError),
    /// The connection broke at once.
    #[error("the connection broke at once")]
    Link(#[from] LinkError),
    /// The ends do not trust each other.
    #[error("the connection can't be encrypted")]
    Tls(#[from] TlsError),
    /// No room for the socket file, or no memory connection.
    #[error("no connection can be made")]
    System(#[from] std::io::Error),
}

impl Pair {
    /// Serves a plugin over a wire and connects to it.
    ///
    /// # Errors
    /// [`PairError`], when the system refuses a socket.
    pub async fn open<I: Send + Sync + 'static>(plugin: Plugin<I>, wire: Wire) -> Result<Self, PairError> {
        Self::open_with(plugin, wire, LinkOptions::default()).await
    }

    /// The same with options for the host's side.
    ///
    /// # Errors
    /// [`PairError`], when the system refuses a socket.
    pub async fn open_with<I: Send + Sync + 'static>(
        plugin: Plugin<I>,
        wire: Wire,
        options: LinkOptions,
    ) -> Result<Self, PairError> {
        Self::make(plugin, wire, options, None).await
    }

    /// The same with faults on the connection.
    ///
    /// # Errors
    /// [`PairError`]: besides the system, a fault that strikes before anything was said.
    pub async fn open_through<I: Send + Sync + 'static>(
        plugin: Plugin<I>,
        wire: Wire,
        options: LinkOptions,
        faults: Faults,
    ) -> Result<Self, PairError> {
        Self::make(plugin, wire, options, Some(faults)).await
    }

    async fn make<I: Send + Sync + 'static>(
        plugin: Plugin<I>,
        wire: Wire,
        options: LinkOptions,
        faults: Option<Faults>,
    ) -> Result<Self, PairError> {
        let embedded = plugin.embedded(wire.version);
        let (host_tls, plugin_tls) = ends(wire.transport)?;
        let (connection, server, dir) = match wire.transport {
            Transport::Memory | Transport::AutoMtls => {
                let (dialer, listener) = memory();
                let connection = dialer.dial().await?;
                (connection, Server(tokio::spawn(serve_one(embedded, listener, plugin_tls))), None)
            }
            Transport::Multiplexed => {
                let (dialer, mut listener) = memory();
                let connection = dialer.dial().await?;
                let server = tokio::spawn(async move {
                    if let Some(connection) = listener.accept().await {
                        embedded.serve_multiplexed(connection).await;
                    }
                });
                (connection, Server(server), None)
            }
            Transport::Unix => {
                let dir = tempfile::tempdir()?;
                let place = dir.path().display().to_string();
                let bound = bind(&BindOptions::Unix { dir: Some(place), group: None }).await?;
                let (connection, server) = Self::listen(bound, embedded).await?;
                (connection, server, Some(dir))
            }
            Transport::Tcp => {
                let bound = bind(&BindOptions::Tcp(PortRange { min: 0, max: 0 })).await?;
                let (connection, server) = Self::listen(bound, embedded).await?;
                (connection, server, None)
            }
        };
        let (connection, proxy) = match faults {
            None => (connection, None),
            Some(faults) => {
                let (connection, proxy) = faults.around(connection).await?;
                (connection, Some(proxy))
            }
        };
        let connection = match host_tls {
            None => connection,
            Some(tls) => tls.connect(connection).await?,
        };
        let book = LogBook::new("pair", KEPT_RECORDS);
        let mut layers = LinkLayers::default();
        layers.multiplexed = wire.transport == Transport::Multiplexed;
        let link = Link::open_through(connection, wire.version, &options, layers, &book).await?;
        Ok(Self { link, server, proxy, _dir: dir })
    }

    async fn listen(
        bound: Bound,
        embedded: graftwire_sdk::Embedded,
    ) -> Result<(Connection, Server), PairError> {
        let (network, address) = (bound.network(), bound.address().to_owned());
        let server = Server(tokio::spawn(async move { embedded.serve_all(bound).await }));
        Ok((dial(network, &address).await?, server))
    }

    /// The plugin as its host sees it.
    #[must_use]
    pub fn backend(&self) -> Arc<dyn Backend> {
        self.link.backend()
    }

    /// What the host finds that the plugin can do.
    pub async fn capabilities(&self, context: &PluginContext) -> Capabilities {
        self.link.capabilities(context).await
    }

    /// The connection itself, for calls that [`Backend`] does not know.
    #[must_use]
    pub fn channel(&self) -> RpcChannel {
        self.link.channel()
    }

    /// The host's end of the broker.
    #[must_use]
    pub fn broker(&self) -> Broker {
        self.link.broker()
    }

    /// Bytes that crossed the connection.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        self.link.traffic()
    }

    /// Bytes that have passed the faults so far, to the plugin and to the host.
    #[must_use]
    pub fn passed(&self) -> (u64, u64) {
        self.proxy.as_ref().map(Proxy::passed).unwrap_or_default()
    }

    /// Whether the plugin's side has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.server.0.is_finished()
    }
}

/// What both sides put around the connection: each knows the other's certificate, as after a handshake.
fn ends(transport: Transport) -> Result<(Option<Tls>, Option<Tls>), TlsError> {
    if transport != Transport::AutoMtls {
        return Ok((None, None));
    }
    let (host, plugin) = (Identity::generate()?, Identity::generate()?);
    let host_end = Tls::new(&host, PeerCertificate::of_base64(&plugin.base64())?)?;
    Ok((Some(host_end), Some(Tls::new(&plugin, PeerCertificate::of_pem(&host.pem())?)?)))
}

async fn serve_one(embedded: graftwire_sdk::Embedded, mut listener: MemoryListener, tls: Option<Tls>) {
    let Some(connection) = listener.accept().await else { return };
    let connection = match tls {
        None => Ok(connection),
        Some(tls) => tls.accept(connection).await,
    };
    // Why it failed is told on the host's side.
    if let Ok(connection) = connection {
        embedded.serve(connection).await;
    }
}

/// The plugin's side, which ends with its pair, and when no pair comes of it.
#[derive(Debug)]
struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}
