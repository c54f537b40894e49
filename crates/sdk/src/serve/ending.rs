//! Why and how a plugin's process ends: the host says so, a signal says so, or the host is gone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use graftwire_model::{BoxFuture, CallError, ReplyStream};
use graftwire_protocol::goplugin::StdioChannel;
use graftwire_protocol::goplugin::broker::Message;
use graftwire_protocol::goplugin::server::ControlEvents;
use graftwire_transport::Broker;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use super::stdio::Output;
use super::{ServeError, broker, refused};

/// How often the parent is looked at.
const PARENT_INTERVAL: Duration = Duration::from_secs(1);

/// Why the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Shutdown,
    Terminated,
    Interrupted,
    HostGone,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shutdown => "the host asked for it",
            Self::Terminated => "SIGTERM",
            Self::Interrupted => "SIGINT",
            Self::HostGone => "the host is gone",
        })
    }
}

/// The end of the process, once somebody has called for it.
#[derive(Clone)]
pub(crate) struct Ending {
    reason: Arc<watch::Sender<Option<Reason>>>,
}

impl Ending {
    pub(crate) fn new() -> Self {
        Self { reason: Arc::new(watch::Sender::new(None)) }
    }

    /// Calls for the end; the first reason stays.
    pub(crate) fn call_for(&self, reason: Reason) {
        self.reason.send_if_modified(|current| {
            let is_first = current.is_none();
            current.get_or_insert(reason);
            is_first
        });
    }

    /// Waits until somebody calls for the end.
    pub(crate) async fn wait(&self) -> Reason {
        let mut reason = self.reason.subscribe();
        match reason.wait_for(Option::is_some).await {
            Ok(reason) => reason.unwrap_or(Reason::Shutdown),
            // The sender lives in self.
            Err(_) => Reason::Shutdown,
        }
    }

    /// go-plugin's services that speak for the process.
    pub(super) fn control(&self, output: Output, broker: Broker) -> Arc<dyn ControlEvents> {
        Arc::new(ProcessControl { ending: self.clone(), output, broker })
    }

    /// SIGTERM ends the process in an orderly way. SIGINT is ignored: Ctrl-C in the host's terminal reaches the whole
    /// process group, and the host then stops its plugins itself.
    #[cfg(unix)]
    pub(crate) fn watch_signals(&self) -> Result<(), ServeError> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(refused("watch SIGTERM"))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(refused("watch SIGINT"))?;
        let ending = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(()) = terminate.recv() => ending.call_for(Reason::Terminated),
                    Some(()) = interrupt.recv() => tracing::trace!("SIGINT ignored: the host stops its plugins"),
                    else => break,
                }
            }
        });
        Ok(())
    }

    #[cfg(not(unix))]
    pub(crate) fn watch_signals(&self) -> Result<(), ServeError> {
        let ending = self.clone();
        tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() {} });
        let _ = ending;
        Ok(())
    }

    /// Both signals end a process that no host has started.
    #[cfg(unix)]
    pub(super) fn watch_terminal(&self) -> Result<(), ServeError> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(refused("watch SIGTERM"))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(refused("watch SIGINT"))?;
        let ending = self.clone();
        tokio::spawn(async move {
            let reason = tokio::select! {
                _ = terminate.recv() => Reason::Terminated,
                _ = interrupt.recv() => Reason::Interrupted,
            };
            ending.call_for(reason);
        });
        Ok(())
    }

    #[cfg(not(unix))]
    pub(super) fn watch_terminal(&self) -> Result<(), ServeError> {
        let ending = self.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                ending.call_for(Reason::Interrupted);
            }
        });
        Ok(())
    }

    /// Ends the process when its parent changes: an orphan is adopted by another process. The parent-death signal
    /// would not do, as it is sent when the *thread* that started the plugin ends, and Go's threads come and go.
    #[cfg(unix)]
    pub(crate) fn watch_parent(&self) {
        let parent = rustix::process::getppid();
        let ending = self.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(PARENT_INTERVAL);
            loop {
                ticks.tick().await;
                if rustix::process::getppid() != parent {
                    ending.call_for(Reason::HostGone);
                    break;
                }
            }
        });
    }

    #[cfg(not(unix))]
    pub(crate) fn watch_parent(&self) {}
}

struct ProcessControl {
    ending: Ending,
    output: Output,
    broker: Broker,
}

impl ProcessControl {
    /// Streams of the host must not keep its connection open when the process ends.
    fn until_the_end<T: Send + 'static>(
        &self,
        stream: impl Stream<Item = Result<T, CallError>> + Send + 'static,
    ) -> ReplyStream<T> {
        let ends = WatchStream::new(self.ending.reason.subscribe())
            .filter(|reason| std::future::ready(reason.is_some()));
        ReplyStream::new(stream.take_until(ends.into_future()))
    }
}

impl ControlEvents for ProcessControl {
    fn shutdown(&self) {
        self.ending.call_for(Reason::Shutdown);
    }

    fn stdio(&self) -> ReplyStream<(StdioChannel, Bytes)> {
        self.until_the_end(self.output.subscribe())
    }

    fn ended(&self) -> BoxFuture<'static, ()> {
        let ending = self.ending.clone();
        Box::pin(async move {
            ending.wait().await;
        })
    }

    fn broker(&self, incoming: ReplyStream<Message>) -> ReplyStream<Message> {
        self.until_the_end(broker::carry(&self.broker, incoming))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stays_and_output_streams_end() {
        let ending = Ending::new();
        let control = ending.control(Output::none(), Broker::new());
        let mut output = control.stdio();
        ending.call_for(Reason::HostGone);
        control.shutdown();
        assert_eq!(ending.wait().await, Reason::HostGone);
        assert!(output.next().await.is_none());
    }
}
