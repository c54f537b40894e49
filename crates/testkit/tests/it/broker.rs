//! The broker between a host and a plugin's process, plain, multiplexed, and with TLS.

use std::path::{Path, PathBuf};

use graftwire_host::{LaunchOptions, Plugin, PluginSpec};
use graftwire_model::{CallContext, ResourceRequest};
use graftwire_sdk::broker;
use graftwire_testkit::broker::{health, is_serving};

pub(crate) fn executable() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/broker_plugin")
}

pub(crate) async fn start(options: LaunchOptions) -> Plugin {
    start_other(&executable(), options).await
}

pub(crate) async fn start_other(executable: &Path, options: LaunchOptions) -> Plugin {
    let spec = PluginSpec::of_executable(executable).with_id("graftwire-broker-datasource");
    Plugin::start(&spec, &options).await.unwrap()
}

/// What a resource answers: its status and text.
pub(crate) async fn resource(plugin: &Plugin, url: &str) -> (i32, String) {
    let path = url.split('?').next().unwrap_or_default().to_owned();
    let request = ResourceRequest { path, url: url.to_owned(), ..ResourceRequest::default() };
    let mut pieces = plugin.backend().call_resource(CallContext::new(), request).await.unwrap();
    let piece = pieces.next().await.unwrap().unwrap();
    (piece.status, String::from_utf8_lossy(&piece.body).into_owned())
}

pub(crate) fn ways() -> [(&'static str, LaunchOptions); 4] {
    let new = LaunchOptions::new;
    [
        ("plain", new()),
        ("multiplexed", new().multiplex(true)),
        ("TLS", new().auto_mtls(true)),
        ("TLS, multiplexed", new().multiplex(true).auto_mtls(true)),
    ]
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).map_or(0, Iterator::count)
}

/// Both directions once, then many at once, then an orderly end that leaves nothing in the socket's directory.
pub(crate) async fn talks_both_ways(executable: &Path, way: &str, options: LaunchOptions) {
    let plugin = start_other(executable, options).await;
    let dir = Path::new(&plugin.negotiated().address).parent().unwrap().to_owned();
    let (status, id) = resource(&plugin, "accept").await;
    assert_eq!((status, id.as_str()), (200, "1"), "{way}");
    assert!(is_serving(plugin.broker().dial(1).await.unwrap()).await.unwrap(), "{way}");
    assert_eq!(files(&dir), if plugin.negotiated().multiplexed { 1 } else { 2 }, "{way}");
    let one_by_plugin = || async {
        let id = plugin.broker().next_id();
        let serving = tokio::spawn(broker::serve(plugin.broker().accept(id).await.unwrap(), health()));
        let (status, said) = resource(&plugin, &format!("dial?id={id}")).await;
        assert_eq!((status, said.as_str()), (200, "serving: true"), "{way}");
        serving.abort();
    };
    let one_by_host = || async {
        let (status, id) = resource(&plugin, "accept").await;
        assert_eq!(status, 200, "{way}: {id}");
        assert!(is_serving(plugin.broker().dial(id.parse().unwrap()).await.unwrap()).await.unwrap(), "{way}");
    };
    one_by_plugin().await;
    let many = (0..10).map(|_| async { tokio::join!(one_by_plugin(), one_by_host()) });
    futures_util::future::join_all(many).await;
    let report = plugin.stop().await;
    assert!(report.orderly && report.exit.unwrap().is_success(), "{way}: {report:?}");
    assert!(!dir.exists(), "{way}");
}

#[tokio::test]
async fn both_ends_reach_each_other_by_id() {
    for (way, options) in ways() {
        talks_both_ways(&executable(), way, options).await;
    }
}

#[tokio::test]
async fn what_nobody_accepts_is_an_error_in_words() {
    for (way, options) in ways().into_iter().take(2) {
        let plugin = start(options).await;
        let (by_plugin, by_host) = tokio::join!(resource(&plugin, "dial?id=99"), async {
            plugin.broker().dial(98).await.unwrap_err().to_string()
        });
        for text in [by_plugin.1, by_host] {
            assert!(
                text.contains("nothing was heard of") || text.contains("nobody accepts"),
                "{way}: {text}"
            );
        }
        let (status, text) = resource(&plugin, "accept?id=5").await;
        assert_eq!(status, 200, "{text}");
        let (status, text) = resource(&plugin, "accept?id=5").await;
        assert_eq!((status, text.contains("broker id 5 is accepted already")), (502, true), "{way}: {text}");
        plugin.stop().await;
    }
}

#[tokio::test]
async fn listeners_that_the_plugin_never_drops_leave_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let options = LaunchOptions::new()
        .socket_directory(graftwire_host::SocketDirectory::PluginsChoice)
        .variable("TMPDIR", dir.path().display().to_string());
    let plugin = start(options).await;
    assert_eq!(resource(&plugin, "hold").await, (200, "1".to_owned()));
    assert_eq!(resource(&plugin, "hold").await, (200, "2".to_owned()));
    assert_eq!(files(dir.path()), 3);
    let report = plugin.stop().await;
    assert!(report.orderly, "{report:?}");
    assert_eq!(files(dir.path()), 0);
}

#[tokio::test]
async fn a_broker_that_the_host_never_opened_hangs_nobody() {
    let spec = PluginSpec::of_executable(executable()).with_id("graftwire-broker-datasource");
    let mut calls = graftwire_host::LinkOptions::default();
    calls.attends = false;
    let book = graftwire_host::LogBook::new("broker", 10);
    let plugin = Plugin::start_with(&spec, &LaunchOptions::new(), &calls, book).await.unwrap();
    let (status, text) = resource(&plugin, "accept").await;
    assert_eq!((status, text.contains("was not opened within 5s")), (502, true), "{text}");
    plugin.stop().await;
}
