//! What a tool's output says about passed, failed and skipped, read line by line.
//!
//! It deliberately trusts no output to say that all went well: a failing exit code counts even when no test failed,
//! and a test runner that ran nothing is a failure.

/// The counts of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// What could not run, with the reason, without the words `NOT RUN`. Each counts as skipped.
    pub(crate) not_run: Vec<String>,
}

impl Tally {
    /// A check without tests of its own.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: passed.into(), failed: (!passed).into(), ..Self::default() }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.not_run.extend(other.not_run);
    }

    /// Something could not run: `what: why`.
    pub(crate) fn not_run(&mut self, reason: impl Into<String>) {
        self.skipped += 1;
        self.not_run.push(reason.into());
    }

    fn executed(&self) -> u64 {
        self.passed + self.failed
    }
}

/// Which runner's lines to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// A check without tests of its own: one for the exit code.
    Whole,
    /// `cargo test` with `--show-output`. A test that prints `NOT RUN: why` counts as skipped.
    Libtest,
    /// `go test -json`.
    GoJson,
    /// The plain line `N passed, N failed[, N skipped]`.
    Plain,
    /// Criterion's test mode, one `Success` for each bench.
    Criterion,
}

const NOT_RUN: &str = "NOT RUN: ";

impl Counter {
    /// Takes one line of output into account.
    pub(crate) fn read(self, line: &str, tally: &mut Tally) {
        if self != Self::Whole
            && let Some(reason) = line.trim_start().strip_prefix(NOT_RUN)
        {
            tally.not_run(reason);
            return;
        }
        match self {
            Self::Whole => {}
            Self::Libtest => read_libtest(line, tally),
            Self::GoJson => read_go(line, tally),
            Self::Plain => read_plain(line, tally),
            Self::Criterion => tally.passed += u64::from(line.trim() == "Success"),
        }
    }

    /// The end of the output, with the exit code.
    pub(crate) fn finish(self, succeeded: bool, mut tally: Tally) -> Tally {
        if self == Self::Whole {
            return Tally::one(succeeded);
        }
        if self == Self::Libtest {
            // libtest counts a test that printed the words as passed.
            tally.passed = tally.passed.saturating_sub(tally.not_run.len() as u64);
        }
        let nothing_ran = tally.executed() == 0 && tally.not_run.is_empty();
        if (!succeeded || nothing_ran) && tally.failed == 0 {
            tally.failed = 1;
        }
        tally
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn read_libtest(line: &str, tally: &mut Tally) {
    let Some(counts) = line.trim_start().strip_prefix("test result: ") else { return };
    let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
    for part in counts.split("; ") {
        add_count(part, "ignored", tally);
    }
}

/// `12 passed, 0 failed, 1 skipped`, alone on its line.
fn read_plain(line: &str, tally: &mut Tally) {
    let parts: Vec<_> = line.trim().split(", ").collect();
    let names = ["passed", "failed", "skipped"];
    let fits = |(part, name): (&&str, &str)| {
        part.split_once(' ').is_some_and(|(count, word)| word == name && count.parse::<u64>().is_ok())
    };
    if parts.len() < 2 || parts.len() > names.len() || !parts.iter().zip(names).all(fits) {
        return;
    }
    for part in parts {
        add_count(part, "skipped", tally);
    }
}

fn add_count(part: &str, skipped: &str, tally: &mut Tally) {
    let Some((count, word)) = part.split_once(' ') else { return };
    let Ok(count) = count.parse::<u64>() else { return };
    match word {
        "passed" => tally.passed += count,
        "failed" => tally.failed += count,
        word if word == skipped => tally.skipped += count,
        _ => {}
    }
}

/// One event of `go test -json`; subtests count like tests.
fn read_go(line: &str, tally: &mut Tally) {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    #[derive(Default)]
    struct Event {
        action: String,
        package: String,
        test: String,
    }
    let Ok(event) = serde_json::from_str::<Event>(line) else { return };
    if event.test.is_empty() {
        return;
    }
    match event.action.as_str() {
        "pass" => tally.passed += 1,
        "fail" => tally.failed += 1,
        "skip" => tally.not_run(format!("{}: {} (go test)", event.package, event.test)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
