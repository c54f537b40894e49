//! Around each call to a plugin: its deadline kept on this side too, and the reason told when the process died.
//!
//! It deliberately never retries: whether a call may be repeated is the caller's to know.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::unfold;
use graftwire_model::{Backend, CallContext, CallError, Code, ReplyStream};

use crate::forward::{Around, forward_backend};
use crate::link::RpcChannel;
use crate::logs::{StderrTail, TailKeeper};
use crate::process::{Exit, ExitWatch};

/// How long a lost connection waits for the news of the process's end, so that the error can tell it.
const NEWS: Duration = Duration::from_millis(250);

/// The plugin's client with its guard.
pub(super) struct Guarded {
    pub(super) client: Arc<dyn Backend>,
    pub(super) guard: Guard,
}

/// What is known of the plugin's process.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) plugin_id: Arc<str>,
    pub(super) channel: RpcChannel,
    pub(super) exit: ExitWatch,
    pub(super) tail: TailKeeper,
}

forward_backend!(Guarded);

impl Around for Guarded {
    async fn unary<T, F, Fut>(&self, cx: CallContext, call: F) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Backend>, CallContext) -> Fut + Send,
        Fut: Future<Output = Result<T, CallError>> + Send,
    {
        let deadline = Deadline::of(&cx);
        match deadline.keep(call(Arc::clone(&self.client), cx)).await {
            Err(error) => Err(self.guard.explain(error).await),
            answer => answer,
        }
    }

    async fn stream<T, F, Fut>(&self, cx: CallContext, call: F) -> Result<ReplyStream<T>, CallError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Backend>, CallContext) -> Fut + Send,
        Fut: Future<Output = Result<ReplyStream<T>, CallError>> + Send,
    {
        let deadline = Deadline::of(&cx);
        match deadline.keep(call(Arc::clone(&self.client), cx)).await {
            Err(error) => Err(self.guard.explain(error).await),
            Ok(stream) => Ok(guarded(stream, deadline, self.guard.clone())),
        }
    }
}

/// The same stream under the call's deadline. Nothing follows an error.
fn guarded<T: Send + 'static>(stream: ReplyStream<T>, deadline: Deadline, guard: Guard) -> ReplyStream<T> {
    let state = Some((stream, deadline, guard));
    ReplyStream::new(unfold(state, |state| async move {
        let (mut stream, deadline, guard) = state?;
        match deadline.keep(async { stream.next().await.transpose() }).await.transpose()? {
            Ok(item) => Some((Ok(item), Some((stream, deadline, guard)))),
            Err(error) => Some((Err(guard.explain(error).await), None)),
        }
    }))
}

/// When the caller stops waiting. A plugin keeps it as well, unless it hangs: then only this side can.
#[derive(Clone, Copy)]
struct Deadline(Option<Instant>);

impl Deadline {
    fn of(cx: &CallContext) -> Self {
        Self(cx.deadline())
    }

    async fn keep<T>(self, work: impl Future<Output = Result<T, CallError>> + Send) -> Result<T, CallError> {
        let Some(deadline) = self.0 else { return work.await };
        match tokio::time::timeout_at(deadline.into(), work).await {
            // A plugin that keeps the deadline too may be a moment quicker: Go's breaks the call off, or its handler
            // fails with a text about it. Both mean the same, so that the timing does not show.
            Ok(Err(error)) if Instant::now() >= deadline => Err(too_late().with_cause(error)),
            Ok(answer) => answer,
            Err(_) => Err(too_late()),
        }
    }
}

fn too_late() -> CallError {
    CallError::new(Code::DeadlineExceeded, "the plugin did not answer within the call's deadline")
}

impl Guard {
    /// The error of a call on a connection that is lost becomes the news of what happened to the process.
    async fn explain(&self, error: CallError) -> CallError {
        if error.code() != Code::Unavailable || !self.channel.is_closed() {
            return error;
        }
        let mut exit = self.exit.clone();
        match tokio::time::timeout(NEWS, exit.exited()).await {
            Ok(exit) => {
                let text = obituary(&self.plugin_id, exit, &self.tail.last_words(NEWS).await);
                CallError::new(Code::Unavailable, text).with_cause(error)
            }
            Err(_) => error,
        }
    }
}

/// The text about a plugin whose process is gone.
pub(crate) fn obituary(plugin_id: &str, exit: Exit, stderr: &StderrTail) -> String {
    let hint = exit.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("the process of plugin {plugin_id} has ended with {exit}{hint}{stderr}")
}
