//! Makes the checked-in `generated.rs` files of `crates/protocol`, and the tables of `docs/protocol.md`, from the text in
//! `proto/`.
//!
//! `cargo xtask codegen` runs it; with `--check` it writes nothing and fails when a file differs.
//! protox compiles the text, so nobody needs protoc and no crate has a build script.

mod reference;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// One generated file: the package it holds, the text it comes from, where it goes.
struct Unit {
    package: &'static str,
    proto: &'static str,
    target: &'static str,
}

const UNITS: [Unit; 6] = [
    Unit { package: "models", proto: "v1/models.proto", target: "crates/protocol/src/v1/generated.rs" },
    Unit { package: "pluginv2", proto: "v2/backend.proto", target: "crates/protocol/src/v2/generated.rs" },
    Unit {
        package: "pluginextensionv2",
        proto: "v2/renderer.proto",
        target: "crates/protocol/src/v2/renderer/generated.rs",
    },
    Unit {
        package: "grafana.plugin.v3",
        proto: "v3/app.proto",
        target: "crates/protocol/src/v3/generated.rs",
    },
    Unit {
        package: "plugin",
        proto: "goplugin/goplugin.proto",
        target: "crates/protocol/src/goplugin/generated.rs",
    },
    Unit {
        package: "grpc.health.v1",
        proto: "goplugin/health.proto",
        target: "crates/protocol/src/goplugin/health/generated.rs",
    },
];

/// Our own text alone, for reflection and for tests that compare descriptors.
const DESCRIPTORS: &str = "crates/protocol/src/descriptors.bin";

/// The page that explains the wire to people; its tables come from the same text.
const PAGE: &str = "docs/protocol.md";

/// Messages that can carry secrets or tokens; their `Debug` is written by hand, in `vN/redacted.rs`.
const REDACTED: [&str; 25] = [
    "models.DatasourceInfo",
    "models.RenderRequest",
    "pluginv2.AppInstanceSettings",
    "pluginv2.DataSourceInstanceSettings",
    "pluginv2.PluginContext",
    "pluginv2.QueryDataRequest",
    "pluginv2.QueryChunkedDataRequest",
    "pluginv2.CheckHealthRequest",
    "pluginv2.CallResourceRequest",
    "pluginv2.SubscribeStreamRequest",
    "pluginv2.PublishStreamRequest",
    "pluginv2.RunStreamRequest",
    "pluginv2.AdmissionRequest",
    "pluginv2.MutationResponse",
    "pluginv2.RawObject",
    "pluginextensionv2.RenderRequest",
    "grafana.plugin.v3.RawObject",
    "grafana.plugin.v3.ResourceObject",
    "grafana.plugin.v3.AdmissionReviewRequest",
    "grafana.plugin.v3.AdmissionReviewResponse",
    "grafana.plugin.v3.ConvertObjectsRequest.Object",
    "grafana.plugin.v3.ConvertObjectsResponse.Object",
    "grafana.plugin.v3.RouteResource",
    "grafana.plugin.v3.CallRouteRequest",
    "grafana.plugin.v3.CallRouteResponse",
];

fn main() -> Result<()> {
    let check = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => bail!("unknown argument {other:?}; expected nothing or --check"),
    };
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut stale = Vec::new();
    for unit in &UNITS {
        let text = generate(&root, unit).with_context(|| format!("generating from proto/{}", unit.proto))?;
        settle(&root.join(unit.target), text.as_bytes(), check, &mut stale)?;
    }
    settle(&root.join(DESCRIPTORS), &descriptors(&root)?, check, &mut stale)?;
    settle(&root.join(PAGE), page(&root)?.as_bytes(), check, &mut stale)?;
    if !stale.is_empty() {
        bail!("not what proto/ gives: {}; run `cargo xtask codegen` and commit the result", stale.join(", "));
    }
    Ok(())
}

fn generate(root: &Path, unit: &Unit) -> Result<String> {
    let set = protox::compile([unit.proto], [root.join("proto")])?;
    let out = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .out_dir(out.path())
        .bytes(".")
        .btree_map(".")
        .client_mod_attribute(".", "#[cfg(feature = \"client\")]")
        .server_mod_attribute(".", "#[cfg(feature = \"server\")]")
        .build_transport(false)
        .skip_debug(REDACTED)
        .compile_fds(set)?;
    let text = std::fs::read_to_string(out.path().join(format!("{}.rs", unit.package)))?;
    Ok(format!(
        "// Made by `cargo xtask codegen` from proto/{}: change that file, not this one.\n{text}",
        unit.proto
    ))
}

fn descriptors(root: &Path) -> Result<Vec<u8>> {
    let mut set = protox::compile(UNITS.iter().map(|unit| unit.proto), [root.join("proto")])?;
    // Comments and positions are for people; the wire needs neither.
    for file in &mut set.file {
        file.source_code_info = None;
    }
    Ok(prost::Message::encode_to_vec(&set))
}

fn page(root: &Path) -> Result<String> {
    let set = protox::compile(UNITS.iter().map(|unit| unit.proto), [root.join("proto")])?;
    let page = std::fs::read_to_string(root.join(PAGE)).with_context(|| format!("reading {PAGE}"))?;
    let ours = |name: &str| UNITS.iter().any(|unit| unit.proto == name);
    reference::fill(&page, set.file.iter().filter(|file| ours(file.name())))
}

fn settle(target: &Path, wanted: &[u8], check: bool, stale: &mut Vec<String>) -> Result<()> {
    if std::fs::read(target).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if check {
        stale.push(format!("{} ({name})", target.parent().unwrap_or(target).display()));
        return Ok(());
    }
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(target, wanted).with_context(|| format!("writing {}", target.display()))
}
