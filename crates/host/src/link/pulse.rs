//! Whether a plugin still answers, so that no call waits for ever for one that is stopped or has locked up.
//!
//! go-plugin's health check is asked at intervals. Any beginning of an answer counts, be it that the service is not
//! there: its head is not held back when other answers fill the connection's window. So do bytes of other answers.
//!
//! It deliberately sends no HTTP/2 pings: gRPC servers in Go take those for abuse and close the connection.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use graftwire_model::{BoxFuture, Code};
use graftwire_protocol::goplugin;
use graftwire_transport::Traffic;
use tokio::sync::watch;
use tonic::Status;

use super::RpcChannel;
use crate::logs::{Level, LogBook};

/// How often within its patience it is looked whether bytes came.
const LOOKS: u32 = 9;

/// When a plugin counts as silent. Calls under way then fail as unavailable, and new ones at once, until it answers
/// again: none without a deadline of its own waits longer than a minute after the last byte from the plugin, by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pulse {
    /// How often the plugin is asked. Default 10 s.
    pub every: Duration,
    /// How long it may leave a question unanswered while nothing else comes from it either. Default 45 s: a plugin
    /// whose one thread computes for that long looks the same as one that has locked up.
    pub patience: Duration,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { every: Duration::from_secs(10), patience: Duration::from_secs(45) }
    }
}

impl Pulse {
    /// The same with another interval.
    #[must_use]
    pub const fn with_every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// The same with another patience.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// Tells whether the plugin is silent.
#[derive(Debug, Clone)]
pub(crate) struct Silence(watch::Receiver<bool>);

impl Silence {
    /// Of a plugin that answers, and how to say that it does not.
    pub(super) fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Waits until the plugin is silent (or answers again).
    pub(crate) fn becomes(&self, silent: bool) -> BoxFuture<'static, ()> {
        let mut receiver = self.0.clone();
        Box::pin(async move {
            // Without anybody who asks the plugin, nothing will ever be known.
            if receiver.wait_for(|now| *now == silent).await.is_err() {
                std::future::pending().await
            }
        })
    }

    /// The end of a call that waits for a silent plugin.
    pub(super) fn status() -> Status {
        Status::unavailable(
            "the plugin does not answer any more: it has locked up, computes without a pause, or is stopped",
        )
    }
}

/// Asks until the connection is gone.
pub(super) async fn watch(
    channel: RpcChannel,
    pulse: Pulse,
    traffic: Arc<Traffic>,
    silent: watch::Sender<bool>,
    book: LogBook,
) {
    loop {
        tokio::time::sleep(pulse.every).await;
        let answer = goplugin::client::answers(channel.clone());
        tokio::pin!(answer);
        let (mut received, mut quiet) = (traffic.received(), Duration::ZERO);
        let look = pulse.patience / LOOKS;
        let answer = loop {
            if let Ok(answer) = tokio::time::timeout(look, answer.as_mut()).await {
                break answer;
            }
            let was = std::mem::replace(&mut received, traffic.received());
            quiet = if was == received { quiet.saturating_add(look) } else { Duration::ZERO };
            if quiet >= look * LOOKS {
                let patience = pulse.patience;
                book.remark(
                    Level::Warn,
                    format!("the plugin has answered nothing for {patience:?}; calls fail until it does"),
                );
                silent.send_replace(true);
                break answer.await;
            }
        };
        if answer.is_err_and(|error| error.code() == Code::Unavailable) && channel.is_closed() {
            return;
        }
        if silent.send_replace(false) {
            book.remark(Level::Info, "the plugin answers again".to_owned());
        }
    }
}

/// Waits for the silence of a plugin, over many polls.
pub(super) struct Waiting {
    silence: Silence,
    becomes: Option<BoxFuture<'static, ()>>,
}

impl Waiting {
    pub(super) const fn begin(silence: Silence) -> Self {
        Self { silence, becomes: None }
    }

    /// Ready when the plugin is silent.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let silence = &self.silence;
        self.becomes.get_or_insert_with(|| silence.becomes(true)).as_mut().poll(cx)
    }
}

/// A call's next step, or its end because the plugin is silent.
pub(super) async fn unless_silent<T>(
    silence: Option<Silence>,
    step: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let Some(silence) = silence else { return step.await };
    tokio::select! {
        biased;
        done = step => done,
        () = silence.becomes(true) => Err(Silence::status()),
    }
}
