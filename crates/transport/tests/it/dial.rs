//! Connecting.

use graftwire_protocol::handshake::{Network, PortRange};
use graftwire_transport::{BindOptions, Counted, Traffic, bind, dial, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn echo_once(bound: graftwire_transport::Bound) {
    let mut connection = bound.accept().await.unwrap();
    let mut word = [0; 4];
    connection.read_exact(&mut word).await.unwrap();
    connection.write_all(&word).await.unwrap();
}

#[tokio::test]
async fn bytes_come_back_over_unix_and_tcp() {
    let dir = tempfile::tempdir().unwrap();
    let unix = BindOptions::Unix { dir: Some(dir.path().display().to_string()), group: None };
    for options in [unix, BindOptions::Tcp(PortRange { min: 0, max: 0 })] {
        let bound = bind(&options).await.unwrap();
        let (network, address) = (bound.network(), bound.address().to_owned());
        let server = tokio::spawn(echo_once(bound));
        let traffic = std::sync::Arc::new(Traffic::default());
        let mut connection = Counted::new(dial(network, &address).await.unwrap(), traffic.clone());
        connection.write_all(b"ping").await.unwrap();
        let mut word = [0; 4];
        connection.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"ping");
        assert_eq!((traffic.sent(), traffic.received()), (4, 4));
        server.await.unwrap();
    }
}

#[tokio::test]
async fn nobody_there_is_an_error_with_the_address() {
    let error = dial(Network::Unix, "/nonexistent/socket").await.unwrap_err();
    assert_eq!(error.to_string(), "can't connect to unix address \"/nonexistent/socket\"");
    assert!(std::error::Error::source(&error).is_some());
    assert!(dial(Network::Tcp, "not an address").await.is_err());
}

#[tokio::test]
async fn memory_connects_until_the_listener_goes() {
    let (dialer, mut listener) = memory();
    let mut near = dialer.dial().await.unwrap();
    let mut far = listener.accept().await.unwrap();
    near.write_all(b"x").await.unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'x');
    drop(listener);
    assert!(dialer.dial().await.is_err());
}
