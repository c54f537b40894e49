//! AutoMTLS left out of the build: who wants it is told so.

use std::convert::Infallible;
use std::sync::Arc;

use graftwire_protocol::handshake::{HostOffer, Negotiated};
use graftwire_transport::Secure;

use super::error::LaunchError;

/// Never made.
pub(super) struct Offered(Infallible);

pub(super) fn offer(wanted: bool, _offer: &mut HostOffer) -> Result<Option<Offered>, LaunchError> {
    if wanted {
        let source = "it is not in this build: the feature auto-mtls of graftwire-host brings it".into();
        return Err(LaunchError::NoTls { source });
    }
    Ok(None)
}

impl Offered {
    pub(super) fn layer(&self, _negotiated: &Negotiated) -> Result<Arc<dyn Secure>, Infallible> {
        match self.0 {}
    }
}
