//! Why a connection can't be made safe, in words for whoever runs the two ends.
//!
//! It deliberately tells the peer's faults from the own ones: the cure lies on the other side each time.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, Error as Cause, InvalidMessage};

use super::PeerCertificate;

type BoxedError = Box<dyn Error + Send + Sync>;

/// Why there is no TLS connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A text that should be a certificate is none.
    #[error("{place} holds no certificate: found {found}, expected {expected}")]
    NoCertificate {
        /// Where the text stands.
        place: &'static str,
        /// How it begins.
        found: String,
        /// What should be there.
        expected: &'static str,
        /// What the decoder said.
        source: BoxedError,
    },
    /// The certificate is damaged.
    #[error("the certificate in {place} can't be read: {bytes} bytes that are no X.509 certificate")]
    BadCertificate {
        /// Where it stands.
        place: &'static str,
        /// How long it is.
        bytes: usize,
        /// What the decoder said.
        source: BoxedError,
    },
    /// The certificate's key is of a kind that can't be verified here.
    #[error(
        "the certificate in {place} has a key of kind {found}, which can't be verified here; expected ECDSA on P-256, \
         P-384 or P-521, RSA or Ed25519"
    )]
    UnknownKey {
        /// Where it stands.
        place: &'static str,
        /// Object identifiers of the kind and the curve.
        found: String,
    },
    /// The certificate has expired, or is not valid yet.
    #[error(
        "the peer's certificate is valid {validity}, which is not now; start both ends anew, and look at the clock if \
         that does not help"
    )]
    NotValidNow {
        /// From when to when.
        validity: String,
    },
    /// The peer shows another certificate than the one it announced.
    #[error(
        "the peer showed another certificate than the one it announced; somebody else answers at its address, or it \
         was started anew"
    )]
    AnotherCertificate,
    /// The peer shows no certificate at all.
    #[error("the peer showed no certificate; both ends of AutoMTLS must show the one they announced")]
    NoCertificateShown,
    /// The peer does not hold the key of the certificate it shows.
    #[error("the peer does not hold the key of the certificate it showed")]
    WrongKey,
    /// What came is no TLS.
    #[error("the peer does not speak TLS; it takes this connection for an unencrypted one")]
    PlainText {
        /// What the TLS library said.
        source: BoxedError,
    },
    /// The peer refuses this end.
    #[error("the peer refused the TLS connection: {alert}")]
    Refused {
        /// The name of its reason in TLS.
        alert: String,
    },
    /// The connection ended in the middle of the handshake.
    #[error("the peer closed the connection during the TLS handshake")]
    Closed {
        /// What the system said.
        source: io::Error,
    },
    /// The peer did not do its part in time.
    #[error("the peer did not finish the TLS handshake within {patience:?}")]
    TooSlow {
        /// The time it had.
        patience: Duration,
    },
    /// Versions, algorithms or messages that don't fit.
    #[error("the TLS handshake failed")]
    Handshake {
        /// What the TLS library said.
        source: BoxedError,
    },
    /// This end's own key or certificate can't be made or used.
    #[error("no certificate of this end's own can be made")]
    Own {
        /// What the TLS library said.
        source: BoxedError,
    },
}

impl TlsError {
    pub(super) fn own(source: impl Into<BoxedError>) -> Self {
        Self::Own { source: source.into() }
    }

    /// What a failed handshake with `peer` means.
    pub(super) fn of_handshake(error: io::Error, peer: &PeerCertificate) -> Self {
        let Some(cause) = error.get_ref().and_then(|inner| inner.downcast_ref::<Cause>()) else {
            return Self::Closed { source: error };
        };
        match cause {
            Cause::InvalidCertificate(CertificateError::UnknownIssuer) => Self::AnotherCertificate,
            Cause::InvalidCertificate(CertificateError::Expired) => peer.not_valid(),
            Cause::InvalidCertificate(CertificateError::BadSignature) => Self::WrongKey,
            Cause::NoCertificatesPresented => Self::NoCertificateShown,
            Cause::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::PlainText { source: Box::new(cause.clone()) },
            Cause::AlertReceived(alert) => Self::Refused { alert: alert_name(*alert) },
            other => Self::Handshake { source: Box::new(other.clone()) },
        }
    }
}

fn alert_name(alert: AlertDescription) -> String {
    format!("{alert:?}")
}
