//! `cargo xtask conformance`: the tables of docs/conformance.md, each cell from a run: of `graftwire conformance`, and of the
//! interop matrix.
//!
//! `--check` runs our own plugin alone and compares its column with the page. It deliberately knows no check: the list is
//! the program's.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::run::{Run, cargo, root};
use crate::test::Site;

const PAGE: &str = "docs/conformance.md";
const BEGIN: &str = "<!-- measured -->";
const END: &str = "<!-- /measured -->";

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run Graftwire alone, and fail if its column of the page is not what comes out. Writes nothing.
    #[arg(long)]
    check: bool,
    /// With --check: all columns.
    #[arg(long, requires = "check")]
    all: bool,
}

/// One column of the table.
struct Column {
    title: &'static str,
    build: fn(&Path) -> anyhow::Result<PathBuf>,
}

const OWN: Column = Column { title: "Graftwire", build: build_own };
const PEERS: [Column; 3] = [
    Column { title: "Go SDK", build: build_go },
    Column { title: "grafana-plugin-sdk 0.5.0", build: |target| build_peer(target, "grafana-plugin-sdk") },
    Column {
        title: "grafana-plugin-sdk-rs 0.4.0",
        build: |target| build_peer(target, "grafana-plugin-sdk-rs"),
    },
];

#[derive(Debug, Deserialize)]
struct Report {
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
struct Check {
    group: String,
    name: String,
    about: String,
    verdict: String,
    detail: String,
}

impl Check {
    fn cell(&self) -> String {
        let detail = self.detail.replace('|', "\\|");
        match self.verdict.as_str() {
            "yes" => "yes".to_owned(),
            "no" => format!("**no**: {detail}"),
            other => format!("{other}: {detail}"),
        }
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let target = Site::find(false)?.target;
    let columns: Vec<&Column> = match args.check && !args.all {
        true => vec![&OWN],
        false => std::iter::once(&OWN).chain(&PEERS).collect(),
    };
    cargo().args(["build", "--quiet", "--package", "graftwire-cli"]).quiet().run()?;
    let mut reports = Vec::new();
    for column in columns {
        let executable = (column.build)(&target).with_context(|| format!("building {}", column.title))?;
        reports.push((column.title, checked(&target, &executable)?));
    }
    let page = std::fs::read_to_string(root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    if args.check {
        return compare(&page, &reports);
    }
    let page = filled(&page, &table(&reports)?)?;
    std::fs::write(root().join(PAGE), page).with_context(|| format!("cannot write {PAGE}"))?;
    write_matrix()
}

/// The test that makes the runs of the matrix writes it too; without the variable it compares, in step `test`.
fn write_matrix() -> anyhow::Result<()> {
    let args = ["test", "--quiet", "--package", "graftwire-testkit", "--examples", "--test", "it", "matrix"];
    cargo().args(args).env("GRAFTWIRE_WRITE_MATRIX", "true").run()
}

fn checked(target: &Path, executable: &Path) -> anyhow::Result<Report> {
    let program = target.join("debug/graftwire");
    let run = Run::new(&program).args(["--json", "conformance", "--contract"]).arg(executable);
    // One is what a plugin ends with that misses something.
    let output =
        run.into_command().output().with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}: {}",
        executable.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("the report can't be read")
}

fn build_own(target: &Path) -> anyhow::Result<PathBuf> {
    let args = ["build", "--quiet", "--package", "graftwire-testkit", "--example", "conformance_plugin"];
    cargo().args(args).quiet().run()?;
    Ok(target.join("debug/examples/conformance_plugin"))
}

fn build_go(target: &Path) -> anyhow::Result<PathBuf> {
    let out = target.join("interop/goplugin");
    let build = Run::new("go").args(["build", "-buildvcs=false", "-trimpath", "-o"]).arg(&out);
    build.arg("./cmd/goplugin").dir("ci/interop").hint("install Go from your distribution").run()?;
    Ok(out)
}

/// The peers are workspaces of their own, with lock files of their own.
fn build_peer(target: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let out = target.join("peers");
    let build = cargo().args(["build", "--quiet", "--locked"]).dir(format!("ci/peers/{name}"));
    build.env("CARGO_TARGET_DIR", &out).run()?;
    Ok(out.join("debug").join(format!("peer-{name}")))
}

fn table(reports: &[(&str, Report)]) -> anyhow::Result<String> {
    let [(_, own), ..] = reports else { bail!("no report") };
    let mut text = String::new();
    let mut group = "";
    for (index, check) in own.checks.iter().enumerate() {
        if check.group != group {
            group = &check.group;
            let titles: Vec<&str> = reports.iter().map(|(title, _)| *title).collect();
            let _ = writeln!(
                text,
                "\n| {group} | {} |\n|---{}|",
                titles.join(" | "),
                "|---".repeat(titles.len())
            );
        }
        let mut cells = Vec::new();
        for (title, report) in reports {
            let other = report.checks.get(index).filter(|other| other.name == check.name);
            cells.push(other.with_context(|| format!("{title} has no check {}", check.name))?.cell());
        }
        let _ = writeln!(text, "| {} | {} |", check.about.replace('|', "\\|"), cells.join(" | "));
    }
    let _ = writeln!(text, "\n{}", totals(reports));
    Ok(text)
}

fn totals(reports: &[(&str, Report)]) -> String {
    let of = |(title, report): &(&str, Report)| {
        let kept = report.checks.iter().filter(|check| check.verdict == "yes").count();
        format!("{title} {kept}")
    };
    let all = reports.first().map_or(0, |(_, report)| report.checks.len());
    format!("Of {all}: {}.", reports.iter().map(of).collect::<Vec<_>>().join(", "))
}

fn filled(page: &str, table: &str) -> anyhow::Result<String> {
    let places = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = places.with_context(|| format!("{PAGE} has no place between {BEGIN} and {END}"))?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", table.trim_end()))
}

/// Fails if a column of the page is not what came out.
fn compare(page: &str, reports: &[(&str, Report)]) -> anyhow::Result<()> {
    let mut stale = Vec::new();
    for (title, report) in reports {
        for check in &report.checks {
            let found = cell_of(page, &check.group, &check.about, title);
            if found.as_deref() != Some(check.cell().as_str()) {
                let found = found.unwrap_or_else(|| "no such cell".to_owned());
                stale.push(format!(
                    "{title}, {}: the page says {found:?}, the run {:?}",
                    check.name,
                    check.cell()
                ));
            }
        }
    }
    ensure!(
        stale.is_empty(),
        "{PAGE} is not what a run gives; run `cargo xtask conformance`:\n{}",
        stale.join("\n")
    );
    Ok(())
}

fn cell_of(page: &str, group: &str, about: &str, title: &str) -> Option<String> {
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    let (begins, row) = (format!("| {group} | "), format!("| {} | ", about.replace('|', "\\|")));
    let mut lines = page.lines().skip_while(|line| !line.starts_with(&begins));
    let index = cells(lines.next()?).iter().position(|cell| cell == title)?;
    let line = lines.take_while(|line| line.starts_with('|')).find(|line| line.starts_with(&row))?;
    cells(line).get(index).cloned()
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, Check, END, Report, compare, filled, table};

