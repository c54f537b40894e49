//! Running a live channel.

use graftwire_model::{
    CallContext, CallError, Capability, Code, ErrorSource, ReplyStream, RunStreamRequest, StreamPacket,
};
use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::call::{Watch, span_of};
use super::driven::Driven;
use super::{Dispatcher, StreamSlot};
use crate::capability::PacketSender;
use crate::panics::{self, Guarded};
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
        let made = match panics::catch(self.instances.of_request(&cx)).await {
            Ok(made) => made.map_err(CallError::from),
            Err(caught) => Err(CallError::from(caught)),
        };
        let instance = match made {
            Ok(instance) => instance,
            Err(error) => {
                watch.end(Outcome::Error(error.origin().unwrap_or(ErrorSource::Plugin)), Some(&error));
                return Err(error);
            }
        };
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
        Ok(ReplyStream::new(Driven::new(channel.instrument(span), packets)))
    }
}
