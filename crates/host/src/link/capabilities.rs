//! What a running plugin can do, found out by harmless calls.
//!
//! It deliberately never calls a resource, a live channel or admission: those could have effects, so that for them
//! only the presence of the method is known.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use graftwire_model::{
    AdmissionReviewRequest, Backend, CallContext, CallError, Capability, Code, HealthRequest, MetricsRequest,
    PluginContext, QueryRequest, RouteRequest, VersionConversionRequest,
};
use graftwire_protocol::goplugin;
use graftwire_protocol::probe::{Presence, probe};

use super::Link;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a plugin can do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Every capability, supported or not.
    pub support: BTreeMap<Capability, Support>,
    /// What the plugin says under go-plugin's health name; Grafana never asks.
    pub grpc_health: GrpcHealth,
}

/// Whether a plugin has a capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Support {
    /// A harmless call reached a handler, or the method is there and can't be called harmlessly.
    Yes,
    /// The plugin says that it has not.
    No,
    /// The answer tells neither; it is given as it came.
    Unclear(String),
}

/// gRPC's standard health service, asked for the name `plugin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrpcHealth {
    /// It serves.
    Serving,
    /// It says that it does not serve.
    NotServing,
    /// There is no health service, or it does not know the name. Grafana works all the same.
    Absent,
    /// The question failed.
    Failed(String),
}

impl Capabilities {
    /// Whether the plugin has a capability for sure.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.support.get(&capability) == Some(&Support::Yes)
    }
}

/// Asks for everything, side by side, on behalf of `context`.
pub(super) async fn ask(link: &Link, context: &PluginContext) -> Capabilities {
    let backend = link.backend();
    let questions = Capability::ALL.map(|capability| {
        let backend = backend.as_ref();
        async move { (capability, supports(link, backend, context, capability).await) }
    });
    let (support, grpc_health) = tokio::join!(join_all(questions), grpc_health(link));
    Capabilities { support: support.into_iter().collect(), grpc_health }
}

async fn supports(
    link: &Link,
    backend: &dyn Backend,
    context: &PluginContext,
    capability: Capability,
) -> Support {
    let probed = in_time(probe(link.version(), link.channel(), capability)).await;
    let unclear = match probed {
        Ok(Presence::Absent) => return Support::No,
        Ok(Presence::Served) => None,
        Ok(Presence::Unclear(error)) if error.code() != Code::Unavailable => Some(error.to_string()),
        Ok(Presence::Unclear(error)) => return Support::Unclear(error.to_string()),
        Err(late) => return Support::Unclear(late),
    };
    match (in_time(harmless_call(backend, context.clone(), capability)).await, unclear) {
        (Ok(Some(answer)), _) => of_answer(answer),
        (Ok(None), Some(unclear)) => Support::Unclear(unclear),
        (Ok(None), None) => Support::Yes,
        (Err(late), _) => Support::Unclear(late),
    }
}

async fn in_time<T>(question: impl Future<Output = T>) -> Result<T, String> {
    let late = |_| format!("no answer within {PATIENCE:?}");
    tokio::time::timeout(PATIENCE, question).await.map_err(late)
}

/// A call without effects; `None` where there is none. An SDK may serve a method to which no handler is attached, and
/// only the call shows that.
async fn harmless_call(
    backend: &dyn Backend,
    context: PluginContext,
    capability: Capability,
) -> Option<Result<(), CallError>> {
    let cx = CallContext::new();
    let answer = match capability {
        Capability::QueryData => {
            backend.query_data(cx, QueryRequest { context, ..QueryRequest::default() }).await.map(drop)
        }
        Capability::QueryChunkedData => chunked(backend, cx, context).await,
        Capability::CheckHealth => {
            backend.check_health(cx, HealthRequest { context, ..HealthRequest::default() }).await.map(drop)
        }
        Capability::CollectMetrics => backend.collect_metrics(cx, MetricsRequest { context }).await.map(drop),
        // An app with one of these serves the methods of all three. Without object, group and token every peer refuses
        // them before its handler, if there is one.
        Capability::ReviewAdmission => {
            backend.review_admission(cx, AdmissionReviewRequest::default()).await.map(drop)
        }
        Capability::ConvertVersions => {
            backend.convert_versions(cx, VersionConversionRequest::default()).await.map(drop)
        }
        Capability::CallRoute => route(backend, cx).await,
        _ => return None,
    };
    Some(answer)
}

/// A route without a group, asked for its options: nothing to act on, even where nobody asks for a token.
async fn route(backend: &dyn Backend, cx: CallContext) -> Result<(), CallError> {
    let request = RouteRequest { method: "OPTIONS".to_owned(), ..RouteRequest::default() };
    backend.call_route(cx, request).await?.next().await.transpose().map(drop)
}

/// The first chunk tells: a plugin that lacks them may say so only there.
async fn chunked(backend: &dyn Backend, cx: CallContext, context: PluginContext) -> Result<(), CallError> {
    let request = QueryRequest { context, ..QueryRequest::default() };
    backend.query_chunked(cx, request).await?.next().await.transpose().map(drop)
}

fn of_answer(answer: Result<(), CallError>) -> Support {
    match answer {
        Err(error) if error.code() == Code::Unimplemented => Support::No,
        Err(error) if error.code() == Code::Unavailable => Support::Unclear(error.to_string()),
        // Any other failure comes from a handler, so there is one: an empty question may well fail.
        _ => Support::Yes,
    }
}

async fn grpc_health(link: &Link) -> GrpcHealth {
    match in_time(goplugin::client::ping(link.channel())).await {
        Err(late) => GrpcHealth::Failed(late),
        Ok(Ok(true)) => GrpcHealth::Serving,
        Ok(Ok(false)) => GrpcHealth::NotServing,
        Ok(Err(error)) if matches!(error.code(), Code::Unimplemented | Code::NotFound) => GrpcHealth::Absent,
        Ok(Err(error)) => GrpcHealth::Failed(error.to_string()),
    }
}
