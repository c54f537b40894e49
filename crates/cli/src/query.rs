//! `graftwire query`: data queries as `/api/ds/query` makes them.
//!
//! It deliberately does not touch the query model: variables and macros are the affair of whoever wrote it.

mod lines;
mod print;
pub(crate) mod request;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use graftwire_frame::chunks::CollectLimits;
use graftwire_host::query_chunked_or_plain;
use graftwire_model::{CallError, EpochMillis, FrameFormat, QueryRequest, QueryResponse, TimeRange};

use crate::failure::{Exit, Failure};
use crate::file;
use crate::plugin::{PluginArgs, Session, wire, with_session};
use crate::time::duration::parse_duration;
use crate::time::instant::{self, Edge};

/// Run data queries and print the answer.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    plugin: PluginArgs,
    /// A query model as JSON (an object, or a list of them), @FILE, or @- for standard input; may be repeated.
    #[arg(long, short, value_name = "JSON|@FILE", required = true)]
    query: Vec<String>,
    /// The query type, for models that don't say it.
    #[arg(long, value_name = "TYPE")]
    query_type: Option<String>,
    /// Start of the time range: now-6h, now/d, 2026-01-31T12:00:00Z, or milliseconds since 1970.
    #[arg(long, value_name = "TIME", default_value = "now-1h", allow_hyphen_values = true)]
    from: String,
    /// End of the time range.
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    to: String,
    /// The distance of points [default: the range over the points, rounded as panels do].
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    interval: Option<Duration>,
    /// How many points can be shown [default: what the model says, else 1000].
    #[arg(long, value_name = "N")]
    max_data_points: Option<i64>,
    /// The frame format to ask the plugin for; it may answer with Arrow all the same.
    #[arg(long, value_enum, default_value = "arrow")]
    format: WireFormat,
    /// Ask for the answer in pieces and put them together; a plugin that has no chunked queries is asked as usual.
    #[arg(long)]
    chunked: bool,
    /// What to print [default: text on a terminal, else json].
    #[arg(long, short, value_enum)]
    output: Option<Shown>,
    /// Write here instead of standard output. Several Arrow frames are numbered: x.arrow becomes x.A.0.arrow.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Run the queries so often.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u64).range(1..))]
    repeat: u64,
    /// How long to wait between two runs.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    every: Duration,
}

/// The frame formats of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WireFormat {
    Arrow,
    Json,
}

impl From<WireFormat> for FrameFormat {
    fn from(format: WireFormat) -> Self {
        match format {
            WireFormat::Arrow => Self::Arrow,
            WireFormat::Json => Self::Json,
        }
    }
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shown {
    /// Log lines as lines, other frames as tables.
    Text,
    /// The frames as tables.
    Table,
    /// The JSON that /api/ds/query returns, one line per run.
    Json,
    /// The frames as Arrow files.
    Arrow,
    /// Numbers over time as a chart of characters.
    Chart,
}

pub(crate) fn run(args: &QueryArgs, json: bool) -> Result<Exit, Failure> {
    if args.repeat > 1 && args.out.is_some() {
        return Err(Failure::usage("--repeat and --out don't go together: each run would replace the last"));
    }
    let models = args.query.iter().map(|text| file::text_or_file(text)).collect::<Result<Vec<_>, _>>()?;
    let models = request::models(&models).map_err(Failure::usage)?;
    let mut printer = print::Printer::new(args, json)?;
    let failed = with_session(&args.plugin, async |session| {
        let mut failed = Vec::new();
        for round in 0..args.repeat {
            if round > 0 {
                tokio::time::sleep(args.every).await;
            }
            let answer = ask(session, args, &models).await?;
            failed = print::failed(&answer);
            printer.print(&answer)?;
        }
        Ok(failed)
    })?;
    if failed.is_empty() { Ok(Exit::Fine) } else { Err(Failure::answer(failed.join("; "))) }
}

async fn ask(
    session: &Session,
    args: &QueryArgs,
    models: &[request::Model],
) -> Result<QueryResponse, Failure> {
    let now = EpochMillis::now();
    let range = TimeRange {
        from: instant::parse(&args.from, now, Edge::From).map_err(|error| usage("--from", &error))?,
        to: instant::parse(&args.to, now, Edge::To).map_err(|error| usage("--to", &error))?,
    };
    let wanted = request::Wanted {
        range,
        query_type: args.query_type.clone(),
        interval: args.interval,
        max_data_points: args.max_data_points,
        format: args.format.into(),
    };
    let request = request::build(&session.context, models, &wanted).map_err(Failure::usage)?;
    session.progress.say("waiting for the answer");
    let (backend, cx) = (session.backend(), session.call());
    let (answer, calls) = wire::recorded(async {
        if args.chunked { in_chunks(session, request).await } else { backend.query_data(cx, request).await }
    })
    .await;
    session.tell_wire(&calls);
    session.progress.clear();
    answer.map_err(|error| Failure::call("the query", error))
}

/// The whole answer, however it came; `--verbose` shows which calls were made.
async fn in_chunks(session: &Session, request: QueryRequest) -> Result<QueryResponse, CallError> {
    let (backend, limits) = (session.backend(), CollectLimits::default());
    Ok(query_chunked_or_plain(backend.as_ref(), session.call(), request, limits).await?.response)
}

fn usage(flag: &str, error: &str) -> Failure {
    Failure::usage(format!("{flag}: {error}"))
}
