//! What a plugin was built from, for the flags `-version` and `-buildinfo` of its executable.
//!
//! It deliberately needs no build script: what the compiler says of the crate is enough.

use graftwire_protocol::handshake::{AppVersion, numbers};
use serde_json::{Value, json};

/// The package a plugin was built from. Made by [`build_info!`](crate::build_info!).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildInfo {
    /// The package's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl BuildInfo {
    /// What cargo calls `CARGO_PKG_NAME` and `CARGO_PKG_VERSION`.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version }
    }

    pub(crate) fn to_json(self, plugin_id: &str, versions: &[AppVersion]) -> Value {
        json!({
            "name": self.name,
            "version": self.version,
            "pluginID": plugin_id,
            "protocolVersions": numbers(versions),
            "sdk": concat!("graftwire-sdk ", env!("CARGO_PKG_VERSION")),
            "features": features(),
            "target": target(),
            "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
            "panic": if cfg!(panic = "abort") { "abort" } else { "unwind" },
        })
    }
}

/// The package that calls it: `Plugin::single(…).build_info(graftwire_sdk::build_info!())`.
#[macro_export]
macro_rules! build_info {
    () => {
        $crate::BuildInfo::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    };
}

/// Those of the SDK that are in this build.
fn features() -> Vec<&'static str> {
    [
        ("auto-mtls", cfg!(feature = "auto-mtls")),
        ("multi-thread", cfg!(feature = "multi-thread")),
        ("reflection", cfg!(feature = "reflection")),
        ("v1", cfg!(feature = "v1")),
        ("v3", cfg!(feature = "v3")),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect()
}

/// Processor, system and C library.
fn target() -> String {
    let library = if cfg!(target_env = "musl") {
        "-musl"
    } else if cfg!(target_env = "gnu") {
        "-gnu"
    } else {
        ""
    };
    format!("{}-{}{library}", std::env::consts::ARCH, std::env::consts::OS)
}
