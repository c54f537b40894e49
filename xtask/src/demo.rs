//! `cargo xtask demo`: builds everything, starts the data source as a real plugin process, and shows this machine's
//! live data on a page.
//!
//! With `--once` no page is served: the plugin is launched, asked for its health, for a PromQL range query over what
//! it collected meanwhile and for one live packet, and stopped; a table tells what happened.

use std::path::PathBuf;

use crate::{package, run};

/// What to show.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do the main job one time, print a table of what happened, and end.
    #[arg(long)]
    once: bool,
    /// Where the page is served.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3333", conflicts_with = "once")]
    listen: String,
    /// Print JSON instead of a table; with --once.
    #[arg(long, requires = "once")]
    json: bool,
}

/// How long the plugin collects before it is asked, in seconds: enough for a rate over five samples.
const COLLECT: &str = "6s";
/// This machine's CPU by mode.
const QUERY: &str =
    r#"{"expr":"sum by (mode) (rate(node_cpu_seconds_total[5s]))","range":true,"interval":"1s"}"#;
/// One live channel, one value a second.
const STREAM: (&str, &str) = ("live/demo", r#"{"expr":"node_load1"}"#);

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let build = ["build", "--package", "graftwire-cli", "--bin", "graftwire"];
    run::cargo().args(build).run()?;
    let target = target_directory()?;
    let plugins = target.join("demo");
    let metrics = package::for_trial("metrics", &plugins)?;
    let graftwire = target.join("debug").join(if cfg!(windows) { "graftwire.exe" } else { "graftwire" });

    if args.once {
        let mut smoke = run::Run::new(&graftwire);
        if args.json {
            smoke = smoke.arg("--json");
        }
        let (path, data) = STREAM;
        return smoke
            .arg("smoke")
            .arg(metrics)
            .args(["--after", COLLECT, "--query", QUERY, "--from", "now-10s", "--interval", "1s"])
            .args(["--stream", path, "--stream-data", data])
            .run();
    }
    run::Run::new(&graftwire)
        .arg("workbench")
        .arg("--plugins")
        .arg(plugins)
        .args(["--listen", &args.listen])
        .run()
}

fn target_directory() -> anyhow::Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(run::root()).no_deps().exec()?;
    Ok(metadata.target_directory.into_std_path_buf())
}
