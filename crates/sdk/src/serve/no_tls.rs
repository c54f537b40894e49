//! AutoMTLS left out of the build: a host that asks for it is told so.

use graftwire_protocol::handshake::HostOffer;

use super::{Layer, ServeError};

/// `None` if the host wants no TLS; there is no other way to go on.
pub(super) fn layer(offer: &HostOffer) -> Result<Option<Layer>, ServeError> {
    match offer.client_cert {
        None => Ok(None),
        Some(_) => Err(ServeError::NoAutoMtls),
    }
}
