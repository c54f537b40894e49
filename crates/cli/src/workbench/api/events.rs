//! `GET /api/events`: everything that happens, as server-sent events on one connection per page.
//!
//! | event | data |
//! |---|---|
//! | `hello` | nothing: a connection begins, what comes is not a continuation of an earlier one |
//! | `plugins` | the whole list: at first, and when the page missed something |
//! | `plugin` | one plugin whose state, health or figures changed |
//! | `log` | a log line: at first the last ones, then each new one |
//! | `missed` | how many log lines or packets the page was too slow for |
//! | `call` | a call that ended: what crossed the wire |
//! | `packet` | a packet of one of the streams asked for |
//! | `stream` | the state of such a stream: retrying, ended, refused |
//!
//! It deliberately has all of it on one connection: browsers open only a handful to one server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use graftwire_host::{Channel as LogChannel, LogBook, LogRecord};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use http_body_util::channel::Channel as BodyChannel;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::workbench::channels::{Channel, Signal};
use crate::workbench::entry::{Entry, millis};
use crate::workbench::reply::{self, Body};
use crate::workbench::roster::{Change, Roster};

/// How many events wait for a slow page.
const QUEUE: usize = 256;
/// How many streams one page may follow.
const MAX_STREAMS: usize = 32;
/// How many of the last log lines of each plugin a page gets at first.
const OLD_LINES: usize = 500;
/// How often something is sent when nothing happens, so that a dead connection is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// One stream asked for: `stream={"plugin":…,"path":…,"data":…}` in the address.
#[derive(Deserialize)]
struct Asked {
    plugin: String,
    path: String,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

pub(in crate::workbench) fn open(roster: &Arc<Roster>, query: Option<&str>) -> Response<Body> {
    let streams = match streams(query.unwrap_or_default()) {
        Ok(streams) => streams,
        Err(why) => return reply::error(StatusCode::BAD_REQUEST, &why),
    };
    let (mut sender, body) = BodyChannel::<Bytes, std::io::Error>::new(QUEUE);
    let roster = Arc::clone(roster);
    tokio::spawn(async move {
        let (events, mut queue) = mpsc::channel(QUEUE);
        // Dropped with the connection, and all feeds with it.
        let mut feeds = JoinSet::new();
        send(&events, "hello", "{}").await;
        start_feeds(&roster, streams, &events, &mut feeds);
        drop(events);
        loop {
            let bytes = match tokio::time::timeout(HEARTBEAT, queue.recv()).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return,
                Err(_) => Bytes::from_static(b":\n\n"),
            };
            if sender.send_data(bytes).await.is_err() {
                return;
            }
        }
    });
    reply::with_body(StatusCode::OK, "text/event-stream", body.boxed())
}

fn streams(query: &str) -> Result<Vec<Asked>, String> {
    let mut streams = Vec::new();
    for value in query.split('&').filter_map(|pair| pair.strip_prefix("stream=")) {
        let text = percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned();
        streams.push(serde_json::from_str(&text).map_err(|error| format!("stream: {error}"))?);
    }
    if streams.len() > MAX_STREAMS {
        return Err(format!("found {} streams, the limit is {MAX_STREAMS}", streams.len()));
    }
    Ok(streams)
}

fn start_feeds(roster: &Arc<Roster>, streams: Vec<Asked>, events: &Events, feeds: &mut JoinSet<()>) {
    feeds.spawn(changes(Arc::clone(roster), events.clone()));
    for entry in roster.entries() {
        if let Some(book) = entry.logs() {
            feeds.spawn(logs(entry.id().to_owned(), book.clone(), events.clone()));
        }
    }
    for (number, asked) in streams.into_iter().enumerate() {
        let (roster, events) = (Arc::clone(roster), events.clone());
        feeds.spawn(async move {
            match roster.entry(&asked.plugin).cloned() {
                Some(entry) => follow(&roster, entry, asked, number, events).await,
                None => {
                    let why =
                        json!({"stream": number, "state": "refused", "message": "there is no such plugin"});
                    send(&events, "stream", &why.to_string()).await;
                }
            }
        });
    }
}

type Events = mpsc::Sender<Bytes>;

