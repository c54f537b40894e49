//! `cargo xtask dist`: plugins as they are released, one executable for each platform, built on any of them.
//!
//! A target that can't be built, and why, stands in the table at the end beside those that were. It deliberately signs
//! nothing and installs nothing.

pub(crate) mod compile;
mod elf;
pub(crate) mod plugins;
mod report;
pub(crate) mod targets;
pub(crate) mod toolchain;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};

pub(crate) use self::compile::Profile;
use self::plugins::Plugin;
use self::report::{Outcome, Row, Screen};
use self::targets::Target;
use crate::run;

/// What to build.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A plugin's folder below `plugins/`, once or several times; all of them by default.
    #[arg(long = "plugin", value_name = "NAME", value_delimiter = ',')]
    plugins: Vec<String>,
    /// Platforms by Grafana's names or Rust's, or `all`; by default those that Go plugins are built for.
    #[arg(long = "target", value_name = "TARGETS", value_delimiter = ',')]
    targets: Vec<String>,
    /// How to compile: `release` for servers, `embedded` for small boards.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Where the results are put; a relative path starts at the repository's root.
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// Print the table of targets, and build nothing.
    #[arg(long)]
    list: bool,
}

/// What Grafana's own build tool makes of a plugin written in Go.
const USUAL: [&str; 6] =
    ["linux-amd64", "linux-arm64", "linux-arm", "darwin-amd64", "darwin-arm64", "windows-amd64"];

/// An executable that was built and looked at.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) target: &'static Target,
    pub(crate) file: PathBuf,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    if args.list {
        print!("{}", report::targets());
        return Ok(());
    }
    let targets = if args.targets.is_empty() { USUAL.map(str::to_owned).to_vec() } else { args.targets };
    let targets = Target::chosen(&targets)?;
    let plugins = Plugin::chosen(&args.plugins)?;
    let out = run::root().join(&args.out);
    let mut screen = Screen::new(plugins.len() * targets.len());
    let mut rows = Vec::new();
    for plugin in &plugins {
        let built = executables(plugin, &targets, args.profile, &mut screen, &mut rows);
        if run::bounded::interrupted() {
            break;
        }
        archives(plugin, &built, &out)?;
    }
    screen.close();
    print!("{}", report::table(&rows));
    if run::bounded::interrupted() {
        bail!("interrupted; the same command goes on from here");
    }
    verdict(&rows)
}

/// Builds a plugin for each target; what came of each is a row.
fn executables(
    plugin: &Plugin,
    targets: &[&'static Target],
    profile: Profile,
    screen: &mut Screen,
    rows: &mut Vec<Row>,
) -> Vec<Built> {
    let mut built = Vec::new();
    for target in targets {
        if run::bounded::interrupted() {
            break;
        }
        let started = Instant::now();
        screen.begin(&plugin.name, target.name);
        let outcome = one(plugin, target, profile, screen);
        if let Outcome::Built { file, .. } = &outcome {
            built.push(Built { target, file: file.clone() });
        }
        let row = Row { plugin: plugin.name.clone(), target, time: started.elapsed(), outcome };
        screen.end(&row);
        rows.push(row);
    }
    built
}

fn one(plugin: &Plugin, target: &'static Target, profile: Profile, screen: &Screen) -> Outcome {
    let request = plugin.request(target, profile);
    let built = compile::executable(&request, &mut |line| screen.line(line));
    let measured = built.and_then(|file| {
        let bytes =
            std::fs::metadata(&file).with_context(|| format!("cannot open {}", file.display()))?.len();
        Ok(Outcome::Built { file, bytes })
    });
    measured.unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")))
}

/// What is shipped of the executables of one plugin.
fn archives(plugin: &Plugin, built: &[Built], out: &Path) -> anyhow::Result<()> {
    for one in built {
        let folder = out.join(&plugin.name).join(one.target.name);
        compile::keep(&one.file, &folder, &one.target.platform.file_name(&plugin.bin))?;
    }
    Ok(())
}

/// A run in which a build failed has failed, whatever else was built; the table says why.
fn verdict(rows: &[Row]) -> anyhow::Result<()> {
    let failed = rows.iter().filter(|row| matches!(row.outcome, Outcome::Failed(_))).count();
    if failed > 0 {
        bail!("{failed} of {} builds failed", rows.len());
    }
    Ok(())
}

/// What is said of a name that nobody has: near ones, and all there are.
fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>, all: &str) -> String {
    let near = near(name, known).join(" or ");
    let meant = if near.is_empty() { near } else { format!("did you mean {near}? ") };
    format!("no {kind} is called `{name}`; {meant}There are: {all}")
}

/// Names that may have been meant: at most three, the nearest first.
fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    /// Below this, names share little but their length.
    const ALIKE: f64 = 0.75;
    let name = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.into_iter().map(|(_, known)| known).take(3).collect()
}

#[cfg(test)]
mod tests;
