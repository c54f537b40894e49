//! `cargo xtask bench`: measures, and writes the tables of docs/benchmarks.md.
//!
//! Each part measures one thing and fills one place of the document; the text around the places is written by hand.
//! It deliberately judges nothing: figures of a shared machine move, and a person reads them. What must not get worse
//! unseen is counted in instructions, which don't move (`cargo xtask bench instructions --check`).

mod document;
mod instructions;
mod machine;
mod peers;
mod report;
mod sizes;
mod steps;
mod subjects;
mod units;

use clap::ValueEnum;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Parts to measure, in this order; all of them by default.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Print the tables and leave docs/benchmarks.md as it is.
    #[arg(long)]
    print: bool,
    /// Factor for the number of calls to processes; 0.01 tries everything quickly.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    scale: f64,
    /// Compare with docs/benchmarks.md instead of writing it; only `instructions` can be compared.
    #[arg(long)]
    check: bool,
}

/// A place in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Plugin processes next to each other: ours, and the same contract on the Go SDK.
    Peers,
    /// Each step of the life of a query, and whole calls, by criterion.
    Steps,
    /// File size and memory of the plugin's builds.
    Sizes,
    /// Instructions of the codecs, by callgrind.
    Instructions,
}

impl Part {
    /// The name of its place in the document.
    const fn name(self) -> &'static str {
        match self {
            Self::Peers => "peers",
            Self::Steps => "steps",
            Self::Sizes => "sizes",
            Self::Instructions => "instructions",
        }
    }

    fn measure(self, scale: f64) -> anyhow::Result<String> {
        match self {
            Self::Peers => peers::measure(scale),
            Self::Steps => steps::measure(),
            Self::Sizes => sizes::measure(scale),
            Self::Instructions => instructions::measure(),
        }
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    if args.check {
        anyhow::ensure!(args.parts == [Part::Instructions], "only `instructions` can be checked");
        return instructions::check(&document::place(Part::Instructions.name())?);
    }
    let parts = if args.parts.is_empty() { Part::value_variants() } else { &args.parts };
    for part in parts {
        let text = part.measure(args.scale)?;
        println!("\n{text}");
        if !args.print {
            document::write(part.name(), &text)?;
        }
    }
    Ok(())
}
