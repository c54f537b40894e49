//! AutoMTLS on the plugin's side: the host's certificate in, the own one and the layer around connections out.
//!
//! It deliberately is a feature of its own: Grafana never asks for it, and a TLS library makes a plugin 2 MB larger.

use std::sync::Arc;

use graftwire_protocol::handshake::HostOffer;
use graftwire_transport::tls::{Identity, PeerCertificate, Tls, TlsError};

use super::{Layer, ServeError};

/// What a host asks for that wants TLS; `None` if it wants none.
pub(super) fn layer(offer: &HostOffer) -> Result<Option<Layer>, ServeError> {
    let Some(pem) = &offer.client_cert else { return Ok(None) };
    let make = || -> Result<Layer, TlsError> {
        let host = PeerCertificate::of_pem(pem)?;
        let own = Identity::generate()?;
        let tls = Tls::new(&own, host)?;
        Ok(Layer { secure: Arc::new(tls), certificate: own.base64() })
    };
    make().map(Some).map_err(|cause| ServeError::AutoMtls { cause: Box::new(cause) })
}
