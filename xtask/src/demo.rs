//! `cargo xtask demo`: builds everything, starts the data sources as real plugin processes, and shows this machine's
//! data on a page: live metrics, logs, and a database of its processes and packages.
//!
//! With `--once` no page is served: each plugin is launched, asked for its health and for its main job (a PromQL range
//! query over what it collected meanwhile and one live packet; lines of a log and its tail; a time series by SQL), and
//! stopped; a table tells what happened.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

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

/// What this machine did, as lines.
const LOGQL: &str = r#"{"expr":"{job=\"demo\"} | logfmt | load1 >= 0","maxLines":50}"#;
/// The same as it is written.
const TAIL: (&str, &str) = ("tail/demo", r#"{"expr":"{job=\"demo\"}","maxLines":5}"#);
/// How often the demo's own log gets a line.
const BEAT: Duration = Duration::from_secs(1);

/// Processes of this machine by the time of their start.
const SQL: &str = r#"{"rawSql":"SELECT $__unixEpochGroupAlias(started, '1h'), count(*) AS started FROM process GROUP BY 1 ORDER BY 1","format":"time_series"}"#;

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    if !args.once {
        is_free(&args.listen)?;
    }
    println!("building the program, the page and three data sources; the first time this takes some minutes");
    let build = ["build", "--package", "graftwire-cli", "--bin", "graftwire"];
    run::cargo().args(build).run()?;
    let target = target_directory()?;
    let plugins = target.join("demo");
    let metrics = package::for_trial("metrics", &plugins)?;
    let sql = package::for_trial("sql", &plugins)?;
    let logs = package::for_trial("logs", &plugins)?;
    let settings = database(&target)?;
    let log_settings = log(&target)?;
    let graftwire = target.join("debug").join(if cfg!(windows) { "graftwire.exe" } else { "graftwire" });

    if args.once {
        let smoke = |plugin: PathBuf| {
            let smoke = run::Run::new(&graftwire);
            (if args.json { smoke.arg("--json") } else { smoke }).arg("smoke").arg(plugin)
        };
        let (path, data) = STREAM;
        smoke(metrics)
            .args(["--after", COLLECT, "--query", QUERY, "--from", "now-10s", "--interval", "1s"])
            .args(["--stream", path, "--stream-data", data])
            .run()?;
        let (path, data) = TAIL;
        smoke(logs)
            .arg("--settings")
            .arg(&log_settings)
            .args(["--query", LOGQL, "--from", "now-1m"])
            .args(["--stream", path, "--stream-data", data])
            .run()?;
        return smoke(sql).arg("--settings").arg(&settings).args(["--query", SQL]).run();
    }
    run::Run::new(&graftwire)
        .arg("workbench")
        .arg("--plugins")
        .arg(plugins)
        .arg("--settings")
        .arg(format!("graftwire-sql-datasource={}", settings.display()))
        .arg("--settings")
        .arg(format!("graftwire-logs-datasource={}", log_settings.display()))
        .args(["--listen", &args.listen])
        .run()
}

/// Whether the page can be served there; better known before minutes of building than after.
fn is_free(address: &str) -> anyhow::Result<()> {
    let bound = std::net::TcpListener::bind(address);
    bound.map(drop).with_context(|| {
        format!(
            "--listen {address}: the page can't be served there; is a demo running? Port 0 takes a free one"
        )
    })
}

/// Writes a database of this machine and the settings of a data source over it; gives the settings' file.
fn database(target: &Path) -> anyhow::Result<PathBuf> {
    let (database, settings) = (target.join("demo-machine.db"), target.join("demo-sql.json"));
    let example = ["run", "--package", "graftwire-sql", "--example", "demo_database", "--"];
    run::cargo().args(example).arg(&database).run()?;
    std::fs::write(&settings, serde_json::json!({ "path": database }).to_string())?;
    Ok(settings)
}

/// Begins a log of this machine's load, a line each second until the demo ends, and writes the settings of a data source
/// over it and over what lies in `/var/log`; gives the settings' file.
fn log(target: &Path) -> anyhow::Result<PathBuf> {
    let (folder, settings) = (target.join("demo-logs"), target.join("demo-logs.json"));
    std::fs::create_dir_all(&folder)?;
    let mut file = File::create(folder.join("load.log"))?;
    let mut beat = move || -> std::io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let mut fields = load.split_whitespace();
        let load: f64 = fields.next().and_then(|load| load.parse().ok()).unwrap_or_default();
        let level = if load > 4.0 { "warn" } else { "info" };
        let running = fields.nth(2).unwrap_or("unknown");
        writeln!(
            file,
            "{}.{:03} level={level} msg=\"load of this machine\" load1={load} running={running}",
            now.as_secs(),
            now.subsec_millis()
        )
    };
    beat()?;
    // It ends with the demo; a disk that takes no more ends it sooner.
    std::thread::spawn(move || {
        while beat().is_ok() {
            std::thread::sleep(BEAT);
        }
    });
    let json = serde_json::json!({
        "roots": [folder, "/var/log"],
        "files": [
            { "job": "demo", "paths": [folder.join("*.log")] },
            { "job": "varlogs", "paths": ["/var/log/*.log", "/var/log/syslog", "/var/log/messages"] },
        ],
        "indexPath": target.join("demo-logs-index"),
    });
    std::fs::write(&settings, json.to_string())?;
    Ok(settings)
}

fn target_directory() -> anyhow::Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(run::root()).no_deps().exec()?;
    Ok(metadata.target_directory.into_std_path_buf())
}
