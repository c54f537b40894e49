//! AutoMTLS from the host's side: what a plugin answers wrongly. Right answers are the matrix' business (testkit).

use graftwire_host::{LaunchError, LaunchOptions, Plugin};
use graftwire_model::error_text;
use graftwire_transport::tls::Identity;

use crate::fake::Fake;

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
