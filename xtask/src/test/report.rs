//! What a run of `cargo xtask test` shows: one line a step, the end of the log of what failed, the closing table.
//!
//! At a terminal the running step shows its time and its last line. It deliberately writes the whole output to a log
//! file only: a run is read by its verdicts.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Site, Tally};

/// Lines of a failed step that are shown; the log has them all.
const SHOWN_LINES: usize = 80;

/// The row of a step in the closing table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) time: Duration,
    pub(super) tally: Tally,
}

impl Row {
    /// A step that needs another one, which failed.
    pub(super) fn blocked(name: &'static str, needs: &str) -> Self {
        let mut tally = Tally::default();
        tally.not_run(format!("{name}: {needs} failed"));
        Self { name, time: Duration::ZERO, tally }
    }

    fn verdict(&self) -> &'static str {
        match &self.tally {
            tally if tally.failed > 0 => "FAILED",
            tally if tally.passed == 0 => "not run",
            _ => "ok",
        }
    }
}

/// Lines that are shown even if all went well begin like this: the interop matrix.
const ALWAYS_SHOWN: &str = "matrix: ";

/// Where the output of the running step goes.
pub(crate) struct Screen {
    logs: PathBuf,
    log: Option<(PathBuf, File)>,
    bar: Option<ProgressBar>,
    name: &'static str,
    recent: VecDeque<String>,
    /// Lines that say what failed, wherever they stood.
    telling: Vec<String>,
    in_failures: bool,
    /// What is shown however the step ends.
    results: Vec<String>,
}

impl Screen {
    pub(crate) fn new(logs: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;
        let recent = VecDeque::new();
        let (telling, results) = (Vec::new(), Vec::new());
        Ok(Self { logs, log: None, bar: None, name: "", recent, telling, in_failures: false, results })
    }

    pub(super) fn start(&mut self, name: &'static str) -> anyhow::Result<()> {
        let path = self.logs.join(format!("{name}.log"));
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        self.log = Some((path, file));
        self.name = name;
        self.recent.clear();
        self.telling.clear();
        self.in_failures = false;
        self.results.clear();
        if std::io::stdout().is_terminal() {
            let style = ProgressStyle::with_template("{spinner} {prefix:10} {elapsed:>4}  {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = ProgressBar::new_spinner().with_style(style).with_prefix(name);
            bar.enable_steady_tick(Duration::from_millis(200));
            self.bar = Some(bar);
        }
        Ok(())
    }

    /// One line of what the running step says.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some((_, file)) = &mut self.log {
            // A full disk must not hide the verdict.
            let _ = writeln!(file, "{line}");
        }
        if let Some(bar) = self.bar.as_ref().filter(|_| !line.trim().is_empty()) {
            bar.set_message(line.trim().chars().filter(|c| !c.is_control()).collect::<String>());
        }
        self.remember(line);
    }

    /// libtest prints what failed in the middle of everything, between `failures:` and `test result:`.
    fn remember(&mut self, line: &str) {
        match line {
            "failures:" => self.in_failures = true,
            line if line.starts_with("test result:") => self.in_failures = false,
            _ => {}
        }
        if self.in_failures && self.telling.len() < SHOWN_LINES {
            self.telling.push(line.to_owned());
        }
        if let Some(result) = line.strip_prefix(ALWAYS_SHOWN).filter(|_| self.results.len() < SHOWN_LINES) {
            self.results.push(result.to_owned());
        }
        if self.recent.len() == SHOWN_LINES {
            self.recent.pop_front();
        }
        self.recent.push_back(line.to_owned());
    }

    pub(super) fn verdict(&mut self, row: &Row) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        println!("{:<8}{:<10}{:>8}", row.verdict(), row.name, seconds(row.time));
        self.results.iter().for_each(|line| println!("        {line}"));
        for reason in row.tally.not_run.iter().filter(|_| row.tally.passed + row.tally.failed == 0) {
            println!("        NOT RUN: {reason}");
        }
        if row.tally.failed > 0 {
            let recent: &[String] = self.recent.make_contiguous();
            let shown = if self.telling.is_empty() { recent } else { &self.telling };
            shown.iter().for_each(|line| println!("    {line}"));
            if let Some((path, _)) = &self.log {
                println!("    all of it: {}", path.display());
            }
        }
        self.log = None;
    }
}

/// The table, what did not run, and the counts as the last line.
pub(super) fn close(rows: &[Row], site: &Site, whole: bool) -> anyhow::Result<()> {
    let mut sum = Tally::default();
    println!("\n{:<10}{:>8}{:>9}{:>8}{:>9}", "step", "time", "passed", "failed", "skipped");
    for row in rows {
        let Tally { passed, failed, skipped, .. } = row.tally;
        println!("{:<10}{:>8}{passed:>9}{failed:>8}{skipped:>9}", row.name, seconds(row.time));
        sum.add(row.tally.clone());
    }
    let time = rows.iter().map(|row| row.time).sum();
    println!("{:<10}{:>8}{:>9}{:>8}{:>9}", "all", seconds(time), sum.passed, sum.failed, sum.skipped);
    if whole && !site.all {
        for (what, step) in super::steps::LONG_ONLY {
            sum.not_run(format!("{step}: {what} (cargo xtask test --all)"));
        }
    }
    println!();
    for reason in &sum.not_run {
        println!("NOT RUN: {reason}");
    }
    println!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped);
    std::io::stdout().flush().context("cannot write the verdict")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::Screen;

    #[test]
    fn the_matrix_is_kept_for_the_verdict_of_its_step_alone() {
        let logs = tempfile::tempdir().unwrap();
        let mut screen = Screen::new(logs.path().to_owned()).unwrap();
        screen.start("test").unwrap();
        for line in ["test matrix::a ... ok", "matrix: | ends |", "a matrix: no"] {
            screen.line(line);
        }
        assert_eq!(screen.results, ["| ends |"]);
        screen.start("doc").unwrap();
        assert!(screen.results.is_empty());
    }
}
