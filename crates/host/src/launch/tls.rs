//! AutoMTLS on the host's side: the offer with the own certificate, and the layer once the plugin has answered with its
//! own.

use std::sync::Arc;

use graftwire_protocol::handshake::{HostOffer, Negotiated};
use graftwire_transport::Secure;
use graftwire_transport::tls::{Identity, PeerCertificate, Tls, TlsError};

use super::error::LaunchError;

/// The own half, until the plugin's is known.
pub(super) struct Offered(Identity);

/// Puts an own certificate into the offer, if TLS is wanted: a new one for each start, as go-plugin does.
pub(super) fn offer(wanted: bool, offer: &mut HostOffer) -> Result<Option<Offered>, LaunchError> {
    if !wanted {
        return Ok(None);
    }
    let identity = Identity::generate().map_err(|source| LaunchError::NoTls { source: Box::new(source) })?;
    offer.client_cert = Some(identity.pem());
    Ok(Some(Offered(identity)))
}

impl Offered {
    /// What goes around every connection to the plugin.
    pub(super) fn layer(&self, negotiated: &Negotiated) -> Result<Arc<dyn Secure>, TlsError> {
        // A line without one was refused before.
        let announced = negotiated.server_cert.as_deref().unwrap_or_default();
        let plugin = PeerCertificate::of_base64(announced)?;
        Ok(Arc::new(Tls::new(&self.0, plugin)?))
    }
}
