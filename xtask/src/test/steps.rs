//! The steps of `cargo xtask test`, in their order: cheap and telling ones first.
//!
//! A step names the command that does the work. It deliberately has no logic beyond that: what a check asserts stands
//! with the check.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::{Counter, Job, Step, Tally, machine};
use crate::run::{Run, cargo, root};
use crate::workspace::Workspace;

const MINUTE: Duration = Duration::from_secs(60);
/// Nothing may hang: a step that takes longer is stopped. A cold build on two slow cores stays far below.
const BUILD: Duration = MINUTE.saturating_mul(40);

/// What only the long tier does: what, and the step that does it there.
pub(super) const LONG_ONLY: [(&str, &str); 3] = [
    ("ten minutes a target", "fuzz"),
    ("measured benches", "bench"),
    ("release and embedded builds", "release"),
];

pub(super) fn all(long: bool) -> Vec<Step> {
    let step = |name, about, work| Step { name, about, needs: None, work };
    let needs = |needs, step| Step { needs: Some(needs), ..step };
    let mut steps = vec![
        step(
            "machine",
            "what the steps need is there or gets installed; crates are fetched",
            machine::prepare,
        ),
        step("fmt", "rustfmt changes nothing", |job| {
            job.cargo(&["fmt", "--all", "--check", "--", "--color", "never"])
        }),
        step("tidy", "the rules of the repository (cargo xtask tidy)", tidy),
        step("codegen", "generated code is what proto/ gives (cargo xtask codegen --check)", codegen),
        step("clippy", "no warning in any target of the workspace", clippy),
        step("features", "each written combination of features compiles without warnings", features),
        step("build", "everything that tests compiles", build),
        needs("build", step("test", "unit, integration and documentation tests", test)),
        step("doc", "the documentation builds without warnings", doc),
        step("go", "interop programs: gofmt, go vet, go test", go),
        step("frontend", "front ends: what is checked in is what sources give; load tests", frontend),
        needs("build", step("page", "the workbench page in a browser", page)),
        needs("build", step("demo", "cargo xtask demo, once", demo)),
        needs(
            "build",
            step(
                "conformance",
                "docs/conformance.md is what our plugin's run gives; all columns in the long tier",
                conformance,
            ),
        ),
        step("fuzz", "each fuzz target for a while (cargo xtask fuzz)", fuzz),
        needs("build", step("bench", "each bench once; measured in the long tier", bench)),
    ];
    if long {
        steps.push(step("release", "release and embedded builds of the plugins", release));
    }
    steps
}

impl Job<'_> {
    /// Runs a command to its end; what it counts is added to the step.
    pub(crate) fn run(&mut self, run: Run, counter: Counter, bound: Duration) -> anyhow::Result<()> {
        let screen = &mut *self.screen;
        let run = run.quiet();
        let shown = run.shown().to_owned();
        screen.line(&format!("$ {shown}"));
        let mut tally = Tally::default();
        let ending = run.bounded(bound, |line| {
            screen.line(line);
            counter.read(line, &mut tally);
        })?;
        self.tally.add(counter.finish(ending.succeeded(), tally));
        if !ending.succeeded() {
            screen.line(&format!("`{shown}`: {ending}"));
        }
        Ok(())
    }

    fn cargo(&mut self, args: &[&str]) -> anyhow::Result<()> {
        let run = self.cargo_run(args);
        self.run(run, Counter::Whole, BUILD)
    }

    /// Cargo without a terminal; where nobody looks, the lock file must be right and nothing is built twice.
    fn cargo_run(&self, args: &[&str]) -> Run {
        let (before, after) = match args.iter().position(|arg| *arg == "--") {
            Some(at) => args.split_at(at),
            None => (args, [].as_slice()),
        };
        let locked = self.site.ci && before.first().is_some_and(|chore| *chore != "fmt");
        let run = cargo().args(before).args(locked.then_some("--locked")).args(after);
        let run = run.env("CARGO_TERM_COLOR", "never");
        if self.site.ci { run.env("CARGO_INCREMENTAL", "0") } else { run }
    }
}

fn tidy(job: &mut Job<'_>) -> anyhow::Result<()> {
    for outcome in crate::tidy::outcomes()? {
        job.tally.add(Tally::one(outcome.findings.is_empty()));
        outcome.findings.iter().for_each(|finding| job.screen.line(&finding.to_string()));
    }
    Ok(())
}

fn codegen(job: &mut Job<'_>) -> anyhow::Result<()> {
    job.cargo(&["run", "--quiet", "--package", "codegen", "--", "--check"])
}

