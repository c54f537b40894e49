//! The broker against go-plugin itself: its host with our plugin, its plugin with our host.

use std::process::Command;

use graftwire_host::LaunchOptions;
use graftwire_model::{CallContext, DataSourceInstanceSettings, PluginContext, ResourceRequest};
use graftwire_testkit::go;

use crate::broker::{executable, start_other, talks_both_ways, ways};

#[test]
fn a_go_host_talks_both_ways_with_our_plugin() {
    let Some(gohost) = go::program("gohost") else { return };
    let runs = [&[][..], &["--mux"], &["--mtls"], &["--mtls", "--mux"]].map(|flags| {
        let mut command = Command::new(&gohost);
        command.args(["broker", "--id", "graftwire-broker-datasource"]).args(flags);
        (
            flags,
            command.arg("--plugin").arg(executable()).stdout(std::process::Stdio::piped()).spawn().unwrap(),
        )
    });
    for (flags, run) in runs {
        let output = run.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{flags:?}: {shown}");
        assert!(shown.contains("\"call\":\"broker/many at once\",\"ok\":true"), "{flags:?}: {shown}");
        assert!(shown.contains("\"socketGone\":true"), "{flags:?}: {shown}");
    }
}

#[tokio::test]
async fn our_host_talks_both_ways_with_a_go_plugin() {
    let Some(gobroker) = go::program("gobroker") else { return };
    for (way, options) in ways() {
        talks_both_ways(&gobroker, way, options).await;
    }
}

#[tokio::test]
async fn large_bodies_cross_a_multiplexed_connection_in_both_directions() {
    const BYTES: usize = 12_000_000;
    let Some(goplugin) = go::program("goplugin") else { return };
    for multiplexed in [false, true] {
        let plugin = start_other(&goplugin, LaunchOptions::new().multiplex(multiplexed)).await;
        assert_eq!(plugin.negotiated().multiplexed, multiplexed);
        let settings = DataSourceInstanceSettings { json_data: "{}".into(), ..Default::default() };
        let context = PluginContext { org_id: 1, data_source: Some(settings), ..PluginContext::default() };
        let body: bytes::Bytes =
            (0..BYTES).map(|at| u8::try_from(at % 251).unwrap()).collect::<Vec<_>>().into();
        let request = ResourceRequest {
            context,
            path: "echo".into(),
            url: "echo".into(),
            body,
            ..ResourceRequest::default()
        };
        let sent = request.body.clone();
        let mut pieces = plugin.backend().call_resource(CallContext::new(), request).await.unwrap();
        let mut got = Vec::new();
        while let Some(piece) = pieces.next().await {
            got.extend_from_slice(&piece.unwrap().body);
        }
        assert!(got == sent, "{} bytes of {BYTES}", got.len());
        let traffic = plugin.traffic();
        assert!(traffic.sent() > BYTES as u64 && traffic.received() > BYTES as u64);
        plugin.stop().await;
    }
}
