//! Listening.

use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

use graftwire_protocol::handshake::{HostOffer, Network, PortRange};
use graftwire_transport::{BindOptions, bind};

fn unix(dir: &Path, group: Option<&str>) -> BindOptions {
    BindOptions::Unix { dir: Some(dir.display().to_string()), group: group.map(str::to_owned) }
}

#[tokio::test]
async fn a_socket_file_lives_as_long_as_its_listener() {
    let dir = tempfile::tempdir().unwrap();
    let bound = bind(&unix(dir.path(), None)).await.unwrap();
    let path = Path::new(bound.address()).to_owned();
    assert_eq!((bound.network(), path.parent().unwrap()), (Network::Unix, dir.path()));
    assert!(path.metadata().unwrap().file_type().is_socket());
    drop(bound);
    assert!(!path.exists());
}

#[tokio::test]
async fn the_group_gets_the_socket() {
    let dir = tempfile::tempdir().unwrap();
    let own_group = dir.path().metadata().unwrap().gid();
    let bound = bind(&unix(dir.path(), Some(&own_group.to_string()))).await.unwrap();
    let metadata = std::fs::metadata(bound.address()).unwrap();
    assert_eq!((metadata.gid(), metadata.permissions().mode() & 0o777), (own_group, 0o660));
}

#[tokio::test]
async fn refusals_name_the_place_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let missing = bind(&unix(&dir.path().join("none"), None)).await.unwrap_err();
    assert!(missing.to_string().contains("check that the directory exists"), "{missing}");

    let group = bind(&unix(dir.path(), Some("no-such-group"))).await.unwrap_err();
    assert!(group.to_string().contains("\"no-such-group\""), "{group}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

    let long = dir.path().join("d".repeat(120));
    std::fs::create_dir(&long).unwrap();
    let long = bind(&unix(&long, None)).await.unwrap_err();
    assert!(long.to_string().contains("set PLUGIN_UNIX_SOCKET_DIR to a shorter directory"), "{long}");
}

#[tokio::test]
async fn tcp_takes_the_first_free_port_of_the_range() {
    // Two neighbouring ports, of which the first is taken.
    let taken = bind(&BindOptions::Tcp(PortRange { min: 0, max: 0 })).await.unwrap();
    let port: u16 = taken.address().rsplit_once(':').unwrap().1.parse().unwrap();
    let only = PortRange { min: port, max: port };
    let error = bind(&BindOptions::Tcp(only)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("couldn't bind a TCP listener on 127.0.0.1: no free port from {port} to {port}")
    );
    if let Some(next) = port.checked_add(20) {
        let bound = bind(&BindOptions::Tcp(PortRange { min: port, max: next })).await.unwrap();
        assert_eq!(bound.network(), Network::Tcp);
        assert_ne!(bound.address(), taken.address());
    }
}

#[test]
fn an_offer_decides_the_place() {
    let offer = graftwire_protocol::handshake::read_offer(|key| match key {
        "grafana_plugin_type" => Some("datasource".to_owned()),
        "PLUGIN_UNIX_SOCKET_DIR" => Some("/run/x".to_owned()),
        "PLUGIN_UNIX_SOCKET_GROUP" => Some("grafana".to_owned()),
        _ => None,
    })
    .unwrap();
    let wanted = BindOptions::Unix { dir: Some("/run/x".to_owned()), group: Some("grafana".to_owned()) };
    assert_eq!(BindOptions::for_offer(&offer), wanted);
    assert_eq!(BindOptions::for_offer(&HostOffer::default()), BindOptions::Unix { dir: None, group: None });
}
