//! `graftwire replay`: the calls of a recording, made to a plugin, and where its answers differ.
//!
//! It deliberately judges answers alone: how long they took is printed, never compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use graftwire_host::{LaunchOptions, LinkOptions, LogBook, Plugin, PluginSpec};
use graftwire_protocol::handshake::HostOffer;
use graftwire_protocol::probe::version_of;
use graftwire_recording::{CallResult, Ignored, ReadError, Recording, ReplayOptions, Verdict, replay};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::file;
use crate::output::Output;
use crate::plugin::{interrupted, pair};
use crate::progress::Progress;
use crate::series::printable;
use crate::time::duration::parse_duration;

/// How many differences of one call are printed.
const SHOWN: usize = 20;
const KEPT_RECORDS: usize = 1000;

/// Make the calls of a recording to a plugin, and compare its answers.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The recording.
    #[arg(value_name = "FILE")]
    recording: PathBuf,
    /// The plugin: a folder with plugin.json in or below it, a plugin.json, or an executable.
    #[arg(value_name = "PLUGIN")]
    plugin: PathBuf,
    /// A secret that was taken out of the recording, by the name it stood under: a key of the data source's secrets, a
    /// header, a metadata key.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    secret: Vec<(String, String)>,
    /// The same from a JSON file with an object of texts, so that they show in no list of processes.
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Don't compare what is at a path: parts with points between, * for one part, ** for any number.
    #[arg(long, value_name = "PATTERN")]
    ignore: Vec<String>,
    /// Don't compare the values of time columns.
    #[arg(long)]
    ignore_times: bool,
    /// Let calls run beside each other that did so when they were recorded.
    #[arg(long)]
    concurrent: bool,
    /// An environment variable for the plugin's process; it gets no others of yours.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// Pass on the whole environment.
    #[arg(long)]
    inherit_env: bool,
    /// How long the plugin may take to announce itself.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    start_timeout: Duration,
    /// How long one call may take.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    timeout: Duration,
    /// Print the plugin's log lines to stderr.
    #[arg(long, short)]
    verbose: bool,
}

pub(crate) fn run(args: &ReplayArgs, json: bool) -> Result<Exit, Failure> {
    let recording = Recording::open(&args.recording).map_err(|error| unreadable(args, error))?;
    let options = options(args)?;
    let spec = PluginSpec::resolve(&args.plugin).map_err(Failure::start)?;
    let progress = Progress::begin(args.verbose);
    for line in remarks(&recording) {
        progress.print(&line);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Failure::file("the system gives no event loop").because(cause))?;
    let results = runtime.block_on(async {
        tokio::select! {
            results = play(args, &spec, &recording, &options, &progress) => results,
            () = interrupted() => Err(Failure::interrupted()),
        }
    })?;
    progress.clear();
    let mut output = Output::stdout();
    if json {
        output.json(&to_json(&results))?;
    } else {
        output.text(&to_text(&results))?;
    }
    output.flush()?;
    let differs = results.iter().any(|result| matches!(result.verdict, Verdict::Different(_)));
    Ok(if differs { Exit::Answer } else { Exit::Fine })
}

fn unreadable(args: &ReplayArgs, error: ReadError) -> Failure {
    Failure::file(args.recording.display().to_string()).because(error)
}

