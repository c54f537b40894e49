//! Every chore of the repository, as `cargo xtask <chore>`.
//!
//! One chore is one file with its `Args` and `pub(crate) fn run(args: Args) -> anyhow::Result<()>`;
//! this file only names them. What a chore does stands in its own file, never here.

// A chore speaks to the person at the terminal: printing is its job, unlike in the libraries.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod codegen;
mod conformance;
mod demo;
mod dist;
mod fuzz;
mod new;
mod package;
mod run;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// Chores of the Graftwire repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Show this machine's live data through a real plugin, on a page or (--once) as a table.
    Demo(demo::Args),
    /// Test everything that must hold: what CI runs.
    Test(test::Args),
    /// Check the rules of the repository that no compiler knows.
    Tidy(tidy::Args),
    /// Make the generated code from the text in proto/.
    Codegen(codegen::Args),
    /// Check how plugins of each SDK keep the protocol, and write docs/conformance.md.
    Conformance(conformance::Args),
    /// Fuzz the decoders.
    Fuzz(fuzz::Args),
    /// Measure, and write the tables of docs/benchmarks.md.
    Bench(bench::Args),
    /// Build a plugin and lay out the folder that Grafana loads.
    Package(package::Args),
    /// Build plugins for every platform, each as one file that needs nothing else.
    Dist(dist::Args),
    /// Make a new plugin from the SDK, here or in a repository of its own.
    New(new::Args),
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Demo(args) => demo::run(args),
        Chore::Test(args) => test::run(args),
        Chore::Tidy(args) => tidy::run(args),
        Chore::Codegen(args) => codegen::run(args),
        Chore::Conformance(args) => conformance::run(args),
        Chore::Fuzz(args) => fuzz::run(args),
        Chore::Bench(args) => bench::run(args),
        Chore::Package(args) => package::run(args),
        Chore::Dist(args) => dist::run(args),
        Chore::New(args) => new::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
