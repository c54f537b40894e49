//! `graftwire`: look at Grafana backend plugins and data frames without Grafana.
//!
//! This file parses the command line and turns the outcome into an exit code; what a command does stands in the
//! module of its name. It deliberately prints nothing but errors.

mod admission;
mod args;
mod capabilities;
mod chart;
mod conformance;
mod conversion;
mod failure;
mod file;
mod frame;
mod health;
mod http_call;
mod inspect;
mod metrics;
mod object;
mod output;
mod plugin;
mod progress;
mod query;
mod record;
mod replay;
mod resource;
mod route;
mod series;
mod smoke;
mod stream;
mod time;
mod workbench;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
use failure::{Exit, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command, cli.json) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            report(&failure, cli.json);
            failure.exit().into()
        }
    }
}

fn run(command: Command, json: bool) -> Result<Exit, Failure> {
    match command {
        Command::Inspect(args) => inspect::run(&args, json),
        Command::Query(args) => query::run(&args, json),
        Command::Resource(args) => resource::run(&args, json),
        Command::Stream(args) => stream::run(&args, json),
        Command::Admission(args) => admission::run(&args, json),
        Command::Conversion(args) => conversion::run(&args, json),
        Command::Route(args) => route::run(&args, json),
        Command::Health(args) => health::run(&args, json),
        Command::Metrics(args) => metrics::run(&args, json),
        Command::Conformance(args) => conformance::run(&args, json),
        Command::Record(args) => record::run(&args, json),
        Command::Replay(args) => replay::run(&args, json),
        Command::Smoke(args) => smoke::run(&args, json),
        Command::Workbench(args) => workbench::run(&args, json),
        Command::Frame(args) => frame::run(args, json),
    }
}

/// Tells the reason on stderr. If stderr is gone too there is nobody to tell.
fn report(failure: &Failure, json: bool) {
    if failure.is_silent() {
        return;
    }
    let mut stderr = std::io::stderr().lock();
    let _ = if json {
        writeln!(stderr, "{}", failure.to_json())
    } else if output::color_wanted(stderr.is_terminal()) {
        writeln!(stderr, "\x1b[1;31merror:\x1b[0m {failure:#}")
    } else {
        writeln!(stderr, "error: {failure:#}")
    };
}
