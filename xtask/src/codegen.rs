//! `cargo xtask codegen`: makes the checked-in `generated.rs` files from the text in `proto/`.
//!
//! The work is in `ci/codegen`, a package of its own, so that the other chores don't build a protobuf compiler.

use crate::run::cargo;

/// How to generate.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if a file is not what the text gives.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let chore = cargo().args(["run", "--quiet", "--package", "codegen", "--"]);
    chore.args(args.check.then_some("--check")).quiet().run()
}
