//! `graftwire frame`: data frames in files.
//!
//! It deliberately needs no plugin and no network.

mod convert;
mod input;
mod show;

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
    /// Print the frames in a file: what they are, their tables, their metadata.
    Show(show::ShowArgs),
    /// Write the frames in a file as JSON, Arrow or CSV. Between Arrow and JSON nothing is lost.
    Convert(convert::ConvertArgs),
}

pub(crate) fn run(args: FrameArgs, json: bool) -> Result<Exit, Failure> {
    match args.command {
        FrameCommand::Show(args) => show::run(&args, json),
        FrameCommand::Convert(args) => convert::run(&args, json),
    }
}
