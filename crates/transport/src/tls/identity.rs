//! The own key pair and certificate, made for one start of one process.
//!
//! It deliberately is never stored: who starts again makes a new one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P521_SHA512, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use super::{NAME, TlsError};

/// Who the certificate is made out to, besides `localhost`.
const ORGANIZATION: &str = "Graftwire";
/// How far clocks of the two ends may lie apart.
const LEEWAY: Duration = Duration::seconds(30);
/// go-plugin's choice: thirty years, more than any process lives.
const LIFETIME: Duration = Duration::hours(262_980);
/// Bytes of a serial number.
const SERIAL: usize = 16;
/// Characters in a line of PEM.
const PEM_LINE: usize = 64;

/// A key pair with its certificate, as go-plugin makes them: ECDSA P-521, self-signed, for `localhost`, for both roles.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Makes a new one. It takes some milliseconds of computing.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<Self, TlsError> {
        Self::valid(OffsetDateTime::now_utc() - LEEWAY, LIFETIME)
    }

    /// The same with a time of its own.
    pub(super) fn valid(from: OffsetDateTime, lifetime: Duration) -> Result<Self, TlsError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).map_err(TlsError::own)?;
        let mut params = CertificateParams::new(vec![NAME.to_owned()]).map_err(TlsError::own)?;
        params.distinguished_name.push(DnType::CommonName, NAME);
        params.distinguished_name.push(DnType::OrganizationName, ORGANIZATION);
        params.serial_number = Some(serial_number()?);
        params.not_before = from;
        params.not_after = from + lifetime;
        // Go's verifier wants a certificate that may sign itself.
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key).map_err(TlsError::own)?;
        Ok(Self {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }

    /// The certificate as a host announces it in `PLUGIN_CLIENT_CERT`.
    #[must_use]
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let lines =
            text.as_bytes().chunks(PEM_LINE).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
        format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    }

    /// The certificate as a plugin announces it in its handshake line: DER in base64 without padding.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD_NO_PAD.encode(&self.certificate)
    }

    pub(super) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

fn serial_number() -> Result<SerialNumber, TlsError> {
    let mut bytes = [0; SERIAL];
    aws_lc_rs::rand::fill(&mut bytes).map_err(TlsError::own)?;
    Ok(SerialNumber::from_slice(&bytes))
}
