//! `cargo xtask test`: everything that must hold, step by step, with one verdict at the end.
//!
//! README.md, CONTRIBUTING.md and `.ci/run` name this one command, and `cargo xtask tidy` asserts it. A failing step
//! doesn't stop the others, unless they need what it made. It deliberately knows no check itself: a step calls the
//! tool or the chore that does.

mod counts;
mod machine;
mod report;
mod steps;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, bail};

pub(crate) use counts::{Counter, Tally};
pub(crate) use machine::rustup_run;
pub(crate) use report::Screen;

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Add the long tier: long fuzzing, full benches, release builds.
    #[arg(long)]
    all: bool,
    /// Run these steps alone, in their own order, such as `--only clippy,tidy`.
    #[arg(long, value_name = "STEPS", value_delimiter = ',')]
    only: Vec<String>,
    /// Print the steps and what each does, and run nothing.
    #[arg(long)]
    list: bool,
}

/// One thing that must hold.
struct Step {
    name: &'static str,
    about: &'static str,
    /// The step that must have passed for this one to make sense.
    needs: Option<&'static str>,
    work: fn(&mut Job<'_>) -> anyhow::Result<()>,
}

/// Where and how the steps run.
#[derive(Debug)]
pub(crate) struct Site {
    /// Nobody looks and nothing may be missing: the variable `CI` is set.
    pub(crate) ci: bool,
    /// The long tier runs too.
    pub(crate) all: bool,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// What is fetched or built once for this user: tools and fuzzing corpora.
    pub(crate) cache: PathBuf,
}

/// One step while it runs.
pub(crate) struct Job<'a> {
    pub(crate) site: &'a Site,
    pub(crate) screen: &'a mut Screen,
    pub(crate) tally: Tally,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let site = Site::find(args.all)?;
    let steps = chosen(&args)?;
    if args.list {
        for step in &steps {
            println!("{:<10}{}", step.name, step.about);
        }
        return Ok(());
    }
    let mut screen = Screen::new(site.target.join("xtask-test"))?;
    let mut failed = BTreeSet::new();
    let mut rows = Vec::new();
    for step in steps {
        if crate::run::bounded::interrupted() {
            break;
        }
        let row = match step.needs.filter(|needs| failed.contains(needs)) {
            Some(needs) => report::Row::blocked(step.name, needs),
            None => run_step(&step, &site, &mut screen)?,
        };
        if row.tally.failed > 0 {
            failed.insert(step.name);
        }
        screen.verdict(&row);
        rows.push(row);
    }
    report::close(&rows, &site, args.only.is_empty())?;
    if crate::run::bounded::interrupted() {
        bail!("interrupted");
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", Vec::from_iter(failed).join(", ")) }
}

/// The names of all steps.
pub(crate) fn step_names() -> impl Iterator<Item = &'static str> {
    steps::all(true).into_iter().map(|step| step.name)
}

fn chosen(args: &Args) -> anyhow::Result<Vec<Step>> {
    let mut steps = steps::all(args.all);
    for name in &args.only {
        if !steps.iter().any(|step| step.name == name) {
            let names = steps.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
            bail!("no step is called {name:?}; there are {names}");
        }
    }
    if !args.only.is_empty() {
        steps.retain(|step| args.only.iter().any(|name| name == step.name));
    }
    Ok(steps)
}

fn run_step(step: &Step, site: &Site, screen: &mut Screen) -> anyhow::Result<report::Row> {
    let started = Instant::now();
    screen.start(step.name)?;
    let mut job = Job { site, screen, tally: Tally::default() };
    if let Err(error) = (step.work)(&mut job) {
        job.screen.line(&format!("{error:#}"));
        // A tool may fail without a failing test, such as when a test does not compile.
        job.tally.failed = job.tally.failed.max(1);
    }
    let tally = job.tally;
    Ok(report::Row { name: step.name, time: started.elapsed(), tally })
}

impl Site {
    pub(crate) fn find(all: bool) -> anyhow::Result<Self> {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => crate::run::root().join(dir),
            None => crate::run::root().join("target"),
        };
        Ok(Self { ci, all, target, cache: cache_dir()? })
    }
}

/// `$XDG_CACHE_HOME/graftwire`, by default `~/.cache/graftwire`.
fn cache_dir() -> anyhow::Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let base = base.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    Ok(base.context("there is no home directory to keep caches in; set XDG_CACHE_HOME")?.join("graftwire"))
}

#[cfg(test)]
mod tests;
