//! Every way in which two ends can fail to trust each other, and what each says.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::sign::{CertifiedKey, SingleCertAndKey};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::memory;

/// Made by Go as go-plugin does it.
const OF_GO: &str = include_str!("../../test-data/go.pem");
/// A key on a curve that TLS has no name for.
const ODD_CURVE: &str = include_str!("../../test-data/secp256k1.pem");

fn announced(identity: &Identity) -> PeerCertificate {
    PeerCertificate::of_base64(&identity.base64()).unwrap()
}

/// Two ends, each with what it was told of the other.
fn ends(host: &Identity, plugin: &Identity) -> (Tls, Tls) {
    let host_end = Tls::new(host, announced(plugin)).unwrap();
    (host_end, Tls::new(plugin, PeerCertificate::of_pem(&host.pem()).unwrap()).unwrap())
}

async fn pair() -> (Connection, Connection) {
    let (dialer, mut listener) = memory();
    let near = dialer.dial().await.unwrap();
    (near, listener.accept().await.unwrap())
}

/// What both ends make of a handshake; the host dials.
async fn meet(host: &Tls, plugin: &Tls) -> (Result<Connection, TlsError>, Result<Connection, TlsError>) {
    let (near, far) = pair().await;
    tokio::join!(host.connect(near), plugin.accept(far))
}

fn text(error: &TlsError) -> String {
    error.to_string()
}

#[tokio::test]
async fn two_ends_that_were_told_of_each_other_speak() {
    let (host, plugin) = ends(&Identity::generate().unwrap(), &Identity::generate().unwrap());
    let (near, far) = meet(&host, &plugin).await;
    let (mut near, mut far) = (near.unwrap(), far.unwrap());
    near.write_all(b"question").await.unwrap();
    near.flush().await.unwrap();
    let mut read = [0; 8];
    far.read_exact(&mut read).await.unwrap();
    far.write_all(b"answer").await.unwrap();
    far.shutdown().await.unwrap();
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    assert_eq!((&read, answer.as_slice()), (b"question", b"answer".as_slice()));
    // The other way round, as broker connections may be.
    let (near, far) = meet(&plugin, &host).await;
    assert!(near.is_ok() && far.is_ok());
}

#[test]
fn the_certificate_is_as_go_plugin_makes_it() {
    use x509_cert::Certificate;
    use x509_cert::der::Decode as _;
    use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};

    let own = Identity::generate().unwrap();
    let own = Certificate::from_der(&own.certificate()).unwrap();
    let go = PeerCertificate::of_pem(OF_GO).unwrap();
    let go = Certificate::from_der(go.der()).unwrap();
    let (own, go) = (own.tbs_certificate(), go.tbs_certificate());
    assert_eq!(own.subject_public_key_info().algorithm, go.subject_public_key_info().algorithm);
    let alike = |own: Option<String>, go: Option<String>| assert_eq!(own.unwrap(), go.unwrap());
    let shown = |content: &x509_cert::TbsCertificate| {
        let names = content.get_extension::<SubjectAltName>().unwrap().map(|(_, found)| format!("{found:?}"));
        let uses = content.get_extension::<KeyUsage>().unwrap().map(|(_, found)| format!("{:?}", found.0));
        let mut roles = content.get_extension::<ExtendedKeyUsage>().unwrap().unwrap().1.0;
        roles.sort();
        let ca = content.get_extension::<BasicConstraints>().unwrap().map(|(_, found)| found.ca.to_string());
        [names, uses, Some(format!("{roles:?}")), ca]
    };
    for (own, go) in shown(own).into_iter().zip(shown(go)) {
        alike(own, go);
    }
    let lifetime = |content: &x509_cert::TbsCertificate| {
        let validity = content.validity();
        (validity.not_after.to_unix_duration() - validity.not_before.to_unix_duration()).as_secs()
    };
    assert_eq!(lifetime(own), 262_980 * 3600);
    assert!(lifetime(go).abs_diff(lifetime(own)) <= 30);
    let started = own.validity().not_before.to_unix_duration();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert!((25..60).contains(&(now - started).as_secs()), "{started:?} {now:?}");
    let serial = |identity: Identity| {
        Certificate::from_der(&identity.certificate()).unwrap().tbs_certificate().serial_number().clone()
    };
    assert_ne!(serial(Identity::generate().unwrap()), serial(Identity::generate().unwrap()));
}

#[test]
fn texts_that_are_no_certificates_say_where_and_what() {
    for (pem, wanted) in [
        (
            "true",
            "PLUGIN_CLIENT_CERT holds no certificate: found \"true\" (4 bytes in all), expected a PEM block",
        ),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n", "PLUGIN_CLIENT_CERT holds no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
            "PLUGIN_CLIENT_CERT holds no certificate",
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
            "PLUGIN_CLIENT_CERT holds no certificate",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "the certificate in PLUGIN_CLIENT_CERT can't be read: 3 bytes that are no X.509 certificate",
        ),
    ] {
        let error = text(&PeerCertificate::of_pem(pem).unwrap_err());
        assert!(error.starts_with(wanted), "{error}");
    }
    let field = "the sixth field of the handshake line";
    let error = text(&PeerCertificate::of_base64(&"?".repeat(60)).unwrap_err());
    assert!(error.starts_with(&format!("{field} holds no certificate: found")), "{error}");
    let error = text(&PeerCertificate::of_base64(&"A".repeat(60)).unwrap_err());
    assert_eq!(
        error,
        format!("the certificate in {field} can't be read: 45 bytes that are no X.509 certificate")
    );
    // Cut in the middle.
    let whole = Identity::generate().unwrap().base64();
    let error = text(&PeerCertificate::of_base64(whole.get(..whole.len() / 8 * 4).unwrap()).unwrap_err());
    assert!(error.contains("can't be read"), "{error}");
    // Padding is not wanted and does no harm.
    let padded = format!("{whole}{}", "=".repeat((4 - whole.len() % 4) % 4));
    assert_eq!(PeerCertificate::of_base64(&padded).unwrap(), PeerCertificate::of_base64(&whole).unwrap());
}

