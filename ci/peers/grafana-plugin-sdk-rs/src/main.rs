//! A plugin over the crate `grafana-plugin-sdk-rs`, with every service that the crate has.

mod objects;
#[path = "../../source.rs"]
mod source;

#[grafana_plugin_sdk::main(
    services(data, diagnostics, resource, stream, admission, conversion),
    init_subscriber = true
)]
async fn plugin() -> source::Peer {
    source::Peer
}
