//! Recorded calls → the same calls to a plugin → where its answers differ.
//!
//! It deliberately repeats no pause: what counts is the order. Nor does it call go-plugin's services, which are between a
//! host and a process and have been called for this process already.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _, Shared, join_all};
use graftwire_host::RpcChannel;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tonic::{Code, Status};
use tower_service::Service as _;

use crate::compare::{Difference, Ignored, differences};
use crate::messages::{Message, Splitter, framed};
use crate::reader::{End, RecordedCall, RecordedMessage, Recording};
use crate::schema::{self, Method};
use crate::secrets::{REDACTED, Redactor};
use crate::{readable, recorder};

/// How many differences of one call are kept.
const MOST_DIFFERENCES: usize = 100;
/// The longest message that is taken.
const MOST_BYTES: usize = i32::MAX as usize;
/// Services between host and process, by the beginning of their methods.
const OF_THE_PROCESS: [&str; 2] = ["/plugin.", "/grpc.reflection."];
/// Metadata that the connection makes itself.
const OF_THE_CONNECTION: [&str; 5] = ["content-type", "te", "user-agent", "content-length", "host"];

/// How to play back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReplayOptions {
    /// Secrets by the names they stood under.
    pub secrets: BTreeMap<String, String>,
    /// Whether calls that ran beside each other do so again. Default: one after the other.
    pub concurrent: bool,
    /// How long one call may take. Default 60 s.
    pub timeout: Duration,
    /// What is not compared.
    pub ignored: Ignored,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        let (secrets, ignored) = (BTreeMap::new(), Ignored::nothing());
        Self { secrets, concurrent: false, timeout: Duration::from_secs(60), ignored }
    }
}

/// What became of one call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallResult {
    /// Its number in the recording.
    pub number: u64,
    /// Its method.
    pub method: String,
    /// The outcome.
    pub verdict: Verdict,
    /// How long the call took.
    pub took: Duration,
    /// Secrets it would have needed and that were not given, by name.
    pub missing_secrets: Vec<String>,
}

/// How an answer compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As recorded.
    Same,
    /// Not as recorded, with the places.
    Different(Vec<Difference>),
    /// Not called, and why.
    Skipped(String),
}

/// Plays a recording back.
pub async fn replay(recording: &Recording, channel: &RpcChannel, options: &ReplayOptions) -> Vec<CallResult> {
    if !options.concurrent {
        let mut results = Vec::new();
        for call in &recording.calls {
            results.push(play(call, channel, options).await);
        }
        return results;
    }
    // Each call waits for those that were over when it began, and for nothing else.
    let mut over = BTreeMap::<u64, Shared<BoxFuture<'_, ()>>>::new();
    let mut playing = Vec::new();
    for call in &recording.calls {
        let (done, is_done) = tokio::sync::oneshot::channel::<()>();
        let before: Vec<_> = call.after.iter().filter_map(|number| over.get(number).cloned()).collect();
        over.insert(call.number, is_done.map(drop).boxed().shared());
        playing.push(async move {
            join_all(before).await;
            let result = play(call, channel, options).await;
            // Nobody may be waiting for it.
            let _ = done.send(());
            result
        });
    }
    join_all(playing).await
}

async fn play(call: &RecordedCall, channel: &RpcChannel, options: &ReplayOptions) -> CallResult {
    let started = Instant::now();
    let mut missing_secrets = Vec::new();
    let verdict = match prepared(call, options, &mut missing_secrets) {
        Err(why) => Verdict::Skipped(why),
        Ok(request) => {
            let wanted = wanted_messages(call);
            let answer = tokio::time::timeout(options.timeout, ask(channel.clone(), request, wanted)).await;
            verdict(call, answer.ok(), options)
        }
    };
    CallResult {
        number: call.number,
        method: call.method.clone(),
        verdict,
        took: started.elapsed(),
        missing_secrets,
    }
}

/// How many messages are waited for: all, unless the host had enough at some point.
fn wanted_messages(call: &RecordedCall) -> Option<usize> {
    match &call.end {
        Some(End::Status { .. }) => None,
        _ => Some(call.responses.len()),
    }
}

fn prepared(
    call: &RecordedCall,
    options: &ReplayOptions,
    missing: &mut Vec<String>,
) -> Result<Request<tonic::body::Body>, String> {
    if OF_THE_PROCESS.iter().any(|beginning| call.method.starts_with(beginning)) {
        return Err("it is between host and process".to_owned());
    }
    let method = schema::method(&call.method);
    let mut body = Vec::new();
    for message in &call.requests {
        let Some(raw) = &message.raw else {
            let why = message.left_out.as_deref().unwrap_or("nobody knows why");
            return Err(format!("its request was not recorded: {why}"));
        };
        body.extend(framed(&with_secrets(raw, method.as_ref(), options, missing)));
    }
    let mut request = Request::post(&call.method)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(Full::from(body).map_err(|never| match never {})))
        .map_err(|error| format!("its method is none: {error}"))?;
    for (name, values) in &call.metadata {
        let Ok(name) = HeaderName::try_from(name.as_str()) else { continue };
        if OF_THE_CONNECTION.contains(&name.as_str()) {
            continue;
        }
        for value in values {
            let value = match options.secrets.get(name.as_str()).filter(|_| value == REDACTED) {
                Some(secret) => secret,
                None if value == REDACTED => {
                    missing.push(name.to_string());
                    continue;
                }
                None => value,
            };
            if let Ok(value) = HeaderValue::try_from(value) {
                request.headers_mut().append(name.clone(), value);
            }
        }
    }
    Ok(request)
}

