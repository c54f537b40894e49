//! `graftwire frame`: data frames in files.
//!
//! It deliberately needs no plugin and no network.

mod convert;
mod input;

use clap::{Args, Subcommand};

use crate::failure::{Exit, Failure};

/// Show data frames, or convert them between Arrow, JSON and CSV.
#[derive(Debug, Args)]
pub(crate) struct FrameArgs {
    #[command(subcommand)]
    command: FrameCommand,
}

#[derive(Debug, Subcommand)]
enum FrameCommand {
    /// Write the frames in a file as JSON, Arrow or CSV. Between Arrow and JSON nothing is lost.
    Convert(convert::ConvertArgs),
}

pub(crate) fn run(args: FrameArgs, json: bool) -> Result<Exit, Failure> {
    match args.command {
        FrameCommand::Convert(args) => convert::run(&args, json),
    }
}
