//! `graftwire smoke`: a plugin's main job, once: start, health, a query with rows, a live packet, stop.
//!
//! It deliberately goes on after a step that failed: the table tells what works and what does not.

use std::time::{Duration, Instant};

use clap::Args;
use graftwire_frame::{DecodeLimits, Frame};
use graftwire_host::StopReport;
use graftwire_model::{
    EpochMillis, FrameFormat, HealthStatus, QueryResponse, RunStreamRequest, StreamStatus, SubscribeRequest,
    TimeRange,
};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::health;
use crate::output::Output;
use crate::plugin::{PluginArgs, Session, with_session_to_end};
use crate::query::request::{self, Wanted};
use crate::series::printable;
use crate::time::duration::parse_duration;
use crate::time::instant::{self, Edge};
use crate::{file, inspect};

/// How long the first packet of a stream may take.
const PACKET_WAIT: Duration = Duration::from_secs(15);

/// Try a plugin's main job once: start, health, a query that gives rows, a live packet, stop.
#[derive(Debug, Args)]
pub(crate) struct SmokeArgs {
    #[command(flatten)]
    plugin: PluginArgs,
    /// How long the plugin may work before it is asked, for example to collect something.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    after: Duration,
    /// A query model as JSON, @FILE, or @- for standard input; its answer must have rows.
    #[arg(long, short, value_name = "JSON|@FILE")]
    query: Option<String>,
    /// The query type, for models that don't say it.
    #[arg(long, value_name = "TYPE")]
    query_type: Option<String>,
    /// Start of the query's time range.
    #[arg(long, value_name = "TIME", default_value = "now-1h", allow_hyphen_values = true)]
    from: String,
    /// End of the query's time range.
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    to: String,
    /// The distance of points.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    interval: Option<Duration>,
    /// The path of a live channel; one packet must come.
    #[arg(long, value_name = "PATH")]
    stream: Option<String>,
    /// The payload of the subscription.
    #[arg(long, value_name = "JSON|@FILE", requires = "stream")]
    stream_data: Option<String>,
}

/// What became of one step.
#[derive(Debug)]
struct Step {
    name: &'static str,
    took: Duration,
    result: Result<String, String>,
}

pub(crate) fn run(args: &SmokeArgs, json: bool) -> Result<Exit, Failure> {
    let models: Vec<Vec<u8>> =
        args.query.iter().map(|text| file::text_or_file(text)).collect::<Result<_, _>>()?;
    let models = request::models(&models).map_err(Failure::usage)?;
    let data = args.stream_data.as_deref().map(file::text_or_file).transpose()?.unwrap_or_default();
    let (mut steps, stopped) =
        with_session_to_end(&args.plugin, async |session| Ok(all(session, args, &models, data).await))?;
    steps.push(stop_step(&stopped));
    let failed = steps.iter().any(|step| step.result.is_err());
    let mut output = Output::stdout();
    if json {
        output.json(&to_json(&steps))?;
    } else {
        steps.iter().try_for_each(|step| output.line(&line(step)))?;
    }
    output.flush()?;
    Ok(if failed { Exit::Answer } else { Exit::Fine })
}

async fn all(session: &Session, args: &SmokeArgs, models: &[request::Model], data: Vec<u8>) -> Vec<Step> {
    let mut steps = vec![launch_step(session)];
    steps.push(timed("health", health(session)).await);
    if !args.after.is_zero() {
        session.progress.say("letting it work");
        tokio::time::sleep(args.after).await;
    }
    if !models.is_empty() {
        steps.push(timed("query", query(session, args, models)).await);
    }
    if let Some(path) = &args.stream {
        steps.push(timed("stream", stream(session, path, data)).await);
    }
    session.progress.clear();
    steps
}

async fn timed(name: &'static str, work: impl Future<Output = Result<String, Failure>>) -> Step {
    let begun = Instant::now();
    let result = work.await.map_err(|failure| format!("{failure:#}"));
    Step { name, took: begun.elapsed(), result }
}

fn launch_step(session: &Session) -> Step {
    let plugin = &session.plugin;
    let memory = plugin.usage().map(|usage| format!(", {} resident", inspect::mebibytes(usage.resident)));
    let result = Ok(format!("{}{}", plugin.negotiated(), memory.unwrap_or_default()));
    Step { name: "launch", took: plugin.start_time(), result }
}