/// Sends one event; false when the page is gone.
async fn send(events: &Events, name: &str, data: &str) -> bool {
    events.send(Bytes::from(format!("event: {name}\ndata: {data}\n\n"))).await.is_ok()
}

async fn changes(roster: Arc<Roster>, events: Events) {
    let mut changes = roster.changes();
    let all = || {
        let plugins: Vec<Value> = roster.entries().iter().map(|entry| entry.to_json()).collect();
        json!({"plugins": plugins}).to_string()
    };
    if !send(&events, "plugins", &all()).await {
        return;
    }
    loop {
        let sent = match changes.recv().await {
            Ok(Change::Plugin(entry)) => send(&events, "plugin", &entry.to_json().to_string()).await,
            Ok(Change::Call(call)) => send(&events, "call", &call).await,
            Err(RecvError::Lagged(_)) => send(&events, "plugins", &all()).await,
            Err(RecvError::Closed) => return,
        };
        if !sent {
            return;
        }
    }
}

async fn logs(plugin: String, book: LogBook, events: Events) {
    // Listening first, so that no line falls between the old ones and the new.
    let mut feed = book.subscribe();
    let old = book.recent();
    drop(book);
    let skipped = old.len().saturating_sub(OLD_LINES);
    for record in old.iter().skip(skipped) {
        if !send(&events, "log", &record_json(&plugin, record)).await {
            return;
        }
    }
    let mut missed = 0;
    while let Some(record) = feed.next().await {
        if old.iter().any(|old| Arc::ptr_eq(old, &record)) {
            continue;
        }
        if feed.missed() > missed {
            let lines = json!({"plugin": plugin, "lines": feed.missed() - missed});
            missed = feed.missed();
            send(&events, "missed", &lines.to_string()).await;
        }
        if !send(&events, "log", &record_json(&plugin, &record)).await {
            return;
        }
    }
}

fn record_json(plugin: &str, record: &LogRecord) -> String {
    let pairs: serde_json::Map<String, Value> =
        record.pairs.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let channel = match record.channel {
        LogChannel::Stderr => "stderr",
        LogChannel::CarriedStdout => "stdout",
        LogChannel::CarriedStderr => "carried stderr",
        LogChannel::Host => "host",
    };
    json!({
        "plugin": plugin,
        "time": millis(record.time),
        "level": record.level.as_str(),
        "channel": channel,
        "message": record.message,
        "pairs": pairs,
        "crashesGrafana": record.crashes_grafana,
    })
    .to_string()
}

async fn follow(roster: &Roster, entry: Arc<Entry>, asked: Asked, number: usize, events: Events) {
    let data = asked.data.map_or_else(Bytes::new, |data| Bytes::copy_from_slice(data.get().as_bytes()));
    let channel = Channel { plugin: asked.plugin, path: asked.path, data };
    let (listener, mut signals) = mpsc::channel(QUEUE);
    let tell = async {
        while let Some(signal) = signals.recv().await {
            let (name, data) = signal_event(number, signal);
            if !send(&events, name, &data).await {
                return;
            }
        }
    };
    // `follow` gives the listener back at its end, so that what it said last is told before both are over.
    tokio::join!(tell, roster.channels().follow(entry, channel, listener));
}

fn signal_event(number: usize, signal: Signal) -> (&'static str, String) {
    let state = |state: &str, why: &str| {
        ("stream", json!({"stream": number, "state": state, "message": why}).to_string())
    };
    match signal {
        Signal::Packet(packet) => ("packet", packet_json(number, &packet)),
        Signal::Retrying(why) => state("retrying", &why),
        Signal::Refused(why) => state("refused", &why),
        Signal::Ended => state("ended", "the plugin ended the stream"),
        Signal::Missed(count) => ("missed", json!({"stream": number, "packets": count}).to_string()),
    }
}

/// Line breaks can only stand between the tokens of JSON, and an event is one line.
fn packet_json(number: usize, packet: &[u8]) -> String {
    let packet = String::from_utf8_lossy(packet).replace(['\n', '\r'], " ");
    format!("{{\"stream\":{number},\"packet\":{packet}}}")
}