fn with_secrets(
    raw: &Bytes,
    method: Option<&Method>,
    options: &ReplayOptions,
    missing: &mut Vec<String>,
) -> Bytes {
    let Some(mut message) = method.and_then(|method| schema::decode(&method.request, raw)) else {
        return raw.clone();
    };
    let before = missing.len();
    let absent = recorder::restore(&mut message, &options.secrets);
    missing.extend(absent);
    // Bytes without secrets go out as they came in.
    if missing.len() == before && options.secrets.is_empty() {
        return raw.clone();
    }
    prost_reflect::prost::Message::encode_to_vec(&message).into()
}

/// What came now.
struct Answered {
    messages: Vec<Message>,
    status: Option<Status>,
}

async fn ask(
    mut channel: RpcChannel,
    request: Request<tonic::body::Body>,
    wanted: Option<usize>,
) -> Answered {
    let mut answered = Answered { messages: Vec::new(), status: None };
    let response = match channel.call(request).await {
        Ok(response) => response,
        Err(status) => {
            answered.status = Some(status);
            return answered;
        }
    };
    answered.status = Status::from_header_map(response.headers());
    let mut body = response.into_body();
    let mut splitter = Splitter::new(MOST_BYTES);
    while wanted.is_none_or(|wanted| answered.messages.len() < wanted) {
        match body.frame().await {
            None => break,
            Some(Err(status)) => {
                answered.status = Some(status);
                break;
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => answered.messages.extend(splitter.take(&data)),
                Err(frame) => answered.status = frame.trailers_ref().and_then(Status::from_header_map),
            },
        }
    }
    // The last piece may bring more than the recorded host waited for.
    answered.messages.truncate(wanted.unwrap_or(usize::MAX));
    answered
}

fn verdict(call: &RecordedCall, answered: Option<Answered>, options: &ReplayOptions) -> Verdict {
    let Some(answered) = answered else {
        let after = format!("no end within {:?}", options.timeout);
        return Verdict::Different(vec![difference("the call", "an end", &after)]);
    };
    let method = schema::method(&call.method);
    let mut found = Vec::new();
    if let Some(End::Status { code, text }) = &call.end {
        let recorded = json!({"code": Code::from_i32(*code).to_string(), "text": text});
        let now = match &answered.status {
            Some(status) => json!({"code": status.code().to_string(), "text": status.message()}),
            None => json!({"code": "none", "text": "the answer ended without a status"}),
        };
        found.extend(differences(&json!({"status": recorded}), &json!({"status": now}), &options.ignored, 2));
    }
    let single = call.responses.len() <= 1 && answered.messages.len() <= 1;
    for index in 0..call.responses.len().max(answered.messages.len()) {
        if found.len() >= MOST_DIFFERENCES {
            break;
        }
        let recorded = call.responses.get(index);
        if recorded.is_some_and(|message| message.raw.is_none()) {
            continue;
        }
        let recorded = recorded.map(|message| of_recorded(message, method.as_ref()));
        let now = answered.messages.get(index).map(|message| of_answered(message, method.as_ref(), options));
        let (recorded, now) = (recorded.unwrap_or(Value::Null), now.unwrap_or(Value::Null));
        let most = MOST_DIFFERENCES - found.len();
        found.extend(match single {
            true => differences(&recorded, &now, &options.ignored, most),
            false => {
                let place = format!("message {}", index + 1);
                differences(&json!({&place: recorded}), &json!({&place: now}), &options.ignored, most)
            }
        });
    }
    if found.is_empty() { Verdict::Same } else { Verdict::Different(found) }
}

fn difference(path: &str, recorded: &str, found: &str) -> Difference {
    Difference { path: path.to_owned(), recorded: Some(recorded.to_owned()), found: Some(found.to_owned()) }
}

fn of_recorded(message: &RecordedMessage, method: Option<&Method>) -> Value {
    message.raw.as_ref().map_or(Value::Null, |raw| shown(raw, method))
}

/// What came now, redacted as a recorder would have.
fn of_answered(message: &Message, method: Option<&Method>, options: &ReplayOptions) -> Value {
    let bytes = match message {
        Message::Whole(bytes) => bytes,
        Message::Passed { size, .. } => {
            return format!("a message of {size} bytes that can't be read").into();
        }
    };
    let mut redactor = Redactor::default();
    options.secrets.values().for_each(|secret| redactor.learn(secret));
    let redacted = method.and_then(|method| schema::decode(&method.response, bytes)).map(|mut message| {
        redactor.redact(&mut message);
        prost_reflect::prost::Message::encode_to_vec(&message)
    });
    let bytes = redactor.scrub(redacted.map_or_else(|| bytes.clone(), Bytes::from));
    shown(&bytes, method)
}

fn shown(bytes: &Bytes, method: Option<&Method>) -> Value {
    match method.and_then(|method| schema::decode(&method.response, bytes)) {
        Some(message) => readable::of_message(&message),
        None => readable::of_unknown(bytes),
    }
}
