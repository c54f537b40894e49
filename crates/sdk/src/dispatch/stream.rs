//! Running a live channel: the author's future is driven by whoever reads the stream, without a task of its own, so
//! that dropping the stream ends it at once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use graftwire_model::{
    BoxFuture, CallContext, CallError, Capability, Code, ErrorSource, ReplyStream, RunStreamRequest,
    StreamPacket,
};
use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::call::{Watch, span_of};
use super::{Dispatcher, StreamSlot};
use crate::capability::PacketSender;
use crate::panics::Guarded;
use crate::telemetry::Outcome;

impl<I: Send + Sync + 'static> Dispatcher<I> {
    pub(super) async fn run(
        &self,
        cx: CallContext,
        request: RunStreamRequest,
    ) -> Result<ReplyStream<StreamPacket>, CallError> {
        let handler = self.handlers.run.ok_or_else(|| CallError::unimplemented(Capability::RunStream))?;
        let slot = StreamSlot::take(&self.streams, self.limits.streams)?;
        let cx = self.context(cx, request.context.clone(), request.headers.clone());
        let watch = Watch::start(&self.telemetry, Capability::RunStream);
        let span = span_of(Capability::RunStream, &cx);
        let instance = self.instances.of_request(&cx).await?;
        let (sender, packets) = mpsc::channel(self.limits.stream_buffer.max(1));
        let channel = async move {
            tracing::debug!("Plugin Request Started");
            let _slot = slot;
            let run = Guarded::new(handler(&instance, &cx, (request, PacketSender(sender)))).await;
            let ended = match run {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(error),
                Err(caught) => Err(CallError::from(caught)),
            };
            let outcome = match &ended {
                Ok(()) => Outcome::Ok,
                Err(error) if error.code() == Code::Cancelled => Outcome::Cancelled,
                Err(error) => Outcome::Error(error.origin().unwrap_or(ErrorSource::Plugin)),
            };
            watch.end(outcome, ended.as_ref().err().map(|error| error as &dyn std::error::Error));
            ended
        };
        Ok(ReplyStream::new(Channel { run: Some(Box::pin(channel.instrument(span))), packets, ended: None }))
    }
}

struct Channel {
    run: Option<BoxFuture<'static, Result<(), CallError>>>,
    packets: mpsc::Receiver<StreamPacket>,
    ended: Option<CallError>,
}

impl Stream for Channel {
    type Item = Result<StreamPacket, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        // What was sent comes first, so that a full buffer drains before the author's future goes on.
        if let Poll::Ready(Some(packet)) = this.packets.poll_recv(cx) {
            return Poll::Ready(Some(Ok(packet)));
        }
        if let Some(run) = &mut this.run
            && let Poll::Ready(ended) = Future::poll(run.as_mut(), cx)
        {
            this.run = None;
            this.ended = ended.err();
        }
        match this.packets.poll_recv(cx) {
            Poll::Ready(Some(packet)) => Poll::Ready(Some(Ok(packet))),
            // Every sender is gone. While the author's future still runs there may be an error to come.
            Poll::Ready(None) if this.run.is_none() => Poll::Ready(this.ended.take().map(Err)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
