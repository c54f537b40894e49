//! AutoMTLS from the host's side: what a plugin answers wrongly, and a plugin of the Go SDK that answers rightly.

use graftwire_host::{LaunchError, LaunchOptions, Plugin};
use graftwire_model::{CallContext, HealthRequest, error_text};
use graftwire_transport::tls::Identity;

use crate::fake::Fake;
use crate::go;

async fn refusal(script: &str) -> LaunchError {
    let options = LaunchOptions::new().auto_mtls(true);
    Plugin::start(&Fake::script(script).spec(), &options).await.expect_err("it must not start")
}

#[tokio::test]
async fn the_offer_carries_a_new_certificate_each_time() {
    // The script answers with nothing but what it was given.
    let script =
        "echo \"$PLUGIN_CLIENT_CERT\" | head -c 27 >&2; echo; echo \"$PLUGIN_CLIENT_CERT\" >&2; sleep 30";
    let said = |error: LaunchError| match error {
        LaunchError::Handshake { stderr, .. } => stderr.lines().join("\n"),
        other => panic!("{other:?}"),
    };
    let (first, second) = (said(refusal(script).await), said(refusal(script).await));
    assert!(first.starts_with("-----BEGIN CERTIFICATE-----"), "{first}");
    assert!(first != second && second.starts_with("-----BEGIN CERTIFICATE-----"), "{second}");
}

#[tokio::test]
async fn answers_that_are_no_certificate() {
    for (field, wanted) in [
        ("", "the sixth field of the line holds no certificate"),
        ("short", "the sixth field of the line holds no certificate"),
        (&"?".repeat(60), "the sixth field of the handshake line holds no certificate: found \"????"),
        (&"A".repeat(60), "45 bytes that are no X.509 certificate"),
    ] {
        let error =
            refusal(&format!("echo on stderr >&2; echo '1|2|unix|/tmp/x|grpc|{field}'; sleep 30")).await;
        let text = error_text(&error);
        assert!(text.contains(wanted), "{field:?}: {text}");
        assert!(text.contains("on stderr"), "{text}");
        assert!(
            matches!(error, LaunchError::Handshake { .. } | LaunchError::Certificate { .. }),
            "{error:?}"
        );
    }
}

/// It announces a certificate and then speaks without TLS, or with another certificate than the one announced.
#[tokio::test]
async fn a_plugin_that_does_otherwise_than_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let plain = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"\0\0\0\x04\0\0\0\0\0").await;
            kept.push(stream);
        }
    });
    let certificate = Identity::generate().unwrap().base64();
    let error = refusal(&format!("echo '1|2|unix|{}|grpc|{certificate}'; sleep 30", socket.display())).await;
    assert!(matches!(error, LaunchError::Connect { .. }), "{error:?}");
    assert!(error_text(&error).contains("the peer does not speak TLS"), "{}", error_text(&error));
    plain.abort();
}

#[tokio::test]
async fn an_offer_with_somebody_elses_certificate_is_of_no_use() {
    let certificate = Identity::generate().unwrap().base64();
    let socket = tempfile::tempdir().unwrap();
    let path = socket.path().join("s");
    let _listener = tokio::net::UnixListener::bind(&path).unwrap();
    let mut offer = graftwire_protocol::handshake::HostOffer::of_host();
    offer.client_cert = Some("of somebody".to_owned());
    let fake = Fake::script(&format!("echo '1|2|unix|{}|grpc|{certificate}'; sleep 30", path.display()));
    let error = Plugin::start(&fake.spec(), &LaunchOptions::new().offer(offer)).await.unwrap_err();
    assert!(error_text(&error).contains("use LaunchOptions::auto_mtls"), "{}", error_text(&error));
}

#[tokio::test]
async fn a_go_plugin_answers_over_it() {
    let Some(spec) = go::spec() else { return };
    let plugin = Plugin::start(&spec, &LaunchOptions::new().auto_mtls(true)).await.unwrap();
    assert!(plugin.negotiated().server_cert.is_some());
    assert!(plugin.ping().await.unwrap());
    let request = HealthRequest { context: go::context(), ..HealthRequest::default() };
    let health = plugin.backend().check_health(CallContext::new(), request).await.unwrap();
    assert_eq!(health.message, "the Go peer is well");
    let found = plugin.capabilities_for(&go::context()).await;
    assert!(found.has(graftwire_model::Capability::QueryData), "{found:?}");
    let report = plugin.stop().await;
    assert!(report.orderly && report.exit.unwrap().is_success(), "{report:?}");
}