fn clippy(job: &mut Job<'_>) -> anyhow::Result<()> {
    job.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn features(job: &mut Job<'_>) -> anyhow::Result<()> {
    for combination in crate::tidy::features::combinations()? {
        let list = combination.features.join(",");
        let package = combination.package.as_str();
        job.cargo(&[
            "clippy",
            "--package",
            package,
            "--no-default-features",
            "--features",
            &list,
            "--",
            "-D",
            "warnings",
        ])?;
    }
    Ok(())
}

fn build(job: &mut Job<'_>) -> anyhow::Result<()> {
    // `test` alone would leave out executables of packages without tests of their own, which other tests start.
    job.cargo(&["build", "--workspace", "--lib", "--bins", "--examples", "--tests"])?;
    job.cargo(&["test", "--workspace", "--no-run"])
}

fn test(job: &mut Job<'_>) -> anyhow::Result<()> {
    // All executables were built with the tests: tests that start them need not build them one by one.
    let run = job
        .cargo_run(&["test", "--workspace", "--no-fail-fast", "--", "--show-output"])
        .env("GRAFTWIRE_ALL_BUILT", "1");
    // A failing test says where; traces of async code would push the other failures out of sight.
    let run = run.env("RUST_BACKTRACE", "0");
    // Each data source under load: a minute instead of seconds.
    let run = if job.site.all { run.env("GRAFTWIRE_LOAD_SECONDS", "60") } else { run };
    job.run(run, Counter::Libtest, BUILD)
}

fn doc(job: &mut Job<'_>) -> anyhow::Result<()> {
    let run = job.cargo_run(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    job.run(run.env("RUSTDOCFLAGS", "-D warnings"), Counter::Whole, BUILD)
}

fn go(job: &mut Job<'_>) -> anyhow::Result<()> {
    if !machine::is_there(&["go", "version"]) {
        job.tally.not_run("go: Go is not installed");
        return Ok(());
    }
    let dir = "ci/interop";
    let unformatted = Run::new("gofmt").args(["-l", "."]).dir(dir).quiet().stdout()?;
    job.tally.add(Tally::one(unformatted.trim().is_empty()));
    unformatted.lines().for_each(|file| job.screen.line(&format!("{dir}/{file}: gofmt would change it")));
    job.run(Run::new("go").args(["vet", "./..."]).dir(dir), Counter::Whole, MINUTE * 15)?;
    job.run(Run::new("go").args(["test", "-json", "./..."]).dir(dir), Counter::GoJson, MINUTE * 15)
}

fn frontend(job: &mut Job<'_>) -> anyhow::Result<()> {
    if !machine::is_there(&["npm", "--version"]) {
        job.tally.not_run("frontend: Node.js with npm is not installed");
        return Ok(());
    }
    let tools = Path::new("ci/frontend");
    job.npm_install(tools)?;
    for cell in std::fs::read_dir(root().join(tools).join("cells")).context("ci/frontend/cells")? {
        job.npm_install(&cell.context("ci/frontend/cells")?.path())?;
    }
    job.run(Run::new("node").args(["build.mjs", "--check"]).dir(tools), Counter::Whole, MINUTE * 5)?;
    job.run(Run::new("node").arg("test.mjs").dir(tools), Counter::Plain, MINUTE * 10)
}

fn page(job: &mut Job<'_>) -> anyhow::Result<()> {
    let dir = Path::new("ci/page");
    if !root().join(dir).join("test.mjs").is_file() {
        job.tally.not_run("page: ci/page has no tests");
        return Ok(());
    }
    if !machine::is_there(&["npm", "--version"]) {
        job.tally.not_run("page: Node.js with npm is not installed");
        return Ok(());
    }
    job.npm_install(dir)?;
    job.run(Run::new("node").arg("test.mjs").dir(dir), Counter::Plain, MINUTE * 20)
}

impl Job<'_> {
    /// `npm ci`, unless what the lock file names is there already.
    fn npm_install(&mut self, dir: &Path) -> anyhow::Result<()> {
        let dir = root().join(dir);
        let lock = dir.join("package-lock.json");
        let wanted = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
        let installed = dir.join("node_modules/.installed-lock.json");
        if std::fs::read(&installed).is_ok_and(|there| there == wanted) {
            return Ok(());
        }
        self.retry(3, MINUTE * 5, || Run::new("npm").args(["ci", "--silent"]).dir(&dir))?;
        // A lock file without packages leaves no folder, and nothing to remember.
        let _ = std::fs::write(&installed, wanted);
        Ok(())
    }
}

fn demo(job: &mut Job<'_>) -> anyhow::Result<()> {
    job.cargo(&["run", "--quiet", "--package", "xtask", "--", "demo", "--once"])
}

fn conformance(job: &mut Job<'_>) -> anyhow::Result<()> {
    let check = ["run", "--quiet", "--package", "xtask", "--", "conformance", "--check"];
    let all = job.site.all.then_some("--all");
    let args: Vec<&str> = check.into_iter().chain(all).collect();
    job.cargo(&args)
}

fn fuzz(job: &mut Job<'_>) -> anyhow::Result<()> {
    let each = if job.site.all { MINUTE * 10 } else { Duration::from_secs(15) };
    crate::fuzz::step(job, each)
}

fn bench(job: &mut Job<'_>) -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let benches = workspace.packages.iter().filter(|package| package.has_benches);
    let benches: Vec<_> = benches.map(|package| package.name.as_str()).collect();
    if benches.is_empty() {
        job.tally.not_run("bench: no package has a bench");
        return Ok(());
    }
    for package in benches {
        let smoke = job.cargo_run(&["test", "--package", package, "--bench", "*"]);
        job.run(smoke, Counter::Criterion, BUILD)?;
        if job.site.all {
            job.cargo(&["bench", "--package", package, "--bench", "*"])?;
        }
    }
    Ok(())
}

fn release(job: &mut Job<'_>) -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    for profile in ["release", "embedded"] {
        for plugin in workspace.packages_below("plugins") {
            job.cargo(&["build", "--profile", profile, "--package", &plugin.name])?;
        }
    }
    Ok(())
}