    fn report(verdict: &str) -> Report {
        let check = |name: &str, verdict: &str| Check {
            group: "life".to_owned(),
            name: name.to_owned(),
            about: format!("it does {name}"),
            verdict: verdict.to_owned(),
            detail: "why | not".to_owned(),
        };
        Report { checks: vec![check("a", "yes"), check("b", verdict)] }
    }

    #[test]
    fn the_page_holds_what_runs_gave_and_nothing_else() {
        let reports = [("Us", report("yes")), ("Them", report("no"))];
        let page = filled(&format!("before {BEGIN} old {END} after"), &table(&reports).unwrap()).unwrap();
        assert!(page.contains("| life | Us | Them |\n|---|---|---|\n| it does a | yes | yes |\n"), "{page}");
        assert!(page.contains("| it does b | yes | **no**: why \\| not |"), "{page}");
        assert!(page.contains("Of 2: Us 2, Them 1.") && page.ends_with(" after") && !page.contains("old"));
        compare(&page, &reports).unwrap();
        compare(&page, &[("Us", report("yes"))]).unwrap();
        let error = compare(&page, &[("Us", report("no"))]).unwrap_err().to_string();
        assert!(error.contains("Us, b: the page says \"yes\""), "{error}");
        assert!(compare("nothing", &reports).is_err() && filled("nothing", "x").is_err());
    }
}
