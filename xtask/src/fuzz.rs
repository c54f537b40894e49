//! `cargo xtask fuzz`: builds the targets of `fuzz/` with cargo-fuzz and runs each for a while.
//!
//! What a run finds interesting is kept in the cache and the next one starts from there; the goldens are the seeds.
//! It deliberately uses no sanitizer: our crates forbid unsafe code, so panics, overflows, hangs and memory are what
//! there is to find.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::run::{Run, cargo, root};
use crate::test::{Counter, Job, Screen, Site, Tally, rustup_run};

/// What to fuzz.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The targets; all of them if none is named.
    targets: Vec<String>,
}

const TOOLCHAIN: &str = "nightly";
/// The release that was tried; `cargo install` builds it once into the cache.
const CARGO_FUZZ: &str = "0.13.2";
const BUILD: Duration = Duration::from_secs(30 * 60);
/// How much longer than asked a target may take before it counts as hanging.
const GRACE: Duration = Duration::from_secs(60);

/// Folders whose files are good first inputs.
const SEEDS: &[(&str, &[&str])] = &[
    ("arrow_read", &["crates/frame/tests/golden/frames", "crates/frame/tests/golden/convert"]),
    ("frame_json_read", &["crates/frame/tests/golden/frames", "crates/frame/tests/golden/chunks"]),
    ("wire_v2", &["crates/protocol/tests/golden"]),
    ("promql", &["fuzz/seeds/promql"]),
    ("logql", &["fuzz/seeds/logql"]),
    ("scrape_text", &["fuzz/seeds/scrape_text"]),
    ("sql_macros", &["fuzz/seeds/sql_macros"]),
    ("handshake_line", &["fuzz/seeds/handshake_line"]),
    ("handshake_offer", &["fuzz/seeds/handshake_offer"]),
];

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let site = Site::find(false)?;
    let mut screen = Screen::new(site.target.join("xtask-test"))?;
    let known = targets()?;
    if let Some(unknown) = args.targets.iter().find(|name| !known.contains(name)) {
        bail!("no fuzz target is called {unknown:?}; there are {}", known.join(", "));
    }
    let chosen = if args.targets.is_empty() { known } else { args.targets };
    let mut job = Job { site: &site, screen: &mut screen, tally: Tally::default() };
    let Some(fuzzer) = Fuzzer::find(&mut job)? else {
        bail!("{}", job.tally.not_run.join("; "));
    };
    fuzzer.command("build").quiet().run()?;
    for target in chosen {
        fuzzer.target(&target, Duration::from_secs(args.seconds))?.run()?;
    }
    Ok(())
}

/// The step `fuzz`: every target for this long.
pub(crate) fn step(job: &mut Job<'_>, each: Duration) -> anyhow::Result<()> {
    let Some(fuzzer) = Fuzzer::find(job)? else { return Ok(()) };
    job.run(fuzzer.command("build"), Counter::Whole, BUILD)?;
    if job.tally.failed > 0 {
        return Ok(());
    }
    for target in targets()? {
        job.run(fuzzer.target(&target, each)?, Counter::Whole, each + GRACE)?;
    }
    Ok(())
}

/// The targets that the manifest lists.
fn targets() -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).context("fuzz/Cargo.toml")?;
    let manifest: toml::Table = text.parse().context("fuzz/Cargo.toml")?;
    let bins =
        manifest.get("bin").and_then(toml::Value::as_array).context("fuzz/Cargo.toml has no [[bin]]")?;
    let names = bins.iter().filter_map(|bin| bin.get("name")?.as_str());
    Ok(names.map(str::to_owned).collect())
}

/// cargo-fuzz under the toolchain it needs.
struct Fuzzer {
    program: PathBuf,
    build: PathBuf,
    corpora: PathBuf,
}

impl Fuzzer {
    /// Finds the toolchain, and cargo-fuzz or builds it; nothing, with the reason told, where that can't be.
    fn find(job: &mut Job<'_>) -> anyhow::Result<Option<Self>> {
        if !rustup_run(TOOLCHAIN, "cargo").arg("--version").quiet().succeeds() {
            job.missing("fuzz: it needs a nightly toolchain; `rustup toolchain install nightly` brings one");
            return Ok(None);
        }
        let tools = job.site.cache.join("tools").join(format!("cargo-fuzz-{CARGO_FUZZ}"));
        let program = tools.join("bin/cargo-fuzz");
        if !program.is_file() {
            let install = cargo().args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ]);
            let install = install.arg("--root").arg(&tools).env("CARGO_TERM_COLOR", "never");
            job.run(install, Counter::Whole, BUILD)?;
        }
        let build = job.site.target.join("fuzz");
        Ok(Some(Self { program, build, corpora: job.site.cache.join("corpora") }))
    }

    fn command(&self, chore: &str) -> Run {
        let run = rustup_run(TOOLCHAIN, &self.program).arg(chore).args(["--sanitizer", "none"]);
        // Cargo tells the toolchain that runs this chore to its children by these, over what rustup says.
        let run = run.env("RUSTC", "rustc").env("CARGO", "cargo").env("CARGO_TERM_COLOR", "never");
        run.arg("--target-dir").arg(&self.build)
    }

    fn target(&self, name: &str, time: Duration) -> anyhow::Result<Run> {
        let corpus = self.corpora.join(name);
        std::fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
        let run = self.command("run").arg(name).arg(corpus).args(seeds(name)?);
        let time = format!("-max_total_time={}", time.as_secs());
        Ok(run.args([
            "--",
            &time,
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-max_len=65536",
            "-verbosity=0",
            "-print_final_stats=1",
        ]))
    }
}

fn seeds(target: &str) -> anyhow::Result<Vec<PathBuf>> {
    let dirs = SEEDS.iter().filter(|(name, _)| *name == target).flat_map(|(_, dirs)| *dirs);
    dirs.map(|dir| {
        let dir = root().join(Path::new(dir));
        if dir.is_dir() { Ok(dir) } else { bail!("the seeds of {target} are gone: {}", dir.display()) }
    })
    .collect()
}
