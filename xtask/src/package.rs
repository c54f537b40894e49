//! `cargo xtask package <plugin>`: builds a plugin and lays out the folder that Grafana loads.
//!
//! It signs nothing: a private signature needs the owner's token, the public catalogue takes Go back ends only.

use anyhow::bail;

/// What to package.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The plugin's folder below `plugins/`, such as `metrics`.
    plugin: String,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    bail!("packaging {} is not there yet", args.plugin)
}
