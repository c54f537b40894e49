//! `graftwire stream`: subscribe to a live channel, run it, print its packets.
//!
//! It deliberately runs a channel once: a host would start it anew after an error, a person wants to see the error.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use graftwire_frame::{DecodeLimits, Frame, json};
use graftwire_model::{Headers, ReplyStream, RunStreamRequest, StreamPacket, StreamStatus, SubscribeRequest};

use crate::failure::{Exit, Failure};
use crate::file;
use crate::output::Output;
use crate::plugin::{PluginArgs, Session, wire, with_session};
use crate::series;
use crate::time::duration::parse_duration;

/// Subscribe to a live channel and print its packets as they come.
#[derive(Debug, Args)]
pub(crate) struct StreamArgs {
    #[command(flatten)]
    plugin: PluginArgs,
    /// The path of the channel, what follows ds/UID/ in its name.
    #[arg(value_name = "PATH")]
    path: String,
    /// Stop after so many packets.
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    /// Stop after this long.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    during: Option<Duration>,
    /// The payload of the subscription, usually a query model: JSON, @FILE, or @- for standard input.
    #[arg(long, value_name = "JSON|@FILE")]
    data: Option<String>,
    /// What to print [default: table on a terminal, else ndjson].
    #[arg(long, short, value_enum)]
    output: Option<Shown>,
}

/// How packets are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shown {
    /// Each packet as one line of JSON, as the plugin sent it.
    Ndjson,
    /// Each row of each frame as one line of text.
    Table,
}

pub(crate) fn run(args: &StreamArgs, json: bool) -> Result<Exit, Failure> {
    let data = args.data.as_deref().map(file::text_or_file).transpose()?.unwrap_or_default();
    let mut printer = Printer::new(args, json)?;
    with_session(&args.plugin, async |session| {
        let ((), calls) = {
            let work = follow(session, args, data.into(), &mut printer);
            let (done, calls) = wire::recorded(work).await;
            (done?, calls)
        };
        session.tell_wire(&calls);
        Ok(Exit::Fine)
    })
}

async fn follow(
    session: &Session,
    args: &StreamArgs,
    data: Bytes,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let initial = subscribe(session, args, data.clone()).await?;
    let request = RunStreamRequest {
        context: session.context.clone(),
        path: args.path.clone(),
        data,
        headers: Headers::new(),
    };
    session.progress.say("waiting for packets");
    let packets = session.backend().run_stream(session.open_call(), request).await;
    let packets = packets.map_err(|error| Failure::call("running the stream", error))?;
    if !initial.is_empty() {
        session.progress.clear();
        printer.print(&initial)?;
    }
    let all = print_all(session, packets, args.count, printer);
    match args.during {
        Some(length) => tokio::time::timeout(length, all).await.unwrap_or(Ok(())),
        None => all.await,
    }
}

/// Asks for permission; the first data for a new subscriber come back.
async fn subscribe(session: &Session, args: &StreamArgs, data: Bytes) -> Result<Bytes, Failure> {
    session.progress.say(format!("subscribing to {}", args.path));
    let request = SubscribeRequest {
        context: session.context.clone(),
        path: args.path.clone(),
        data,
        headers: Headers::new(),
    };
    let answer = session.backend().subscribe_stream(session.call(), request).await;
    let answer = answer.map_err(|error| Failure::call("subscribing", error))?;
    match answer.status {
        StreamStatus::Ok => Ok(answer.initial_data),
        StreamStatus::NotFound => {
            Err(Failure::answer(format!("the plugin knows no channel {:?} (not found)", args.path)))
        }
        StreamStatus::PermissionDenied => Err(Failure::answer(format!(
            "the plugin does not allow the channel {:?} (permission denied)",
            args.path
        ))),
    }
}

async fn print_all(
    session: &Session,
    mut packets: ReplyStream<StreamPacket>,
    count: Option<u64>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        let Some(packet) = packets.next().await else { return Ok(()) };
        let packet = packet.map_err(|error| Failure::call("the stream", error))?;
        session.progress.clear();
        printer.print(&packet.data)?;
        left -= 1;
    }
    Ok(())
}

/// Prints packets one after the other, each at once.
struct Printer {
    shown: Shown,
    output: Output,
    /// The columns of the last packet with a schema.
    schema: Option<Frame>,
}

impl Printer {
    fn new(args: &StreamArgs, json: bool) -> Result<Self, Failure> {
        let output = Output::stdout();
        let shown = match (args.output, json) {
            (Some(Shown::Table), true) => {
                return Err(Failure::usage("--json and --output table contradict each other; give one"));
            }
            (_, true) => Shown::Ndjson,
            (Some(shown), false) => shown,
            (None, false) if output.is_terminal() => Shown::Table,
            (None, false) => Shown::Ndjson,
        };
        Ok(Self { shown, output, schema: None })
    }

    fn print(&mut self, packet: &Bytes) -> Result<(), Failure> {
        if serde_json::from_slice::<serde::de::IgnoredAny>(packet).is_err() {
            // A host drops such a packet with an error and goes on.
            let _ = writeln!(std::io::stderr(), "warning: a packet of {} bytes is no JSON", packet.len());
            return Ok(());
        }
        match self.shown {
            Shown::Ndjson => self.output.bytes(&one_line(packet))?,
            Shown::Table => {
                let text = self.rows(packet);
                self.output.text(&text)?;
            }
        }
        self.output.text("\n")?;
        self.output.flush()
    }

    /// The rows of a packet that is a frame; other JSON as it is.
    fn rows(&mut self, packet: &Bytes) -> String {
        let frame = match &self.schema {
            Some(schema) => {
                let mut frame = schema.clone();
                match json::append(&mut frame, packet, &DecodeLimits::default()) {
                    Ok(()) => Ok(frame),
                    Err(_) => json::read(packet, &DecodeLimits::default()),
                }
            }
            None => json::read(packet, &DecodeLimits::default()),
        };
        let Ok(frame) = frame else { return String::from_utf8_lossy(&one_line(packet)).into_owned() };
        if !frame.fields.is_empty() {
            self.schema = Some(frame.to_schema());
        }
        let lines: Vec<String> = (0..frame.rows().unwrap_or_default()).map(|row| line(&frame, row)).collect();
        lines.join("\n")
    }
}

/// `time name=value name=value`: the time first, whatever column it is.
fn line(frame: &Frame, row: usize) -> String {
    let mut parts = Vec::new();
    for field in &frame.fields {
        let text = field.text(row).map_or_else(|| "null".to_owned(), |text| series::printable(&text));
        match field.value_type() {
            graftwire_frame::ValueType::Time => parts.insert(0, text),
            _ => parts.push(format!("{}={text}", series::printable(&series::name(frame, field)))),
        }
    }
    parts.join("  ")
}

/// The JSON on one line: line breaks can only stand between its tokens.
fn one_line(json: &[u8]) -> Vec<u8> {
    json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect()
}
