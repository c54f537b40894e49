//! The peer's certificate, out of the text in which it was announced.
//!
//! It deliberately asks of it no more than what a connection needs: that it can be read, has a key of a kind that can
//! be verified here, and is valid now. Names and uses say nothing about a certificate that is trusted byte by byte.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::TlsError;

/// go-plugin writes no padding; who writes some is understood too.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// How many characters of a text that holds no certificate are shown.
const SHOWN: usize = 40;

/// The certificate that the other end announced.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    der: CertificateDer<'static>,
    /// Seconds since 1970.
    not_before: Duration,
    not_after: Duration,
    validity: String,
}

impl PeerCertificate {
    /// The host's certificate, from the content of `PLUGIN_CLIENT_CERT`.
    ///
    /// # Errors
    /// The text holds no certificate, or one that is of no use here.
    pub fn of_pem(text: &str) -> Result<Self, TlsError> {
        const PLACE: &str = "PLUGIN_CLIENT_CERT";
        let der =
            CertificateDer::from_pem_slice(text.as_bytes()).map_err(|source| TlsError::NoCertificate {
                place: PLACE,
                found: found(text),
                expected: "a PEM block CERTIFICATE",
                source: Box::new(source),
            })?;
        Self::of_der(PLACE, der)
    }

    /// The plugin's certificate, from the sixth field of its handshake line.
    ///
    /// # Errors
    /// The text holds no certificate, or one that is of no use here.
    pub fn of_base64(text: &str) -> Result<Self, TlsError> {
        const PLACE: &str = "the sixth field of the handshake line";
        let der = BASE64.decode(text).map_err(|source| TlsError::NoCertificate {
            place: PLACE,
            found: found(text),
            expected: "a certificate in base64",
            source: Box::new(source),
        })?;
        Self::of_der(PLACE, der.into())
    }

    fn of_der(place: &'static str, der: CertificateDer<'static>) -> Result<Self, TlsError> {
        let certificate = Certificate::from_der(&der).map_err(|source| TlsError::BadCertificate {
            place,
            bytes: der.len(),
            source: Box::new(source),
        })?;
        let content = certificate.tbs_certificate();
        let algorithm = &content.subject_public_key_info().algorithm;
        if !can_be_verified(algorithm) {
            return Err(TlsError::UnknownKey { place, found: name_of(algorithm) });
        }
        let validity = content.validity();
        let (not_before, not_after) =
            (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
        let validity = format!("from {} to {}", validity.not_before, validity.not_after);
        Ok(Self { der, not_before, not_after, validity })
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it is valid at a time.
    pub(super) fn check_validity(&self, now: SystemTime) -> Result<(), TlsError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        if (self.not_before..=self.not_after).contains(&now) {
            return Ok(());
        }
        Err(self.not_valid())
    }

    /// The same certificate, long expired.
    #[cfg(test)]
    pub(super) fn expired(self) -> Self {
        Self { not_after: Duration::ZERO, ..self }
    }

    pub(super) fn not_valid(&self) -> TlsError {
        TlsError::NotValidNow { validity: self.validity.clone() }
    }
}

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerCertificate")
            .field("bytes", &self.der.len())
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// Whether the TLS library has a verifier for a kind of key, curve included.
fn can_be_verified(algorithm: &AlgorithmIdentifierOwned) -> bool {
    /// Tag and length before the content, which is short.
    const HEADER: usize = 2;
    let Ok(der) = algorithm.to_der() else { return false };
    let content = der.get(HEADER..).unwrap_or_default();
    let known = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    known.iter().any(|known| known.public_key_alg_id().as_ref() == content)
}

/// A kind of key by its number in the register of object identifiers, and its curve if it has one.
fn name_of(algorithm: &AlgorithmIdentifierOwned) -> String {
    let curve = algorithm
        .parameters
        .as_ref()
        .and_then(|any| any.decode_as::<x509_cert::der::asn1::ObjectIdentifier>().ok());
    match curve {
        Some(curve) => format!("{} on curve {curve}", algorithm.oid),
        None => algorithm.oid.to_string(),
    }
}

fn found(text: &str) -> String {
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start:?} ({} bytes in all)", text.len())
}