#[test]
fn a_key_on_an_unknown_curve_is_named() {
    let error = text(&PeerCertificate::of_pem(ODD_CURVE).unwrap_err());
    assert!(error.contains("1.2.840.10045.2.1 on curve 1.3.132.0.10") && error.contains("P-521"), "{error}");
}

#[test]
fn certificates_out_of_their_time_are_refused_before_anything_is_said() {
    let own = Identity::generate().unwrap();
    let day = Duration::days(1);
    for (from, lifetime) in [(-2 * day, day), (day, day)] {
        let peer = Identity::valid(OffsetDateTime::now_utc() + from, lifetime).unwrap();
        let error = Tls::new(&own, announced(&peer)).unwrap_err();
        assert!(matches!(error, TlsError::NotValidNow { .. }), "{error}");
        assert!(
            text(&error).contains("valid from 20") && text(&error).contains("look at the clock"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_expires_while_the_process_runs_is_refused_too() {
    let (host, plugin) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let soon = announced(&plugin).expired();
    let pinned = Pinned::new(soon.clone(), &provider());
    let connector = Arc::new(client(&host, Arc::new(pinned), provider()).unwrap()).into();
    let (near, far) = pair().await;
    let (right, plugin) = ends(&host, &plugin);
    let host = Tls { connector, peer: soon, ..right };
    let (error, _) = tokio::join!(host.connect(near), plugin.accept(far));
    assert!(matches!(error.unwrap_err(), TlsError::NotValidNow { .. }));
}

#[tokio::test]
async fn another_certificate_is_refused_by_either_end() {
    let (host, plugin, other) =
        (Identity::generate().unwrap(), Identity::generate().unwrap(), Identity::generate().unwrap());
    // The plugin shows another one than the host was told.
    let (deceived, _) = ends(&host, &other);
    let (_, right) = ends(&host, &plugin);
    let (host_says, plugin_says) = meet(&deceived, &right).await;
    assert!(matches!(host_says.unwrap_err(), TlsError::AnotherCertificate));
    let refused = plugin_says.unwrap_err();
    assert!(matches!(refused, TlsError::Refused { .. }), "{refused}");
    assert!(text(&refused).starts_with("the peer refused the TLS connection: "), "{refused}");
    // The host shows another one than the plugin was told; a TLS 1.3 client learns of it when it reads.
    let stranger = Tls::new(&other, announced(&plugin)).unwrap();
    let (host_says, plugin_says) = meet(&stranger, &right).await;
    assert!(matches!(plugin_says.unwrap_err(), TlsError::AnotherCertificate));
    assert!(host_says.unwrap().read_u8().await.is_err());
}

#[tokio::test]
async fn who_shows_a_certificate_must_hold_its_key() {
    let (host, plugin, thief) =
        (Identity::generate().unwrap(), Identity::generate().unwrap(), Identity::generate().unwrap());
    let (host_end, plugin_end) = ends(&host, &plugin);
    let stolen = CertifiedKey::new(
        vec![plugin.certificate()],
        provider().key_provider.load_private_key(thief.key()).unwrap(),
    );
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(stolen)));
    let (near, far) = pair().await;
    let (error, _) = tokio::join!(host_end.connect(near), TlsAcceptor::from(Arc::new(config)).accept(far));
    assert!(matches!(error.unwrap_err(), TlsError::WrongKey));
    drop(plugin_end);
}

#[tokio::test]
async fn a_host_that_shows_no_certificate_is_refused() {
    let (host, plugin) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let (_, plugin_end) = ends(&host, &plugin);
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned::new(announced(&plugin), &provider())))
        .with_no_client_auth();
    let (near, far) = pair().await;
    let name = ServerName::try_from(NAME).unwrap();
    let (_, error) =
        tokio::join!(TlsConnector::from(Arc::new(config)).connect(name, near), plugin_end.accept(far));
    assert!(matches!(error.unwrap_err(), TlsError::NoCertificateShown));
}

#[tokio::test]
async fn a_peer_without_tls_is_told_from_one_that_hangs_up() {
    let (host, plugin) = ends(&Identity::generate().unwrap(), &Identity::generate().unwrap());
    // A host that speaks HTTP/2 at once, and a plugin that does.
    let (mut near, far) = pair().await;
    near.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let error = plugin.accept(far).await.unwrap_err();
    assert!(matches!(error, TlsError::PlainText { .. }), "{error:?}");
    let (near, mut far) = pair().await;
    far.write_all(b"\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let error = host.connect(near).await.unwrap_err();
    assert!(matches!(error, TlsError::PlainText { .. }), "{error:?}");

    let (near, far) = pair().await;
    drop(far);
    let error = host.connect(near).await.unwrap_err();
    assert!(matches!(error, TlsError::Closed { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_is_given_up() {
    let (host, _) = ends(&Identity::generate().unwrap(), &Identity::generate().unwrap());
    let (near, _far) = pair().await;
    let error = host.connect(near).await.unwrap_err();
    assert_eq!(text(&error), "the peer did not finish the TLS handshake within 10s");
}

#[test]
fn keys_never_show_in_debug() {
    let identity = Identity::generate().unwrap();
    assert_eq!(format!("{identity:?}"), "Identity { .. }");
    let shown = format!("{:?}", Tls::new(&identity, announced(&identity)).unwrap());
    assert!(shown.starts_with("Tls { peer: PeerCertificate { bytes:"), "{shown}");
}
