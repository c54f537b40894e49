//! What surrounds every call: span, start and end in the log, deadline, panic guard, count.

use std::error::Error;
use std::future::Future;
use std::time::Instant;

use graftwire_model::{CallError, Capability, Code, ErrorSource, error_text};
use tracing::Instrument as _;

use crate::capability::RequestContext;
use crate::panics;
use crate::telemetry::{Outcome, Telemetry};

/// Runs a handler with everything that surrounds it.
pub(super) async fn observed<T>(
    telemetry: &Telemetry,
    capability: Capability,
    cx: &RequestContext,
    handler: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let watch = Watch::start(telemetry, capability);
    let span = span_of(capability, cx);
    async move {
        tracing::debug!("Plugin Request Started");
        let answer = match panics::catch(within(cx.deadline(), handler)).await {
            Ok(answer) => answer,
            Err(caught) => Err(caught.into()),
        };
        watch.end(outcome_of(&answer), answer.as_ref().err().map(|error| error as &(dyn Error + 'static)));
        answer
    }
    .instrument(span)
    .await
}

/// The span of a call: what the Go SDK puts into every log line of it.
pub(super) fn span_of(capability: Capability, cx: &RequestContext) -> tracing::Span {
    let (plugin, data_source) = (&cx.plugin, cx.plugin.data_source.as_ref());
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let span = tracing::info_span!(
        "call",
        endpoint = capability.endpoint(),
        pluginId = plugin.plugin_id,
        pluginVersion = filled(&plugin.plugin_version),
        dsName = data_source.map(|settings| settings.name.as_str()),
        dsUid = data_source.map(|settings| settings.uid.as_str()),
        uname = data_source.and(plugin.user.as_ref()).map(|user| user.name.as_str()),
        traceId = trace_id(cx),
    );
    span
}

/// The trace id of a W3C `traceparent`: `version-traceid-spanid-flags`.
fn trace_id(cx: &RequestContext) -> Option<&str> {
    let id = cx.call.metadata("traceparent")?.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().any(|digit| digit != b'0')).then_some(id)
}

async fn within<T>(
    deadline: Option<Instant>,
    handler: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let Some(deadline) = deadline else { return handler.await };
    match tokio::time::timeout_at(deadline.into(), handler).await {
        Ok(answer) => answer,
        Err(_) => Err(CallError::new(
            Code::DeadlineExceeded,
            "the caller's deadline passed before there was an answer",
        )
        .with_origin(ErrorSource::Downstream)),
    }
}

fn outcome_of<T>(answer: &Result<T, CallError>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Ok,
        Err(error) if error.code() == Code::Cancelled => Outcome::Cancelled,
        Err(error) => Outcome::Error(error.origin().unwrap_or(ErrorSource::Plugin)),
    }
}

/// Counts and logs the end of a call, also when it is dropped before its end.
pub(super) struct Watch {
    telemetry: Telemetry,
    capability: Capability,
    started: Instant,
    ended: bool,
}

impl Watch {
    pub(super) fn start(telemetry: &Telemetry, capability: Capability) -> Self {
        Self { telemetry: telemetry.clone(), capability, started: Instant::now(), ended: false }
    }

    pub(super) fn end(mut self, outcome: Outcome, error: Option<&(dyn Error + 'static)>) {
        self.ended = true;
        self.report(outcome, error);
    }

    fn report(&self, outcome: Outcome, error: Option<&(dyn Error + 'static)>) {
        self.telemetry.count_request(self.capability, outcome);
        let duration = format!("{:?}", self.started.elapsed());
        let (status, source) = (outcome.status(), outcome.source().as_str());
        match (outcome, error) {
            (Outcome::Error(_), error) => {
                let error = error.map(error_text);
                tracing::error!(status, duration, statusSource = source, error, "Plugin Request Completed");
            }
            (Outcome::Ok | Outcome::Cancelled, _) => {
                tracing::info!(status, duration, statusSource = source, "Plugin Request Completed");
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.ended {
            self.report(Outcome::Cancelled, None);
        }
    }
}