fn options(args: &ReplayArgs) -> Result<ReplayOptions, Failure> {
    let mut secrets = BTreeMap::new();
    if let Some(path) = &args.secrets {
        // What stands in the file is no part of any error.
        secrets = serde_json::from_slice(&file::read(path)?)
            .map_err(|_| Failure::file(format!("{}: expected a JSON object of texts", path.display())))?;
    }
    secrets.extend(args.secret.iter().cloned());
    let mut ignored = Ignored::nothing().times(args.ignore_times);
    for pattern in &args.ignore {
        ignored = ignored.pattern(pattern).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let mut options = ReplayOptions::default();
    (options.secrets, options.ignored) = (secrets, ignored);
    (options.concurrent, options.timeout) = (args.concurrent, args.timeout);
    Ok(options)
}

fn remarks(recording: &Recording) -> Vec<String> {
    let mut lines = Vec::new();
    if recording.broken_off {
        lines.push("the recording breaks off in its last line; what is whole is played".to_owned());
    }
    if let Some(why) = &recording.stopped {
        lines.push(format!("the recording ends early: {why}"));
    }
    lines
}

async fn play(
    args: &ReplayArgs,
    spec: &PluginSpec,
    recording: &Recording,
    options: &ReplayOptions,
    progress: &Progress,
) -> Result<Vec<CallResult>, Failure> {
    let launch = LaunchOptions::new()
        .inherit_environment(args.inherit_env)
        .start_timeout(args.start_timeout)
        .offer(offer(recording));
    let launch = args.env.iter().fold(launch, |launch, (name, value)| launch.variable(name, value));
    let book = LogBook::new(spec.id(), KEPT_RECORDS);
    if args.verbose {
        progress.follow(&book);
    }
    let plugin =
        Plugin::start_with(spec, &launch, &LinkOptions::default(), book).await.map_err(Failure::start)?;
    progress.say(format!("playing {} calls", recording.calls.len()));
    let results = replay(recording, &plugin.channel(), options).await;
    let exit = plugin.exit();
    plugin.stop().await;
    if let Some(exit) = exit {
        progress.print(&format!("the plugin ended meanwhile: {exit}"));
    }
    Ok(results)
}

/// What the recorded plugin was asked in: another version has other methods.
fn offer(recording: &Recording) -> HostOffer {
    let mut offer = HostOffer::of_host();
    if let Some(version) = recording.calls.iter().find_map(|call| version_of(&call.method)) {
        offer.versions = vec![version.number()];
    }
    offer
}

fn to_text(results: &[CallResult]) -> String {
    let mut text = String::new();
    let (mut same, mut different, mut skipped) = (0_u32, 0_u32, 0_u32);
    // Writing into a text does not fail.
    for result in results {
        let head = format!("call {} {}", result.number, printable(&result.method));
        match &result.verdict {
            Verdict::Same => same += 1,
            Verdict::Skipped(why) => {
                skipped += 1;
                let _ = writeln!(text, "{head}: not called: {why}");
            }
            Verdict::Different(places) => {
                different += 1;
                let _ = writeln!(text, "{head}: differs ({:.1} ms)", result.took.as_secs_f64() * 1e3);
                for place in places.iter().take(SHOWN) {
                    let _ = writeln!(text, "  {}", printable(&place.to_string()));
                }
                if places.len() > SHOWN {
                    let _ = writeln!(text, "  … and {} more places", places.len() - SHOWN);
                }
                if !result.missing_secrets.is_empty() {
                    let names = result.missing_secrets.join(", ");
                    let _ = writeln!(
                        text,
                        "  (secrets that were not given: {}; --secret NAME=VALUE)",
                        printable(&names)
                    );
                }
            }
        }
    }
    let _ = writeln!(text, "{same} as recorded, {different} different, {skipped} not called");
    text
}

fn to_json(results: &[CallResult]) -> Value {
    let of = |result: &CallResult| {
        let (verdict, why, places) = match &result.verdict {
            Verdict::Same => ("same", None, Vec::new()),
            Verdict::Skipped(why) => ("skipped", Some(why.clone()), Vec::new()),
            Verdict::Different(places) => ("different", None, places.clone()),
        };
        let places: Vec<Value> = places
            .into_iter()
            .map(|place| json!({"path": place.path, "recorded": place.recorded, "found": place.found}))
            .collect();
        json!({
            "call": result.number, "method": result.method, "verdict": verdict, "why": why, "differences": places,
            "millis": result.took.as_secs_f64() * 1e3, "missingSecrets": result.missing_secrets,
        })
    };
    json!({"calls": results.iter().map(of).collect::<Vec<_>>()})
}
