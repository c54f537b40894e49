//! A plugin over the crate `grafana-plugin-sdk`, with every service that the crate has.

#[path = "../../source.rs"]
mod source;

#[grafana_plugin_sdk::main(services(data, diagnostics, resource, stream), init_subscriber = true)]
async fn plugin() -> source::Peer {
    source::Peer
}
