//! What `dist` shows: a bar while it builds, a line for each build, a table at the end.
//!
//! Without a terminal there is no bar and only lines remain. It deliberately decides nothing.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::targets::{Std, Target};

/// What came of one plugin on one target.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) plugin: String,
    pub(crate) target: &'static Target,
    pub(crate) time: Duration,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Built { file: PathBuf, bytes: u64 },
    Failed(String),
}

/// The terminal, if there is one.
#[derive(Debug)]
pub(crate) struct Screen {
    bar: Option<ProgressBar>,
}

impl Screen {
    pub(crate) fn new(builds: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = "{spinner} [{bar:20}] {pos}/{len} {elapsed} {prefix} {wide_msg}";
            let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(builds as u64).with_style(style.progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar }
    }

    pub(crate) fn begin(&self, plugin: &str, target: &str) {
        match &self.bar {
            Some(bar) => bar.set_prefix(format!("{plugin} for {target}:")),
            None => eprintln!("building {plugin} for {target}"),
        }
    }

    /// What the running build says.
    pub(crate) fn line(&self, line: &str) {
        if let Some(bar) = self.bar.as_ref().filter(|_| !line.trim().is_empty()) {
            bar.set_message(line.trim().chars().filter(|c| !c.is_control()).collect::<String>());
        }
    }

    pub(crate) fn end(&self, row: &Row) {
        let text = format!("{} for {}: {}", row.plugin, row.target.name, outcome(row));
        match &self.bar {
            Some(bar) => {
                bar.println(text);
                bar.set_message("");
                bar.inc(1);
            }
            None => eprintln!("{text}"),
        }
    }

    pub(crate) fn close(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn outcome(row: &Row) -> String {
    match &row.outcome {
        Outcome::Built { bytes, .. } => format!("{} in {} s", size(*bytes), row.time.as_secs()),
        Outcome::Failed(reason) => format!("FAILED: {reason}"),
    }
}

/// Every build with what came of it; of a failure the first line, which says what failed.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let width = rows.iter().map(|row| row.plugin.len()).max().unwrap_or_default().max("plugin".len());
    let _ = writeln!(text, "{:<width$}  {:<14}  result", "plugin", "target");
    for row in rows {
        let result = outcome(row);
        let first = result.lines().next().unwrap_or_default();
        let _ = writeln!(text, "{:<width$}  {:<14}  {first}", row.plugin, row.target.name);
    }
    text
}

/// The targets there are.
pub(crate) fn targets() -> String {
    let mut text = format!("{:<14}  {:<32}  standard library\n", "name", "Rust triple");
    for target in Target::all() {
        let std = match target.std {
            Std::Shipped => "rustup's",
            Std::Source => "compiled along (rust-src)",
        };
        let _ = writeln!(text, "{:<14}  {:<32}  {std}", target.name, target.triple);
    }
    text
}

fn size(bytes: u64) -> String {
    let hundredths = bytes.saturating_mul(100) / 1_000_000;
    format!("{}.{:02} MB", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests;