fn stop_step(stopped: &StopReport) -> Step {
    let text = inspect::stop_text(stopped);
    Step { name: "stop", took: stopped.took, result: if stopped.orderly { Ok(text) } else { Err(text) } }
}

async fn health(session: &Session) -> Result<String, Failure> {
    let health = health::ask(session).await?;
    let text = format!("{} {}", health.status.as_str(), health.message);
    if health.status == HealthStatus::Ok { Ok(text) } else { Err(Failure::answer(text)) }
}

async fn query(session: &Session, args: &SmokeArgs, models: &[request::Model]) -> Result<String, Failure> {
    session.progress.say("waiting for the query's answer");
    let now = EpochMillis::now();
    let range = TimeRange {
        from: instant::parse(&args.from, now, Edge::From).map_err(Failure::usage)?,
        to: instant::parse(&args.to, now, Edge::To).map_err(Failure::usage)?,
    };
    let wanted = Wanted {
        range,
        query_type: args.query_type.clone(),
        interval: args.interval,
        max_data_points: None,
        format: FrameFormat::Arrow,
    };
    let request = request::build(&session.context, models, &wanted).map_err(Failure::usage)?;
    let answer = session.backend().query_data(session.call(), request).await;
    rows_of(&answer.map_err(|error| Failure::call("the query", error))?)
}

/// What came back in words; an error in it, or no row at all, is a failure.
fn rows_of(answer: &QueryResponse) -> Result<String, Failure> {
    let (mut frames, mut rows, mut bytes) = (0, 0, 0);
    for (ref_id, answer) in &answer.responses {
        if answer.is_error() {
            return Err(Failure::answer(format!("query {ref_id}: {}", answer.error)));
        }
        for encoded in &answer.frames {
            let frame = Frame::decode_within(encoded, &DecodeLimits::default())
                .and_then(|frame| frame.rows())
                .map_err(|cause| Failure::answer("a frame of the answer is broken").because(cause))?;
            (frames, rows, bytes) = (frames + 1, rows + frame, bytes + encoded.len());
        }
    }
    match rows {
        0 => Err(Failure::answer(format!("{frames} frames without a row, expected rows"))),
        rows => Ok(format!("{frames} frames, {rows} rows, {bytes} bytes")),
    }
}

async fn stream(session: &Session, path: &str, data: Vec<u8>) -> Result<String, Failure> {
    session.progress.say("waiting for a packet");
    let data = bytes::Bytes::from(data);
    let request = SubscribeRequest {
        context: session.context.clone(),
        path: path.to_owned(),
        data: data.clone(),
        ..SubscribeRequest::default()
    };
    let answer = session.backend().subscribe_stream(session.call(), request).await;
    match answer.map_err(|error| Failure::call("subscribing", error))?.status {
        StreamStatus::Ok => {}
        other => return Err(Failure::answer(format!("subscribing to {path:?} was answered with {other:?}"))),
    }
    let request = RunStreamRequest {
        context: session.context.clone(),
        path: path.to_owned(),
        data,
        ..RunStreamRequest::default()
    };
    let first = async {
        let mut packets = session.backend().run_stream(session.open_call(), request).await?;
        packets.next().await.transpose()
    };
    match tokio::time::timeout(PACKET_WAIT, first).await {
        Err(_) => Err(Failure::answer(format!("no packet within {PACKET_WAIT:?}"))),
        Ok(Err(error)) => Err(Failure::call("the stream", error)),
        Ok(Ok(None)) => Err(Failure::answer("the stream ended without a packet")),
        Ok(Ok(Some(packet))) => Ok(format!("a packet of {} bytes", packet.data.len())),
    }
}

fn line(step: &Step) -> String {
    let (word, text) = match &step.result {
        Ok(text) => ("ok", text),
        Err(text) => ("FAILED", text),
    };
    let millis = step.took.as_secs_f64() * 1000.0;
    format!("{:<8} {word:<7} {millis:>9.1} ms  {}", step.name, printable(text)).trim_end().to_owned()
}

fn to_json(steps: &[Step]) -> serde_json::Value {
    let each = steps.iter().map(|step| {
        let (ok, text) = match &step.result {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        json!({"step": step.name, "ok": ok, "millis": step.took.as_secs_f64() * 1000.0, "detail": text})
    });
    json!({"ok": steps.iter().all(|step| step.result.is_ok()), "steps": each.collect::<Vec<_>>()})
}
