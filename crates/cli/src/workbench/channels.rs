//! Live channels: one RunStream per channel however many pages follow it, as a Grafana server does it.
//!
//! It deliberately keeps no rows: of a channel only the last packet with a schema is kept, for those who come later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use graftwire_model::{CallContext, CallError, Code, RunStreamRequest, StreamStatus, SubscribeRequest};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use super::entry::Entry;

/// How many packets a follower may lag behind; then it misses the oldest.
const FEED_CAPACITY: usize = 512;
/// A run this long was a good one: after it the channel is run again at once.
const GOOD_RUN: Duration = Duration::from_millis(100);
/// The pauses between runs that fail at once double from here …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … to here.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// How long a subscription may take to be answered, and how often it is tried while the plugin is away.
const SUBSCRIBE_PATIENCE: Duration = Duration::from_secs(10);
const SUBSCRIBE_PAUSE: Duration = Duration::from_secs(1);

/// What comes out of a channel.
#[derive(Debug, Clone)]
pub(super) enum Signal {
    /// One JSON text.
    Packet(Bytes),
    /// The stream failed and is run again; why.
    Retrying(Arc<str>),
    /// The plugin ended the stream in the orderly way; it is not run again.
    Ended,
    /// The channel can't be followed; why.
    Refused(Arc<str>),
    /// So many packets were missed because the follower was too slow.
    Missed(u64),
}

/// A channel of a plugin. The data belong to the name: two payloads are two channels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Channel {
    pub(super) plugin: String,
    pub(super) path: String,
    pub(super) data: Bytes,
}

/// The channels that run now.
#[derive(Debug, Default)]
pub(super) struct Channels {
    running: Mutex<HashMap<Channel, Weak<Run>>>,
}

/// One running channel. When the last follower drops it, the stream is cancelled.
#[derive(Debug)]
struct Run {
    signals: broadcast::Sender<Signal>,
    last_full: Arc<Mutex<Option<Bytes>>>,
    task: JoinHandle<()>,
}

impl Drop for Run {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Channels {
    /// Follows a channel until nobody listens any more, or the channel ends.
    pub(super) async fn follow(&self, entry: Arc<Entry>, channel: Channel, listener: mpsc::Sender<Signal>) {
        let Some(initial) = subscribe(&entry, &channel, &listener).await else { return };
        let (run, mut signals) = self.join(entry, channel);
        // What is no JSON is dropped, as a server does.
        let initial = Some(initial).filter(|initial| has_schema(initial).is_some());
        let first = initial.or_else(|| lock(&run.last_full).clone());
        if let Some(first) = first
            && listener.send(Signal::Packet(first)).await.is_err()
        {
            return;
        }
        loop {
            let signal = match signals.recv().await {
                Ok(signal) => signal,
                Err(broadcast::error::RecvError::Lagged(count)) => Signal::Missed(count),
                Err(broadcast::error::RecvError::Closed) => return,
            };
            let last = matches!(signal, Signal::Ended);
            if listener.send(signal).await.is_err() || last {
                return;
            }
        }
    }

    /// The running channel, or a new run of it.
    fn join(&self, entry: Arc<Entry>, channel: Channel) -> (Arc<Run>, broadcast::Receiver<Signal>) {
        let mut running = lock(&self.running);
        running.retain(|_, run| run.strong_count() > 0);
        if let Some(run) = running.get(&channel).and_then(Weak::upgrade).filter(|run| !run.task.is_finished())
        {
            let receiver = run.signals.subscribe();
            return (run, receiver);
        }
        let (signals, receiver) = broadcast::channel(FEED_CAPACITY);
        let last_full = Arc::<Mutex<Option<Bytes>>>::default();
        let task =
            tokio::spawn(keep_running(entry, channel.clone(), signals.clone(), Arc::clone(&last_full)));
        let run = Arc::new(Run { signals, last_full, task });
        running.insert(channel, Arc::downgrade(&run));
        (run, receiver)
    }
}

/// Asks for permission, again and again while the plugin is away. The first data come back, or nothing if refused.
async fn subscribe(entry: &Entry, channel: &Channel, listener: &mpsc::Sender<Signal>) -> Option<Bytes> {
    loop {
        let (backend, context) = entry.backend()?;
        let cx = CallContext::new().with_deadline(Instant::now() + SUBSCRIBE_PATIENCE);
        let request = SubscribeRequest {
            context,
            path: channel.path.clone(),
            data: channel.data.clone(),
            ..SubscribeRequest::default()
        };
        let signal = match backend.subscribe_stream(cx, request).await {
            Ok(answer) => match answer.status {
                StreamStatus::Ok => return Some(answer.initial_data),
                StreamStatus::NotFound => Signal::Refused("the plugin knows no such channel".into()),
                StreamStatus::PermissionDenied => {
                    Signal::Refused("the plugin does not allow this channel".into())
                }
            },
            Err(error) if is_away(&error) => Signal::Retrying(error.to_string().into()),
            Err(error) => Signal::Refused(error.to_string().into()),
        };
        let refused = matches!(signal, Signal::Refused(_));
        if listener.send(signal).await.is_err() || refused {
            return None;
        }
        tokio::time::sleep(SUBSCRIBE_PAUSE).await;
    }
}

fn is_away(error: &CallError) -> bool {
    matches!(error.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
}

/// Runs the stream until the plugin ends it in the orderly way.
async fn keep_running(
    entry: Arc<Entry>,
    channel: Channel,
    signals: broadcast::Sender<Signal>,
    last_full: Arc<Mutex<Option<Bytes>>>,
) {
    let Some(mut contexts) = entry.contexts() else { return };
    let mut pause = Duration::ZERO;
    loop {
        contexts.mark_unchanged();
        let begun = Instant::now();
        let ended = tokio::select! {
            ended = run_once(&entry, &channel, &signals, &last_full) => ended,
            // New settings: the stream is cancelled and called again, without a new subscription.
            changed = contexts.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Err(error) = ended else {
            let _ = signals.send(Signal::Ended);
            return;
        };
        let _ = signals.send(Signal::Retrying(error.to_string().into()));
        pause = if begun.elapsed() >= GOOD_RUN { Duration::ZERO } else { next_pause(pause) };
        tokio::time::sleep(pause).await;
    }
}

fn next_pause(pause: Duration) -> Duration {
    (pause * 2).clamp(FIRST_PAUSE, LAST_PAUSE)
}

async fn run_once(
    entry: &Entry,
    channel: &Channel,
    signals: &broadcast::Sender<Signal>,
    last_full: &Mutex<Option<Bytes>>,
) -> Result<(), CallError> {
    let Some((backend, context)) = entry.backend() else {
        return Ok(());
    };
    let request = RunStreamRequest {
        context,
        path: channel.path.clone(),
        data: channel.data.clone(),
        ..RunStreamRequest::default()
    };
    let mut packets = backend.run_stream(CallContext::new(), request).await?;
    while let Some(packet) = packets.next().await.transpose()? {
        let Some(full) = has_schema(&packet.data) else { continue };
        if full {
            *lock(last_full) = Some(packet.data.clone());
        }
        let _ = signals.send(Signal::Packet(packet.data));
    }
    Ok(())
}

/// Whether a packet carries a schema; `None` if it is no JSON, which a server drops.
fn has_schema(packet: &[u8]) -> Option<bool> {
    #[derive(serde::Deserialize)]
    struct Keys {
        schema: Option<serde::de::IgnoredAny>,
    }
    if let Ok(keys) = serde_json::from_slice::<Keys>(packet) {
        return Some(keys.schema.is_some());
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(packet).is_ok().then_some(false)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
