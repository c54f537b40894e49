//! Our host's end of a cell: a plugin's process, or a plugin in this one.
//!
//! It deliberately makes no call.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use graftwire_host::{Broker, LaunchOptions, Plugin, PluginSpec, RpcChannel};
use graftwire_model::{Backend, Capability, error_text};
use graftwire_protocol::handshake::{HostOffer, Network};
use graftwire_testkit::{Pair, Wire, go};

use super::{Cell, Column, Ends, Version, peer, same};

/// A connection that was asked for and is the one that was got.
pub(super) struct Session {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) broker: Broker,
    pub(super) channel: RpcChannel,
    pub(super) other: Other,
}

/// The other end.
pub(super) enum Other {
    /// A process, and what its query `log` prints to standard output.
    Process(Box<Plugin>, &'static str),
    /// In this process.
    Here(Box<Pair>),
}

pub(super) fn descriptors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/src/descriptors.bin")
}

/// Beside the test: <target>/<profile>/deps/<test>.
pub(super) fn our_plugin() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/conformance_plugin")
}

/// The number that is negotiated.
pub(super) fn number(version: Version) -> u32 {
    if version == Version::V1 { 1 } else { 2 }
}

impl Session {
    pub(super) async fn open(cell: Cell) -> Result<Self, String> {
        if cell.column == Column::Memory {
            return Self::in_memory(cell.version).await;
        }
        let (executable, id, printed) = match (cell.ends, cell.version) {
            (Ends::GoPlugin, Version::V1) => {
                (go_program("gov1")?, "graftwire-gov1-datasource", "printed by version 1")
            }
            (Ends::GoPlugin, _) => {
                (go_program("goplugin")?, "graftwire-gopeer-datasource", "text for GRPCStdio, channel stdout")
            }
            _ => (our_plugin(), "graftwire-conformance-datasource", "printed by the plugin"),
        };
        let spec = PluginSpec::of_executable(executable).with_id(id);
        let plugin = Plugin::start(&spec, &options(cell)).await.map_err(|error| error_text(&error))?;
        let got = plugin.negotiated();
        let network = if cell.column == Column::Tcp { Network::Tcp } else { Network::Unix };
        same("network", &got.network, &network)?;
        same("version", &got.version.number(), &number(cell.version))?;
        same("TLS", &got.server_cert.is_some(), &(cell.column == Column::AutoMtls))?;
        same("multiplexed", &got.multiplexed, &(cell.column == Column::Multiplexed))?;
        let (backend, broker, channel) = (plugin.backend(), plugin.broker(), plugin.channel());
        Ok(Self { backend, broker, channel, other: Other::Process(Box::new(plugin), printed) })
    }

    async fn in_memory(version: Version) -> Result<Self, String> {
        let later = version != Version::V1;
        let wire = Wire::in_memory().find(|wire| wire.carries(Capability::CallResource) == later);
        let wire = wire.ok_or("no such wire")?;
        let pair = Pair::open(peer::plugin(), wire).await.map_err(|error| error_text(&error))?;
        let (backend, broker, channel) = (pair.backend(), pair.broker(), pair.channel());
        Ok(Self { backend, broker, channel, other: Other::Here(Box::new(pair)) })
    }
}

/// Built before the cells run.
fn go_program(name: &str) -> Result<PathBuf, String> {
    go::program(name).ok_or_else(|| "Go is not installed".to_owned())
}

fn options(cell: Cell) -> LaunchOptions {
    let options = LaunchOptions::new()
        .offer(HostOffer::of_version(number(cell.version)).unwrap())
        .multiplex(cell.column == Column::Multiplexed)
        .auto_mtls(cell.column == Column::AutoMtls)
        .variable("GRAFTWIRE_DESCRIPTORS", descriptors().display().to_string());
    if cell.column == Column::Tcp { options.variable("GRAFTWIRE_TCP", "1") } else { options }
}
