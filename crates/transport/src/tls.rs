//! go-plugin's AutoMTLS: each end makes a key pair for one start, tells the other its certificate during the handshake,
//! and trusts exactly the certificate it was told.
//!
//! A host announces its certificate in PEM (`PLUGIN_CLIENT_CERT`), a plugin in the sixth field of its line. [`Tls`] then
//! wraps any [`Connection`]: as server where the connection was accepted, as client where it was dialed.
//!
//! It deliberately knows no certificate authority and no host name but `localhost`: this is for two processes on one
//! machine that have just spoken to each other.

mod certificate;
mod error;
mod identity;
mod pinned;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

pub use certificate::PeerCertificate;
pub use error::TlsError;
pub use identity::Identity;

use crate::{Connection, Secure, Side};
use pinned::Pinned;

/// How long a peer may take for its half of the TLS handshake.
const PATIENCE: Duration = Duration::from_secs(10);
/// What both ends speak inside. Go's gRPC insists on it since 1.67; a peer that does not say so is taken all the same.
const PROTOCOL: &[u8] = b"h2";
/// The name in every certificate of go-plugin.
const NAME: &str = "localhost";

/// Both roles of one end: its own certificate, and the one certificate it trusts. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    peer: PeerCertificate,
}

impl Tls {
    /// This end with `own` certificate, that trusts `peer` and nobody else. TLS 1.2 and 1.3.
    ///
    /// # Errors
    /// The peer's certificate is not valid now, or the TLS library refuses the own one.
    pub fn new(own: &Identity, peer: PeerCertificate) -> Result<Self, TlsError> {
        peer.check_validity(std::time::SystemTime::now())?;
        let provider = provider();
        let pinned = Arc::new(Pinned::new(peer.clone(), &provider));
        Ok(Self {
            acceptor: Arc::new(server(own, Arc::clone(&pinned), Arc::clone(&provider))?).into(),
            connector: Arc::new(client(own, pinned, provider)?).into(),
            peer,
        })
    }

    /// The TLS handshake on a connection that was accepted.
    ///
    /// # Errors
    /// [`TlsError`]; the connection is closed then.
    pub async fn accept(&self, connection: Connection) -> Result<Connection, TlsError> {
        self.finish(async { self.acceptor.accept(connection).await.map(TlsStream::Server) }).await
    }

    /// The TLS handshake on a connection that was dialed.
    ///
    /// # Errors
    /// [`TlsError`]; the connection is closed then. A TLS 1.3 server that doesn't like *this* end says so only when
    /// the connection is first read.
    pub async fn connect(&self, connection: Connection) -> Result<Connection, TlsError> {
        let name = ServerName::try_from(NAME).map_err(TlsError::own)?;
        self.finish(async { self.connector.connect(name, connection).await.map(TlsStream::Client) }).await
    }

    async fn finish(
        &self,
        handshake: impl Future<Output = io::Result<TlsStream<Connection>>>,
    ) -> Result<Connection, TlsError> {
        match tokio::time::timeout(PATIENCE, handshake).await {
            Ok(Ok(stream)) => Ok(Connection::carried("tls", stream)),
            Ok(Err(cause)) => Err(TlsError::of_handshake(cause, &self.peer)),
            Err(_) => Err(TlsError::TooSlow { patience: PATIENCE }),
        }
    }
}

impl Secure for Tls {
    fn secure(
        &self,
        connection: Connection,
        side: Side,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connection>> + Send>> {
        let tls = self.clone();
        Box::pin(async move {
            match side {
                Side::Accepting => tls.accept(connection).await,
                Side::Dialing => tls.connect(connection).await,
            }
            .map_err(io::Error::other)
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// aws-lc-rs: ring can't verify the P-521 keys that go-plugin makes.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn server(
    own: &Identity,
    pinned: Arc<Pinned>,
    provider: Arc<CryptoProvider>,
) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::own)?
        .with_client_cert_verifier(pinned)
        .with_single_cert(vec![own.certificate()], own.key())
        .map_err(TlsError::own)?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    // A resumed session would skip the look at the certificate, and there is one connection per process anyway.
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn client(
    own: &Identity,
    pinned: Arc<Pinned>,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, TlsError> {
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::own)?
        .dangerous()
        .with_custom_certificate_verifier(pinned)
        .with_client_auth_cert(vec![own.certificate()], own.key())
        .map_err(TlsError::own)?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}
