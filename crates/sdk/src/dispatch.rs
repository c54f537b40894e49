//! From a model request to the plugin's own method: context, instance, limits, panics, log, metrics.
//!
//! [`Dispatcher`] is the plugin as a [`Backend`]. It deliberately knows neither wire nor process: it is the same
//! behind a socket, in a test and in a host's own process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use graftwire_model::{
    AdmissionRequest, AdmissionReviewRequest, AdmissionReviewResponse, Backend, BoxFuture, CallContext,
    CallError, Capability, Code, ConversionRequest, ConversionResponse, Headers, HealthRequest,
    HealthResponse, HealthStatus, MetricsRequest, MetricsResponse, MutationResponse, PluginContext,
    PublishRequest, PublishResponse, Query, QueryChunk, QueryRequest, QueryResponse, RenderRequest,
    RenderResponse, ReplyStream, ResourcePiece, ResourceRequest, RouteRequest, RunStreamRequest,
    StreamPacket, StreamStatus, SubscribeRequest, SubscribeResponse, ValidationResponse,
    VersionConversionRequest, VersionConversionResponse, error_text,
};
use tokio::sync::Semaphore;

use crate::capability::{Answer, ChunkSender, PacketSender, QueryError, RequestContext, ResourceResponse};
use crate::instance::Instances;
use crate::limits::Limits;
use crate::telemetry::Telemetry;

#[cfg(feature = "v3")]
mod app;
#[cfg(not(feature = "v3"))]
#[path = "dispatch/app/absent.rs"]
mod app;
mod call;
mod chunked;
mod driven;
mod objects;
mod query;
mod resource;
mod stream;

type Handler<I, R, T, E> = for<'a> fn(&'a I, &'a RequestContext, R) -> BoxFuture<'a, Result<T, E>>;

type MetricsHandler<I> = for<'a> fn(&'a I) -> BoxFuture<'a, Result<String, CallError>>;

/// The methods that were attached, as plain function pointers.
pub(crate) struct Handlers<I> {
    pub(crate) query: Option<Handler<I, Query, Answer, QueryError>>,
    pub(crate) chunked: Option<Handler<I, (Query, ChunkSender), (), QueryError>>,
    pub(crate) health: Option<Handler<I, (), HealthResponse, CallError>>,
    pub(crate) resource: Option<Handler<I, ResourceRequest, ResourceResponse, CallError>>,
    pub(crate) metrics: Option<MetricsHandler<I>>,
    pub(crate) subscribe: Option<Handler<I, SubscribeRequest, SubscribeResponse, CallError>>,
    pub(crate) run: Option<Handler<I, (RunStreamRequest, PacketSender), (), CallError>>,
    pub(crate) publish: Option<Handler<I, PublishRequest, PublishResponse, CallError>>,
    pub(crate) validate: Option<Handler<I, AdmissionRequest, ValidationResponse, CallError>>,
    pub(crate) mutate: Option<Handler<I, AdmissionRequest, MutationResponse, CallError>>,
    pub(crate) convert: Option<Handler<I, ConversionRequest, ConversionResponse, CallError>>,
    pub(crate) render: Option<Handler<I, RenderRequest, (), CallError>>,
    pub(crate) app: app::AppHandlers<I>,
}

impl<I> Default for Handlers<I> {
    fn default() -> Self {
        Self {
            query: None,
            chunked: None,
            health: None,
            resource: None,
            metrics: None,
            subscribe: None,
            run: None,
            publish: None,
            validate: None,
            mutate: None,
            convert: None,
            render: None,
            app: app::AppHandlers::default(),
        }
    }
}

/// The plugin as a [`Backend`].
pub(crate) struct Dispatcher<I> {
    plugin_id: String,
    handlers: Handlers<I>,
    instances: Instances<I>,
    limits: Limits,
    telemetry: Telemetry,
    queries: Arc<Semaphore>,
    streams: Arc<AtomicUsize>,
}

impl<I: Send + Sync + 'static> Dispatcher<I> {
    pub(crate) fn new(
        plugin_id: String,
        handlers: Handlers<I>,
        mut instances: Instances<I>,
        limits: Limits,
        telemetry: Telemetry,
    ) -> Self {
        instances.set_most(limits.instances);
        Self {
            plugin_id,
            handlers,
            instances,
            telemetry,
            queries: Arc::new(Semaphore::new(limits.concurrent_queries_overall.max(1))),
            streams: Arc::new(AtomicUsize::new(0)),
            limits,
        }
    }

    /// What this plugin can be asked. Its own metrics always can.
    pub(crate) fn capabilities(&self) -> BTreeSet<Capability> {
        let handlers = &self.handlers;
        let attached = [
            (Capability::QueryData, handlers.query.is_some()),
            (Capability::QueryChunkedData, handlers.chunked.is_some()),
            (Capability::CallResource, handlers.resource.is_some()),
            (Capability::CheckHealth, handlers.health.is_some()),
            (Capability::CollectMetrics, true),
            (Capability::SubscribeStream, handlers.subscribe.is_some()),
            (Capability::RunStream, handlers.run.is_some()),
            (Capability::PublishStream, handlers.subscribe.is_some() || handlers.publish.is_some()),
            (Capability::ValidateAdmission, handlers.validate.is_some()),
            (Capability::MutateAdmission, handlers.mutate.is_some()),
            (Capability::ConvertObjects, handlers.convert.is_some()),
            (Capability::Render, handlers.render.is_some()),
        ];
        attached
            .into_iter()
            .chain(handlers.app.attached())
            .filter(|(_, is_attached)| *is_attached)
            .map(|(capability, _)| capability)
            .collect()
    }

    fn context(&self, call: CallContext, mut plugin: PluginContext, headers: Headers) -> RequestContext {
        if plugin.plugin_id.is_empty() {
            plugin.plugin_id.clone_from(&self.plugin_id);
        }
        RequestContext { plugin, headers, call }
    }

    /// One call of a handler that takes a request and gives one answer.
    async fn unary<R, T>(
        &self,
        capability: Capability,
        handler: Option<Handler<I, R, T, CallError>>,
        cx: RequestContext,
        request: R,
    ) -> Result<T, CallError> {
        let handler = handler.ok_or_else(|| CallError::unimplemented(capability))?;
        call::observed(&self.telemetry, capability, &cx, async {
            let instance = self.instances.of_request(&cx).await?;
            handler(&instance, &cx, request).await
        })
        .await
    }

    async fn health(&self, cx: RequestContext) -> Result<HealthResponse, CallError> {
        let handler =
            self.handlers.health.ok_or_else(|| CallError::unimplemented(Capability::CheckHealth))?;
        call::observed(&self.telemetry, Capability::CheckHealth, &cx, async {
            let failed = |error: &(dyn std::error::Error + 'static)| HealthResponse {
                status: HealthStatus::Error,
                message: error_text(error),
                ..HealthResponse::default()
            };
            Ok(match self.instances.of_request(&cx).await {
                Ok(instance) => handler(&instance, &cx, ()).await.unwrap_or_else(|error| failed(&error)),
                Err(error) => failed(&error),
            })
        })
        .await
    }

    /// A failure is the answer, since that is what hosts show.
    async fn rendered(
        &self,
        cx: RequestContext,
        request: RenderRequest,
    ) -> Result<RenderResponse, CallError> {
        let handler = self.handlers.render.ok_or_else(|| CallError::unimplemented(Capability::Render))?;
        Ok(match self.unary(Capability::Render, Some(handler), cx, request).await {
            Ok(()) => RenderResponse::default(),
            Err(error) => RenderResponse { error: error_text(&error) },
        })
    }

    async fn metrics(&self, cx: RequestContext) -> Result<MetricsResponse, CallError> {
        let (kept, made) = self.instances.counts();
        let mut text = self.telemetry.text(kept, made)?;
        // Hosts ask for metrics without settings, so only an instance that needs none can add its own.
        if let Some(handler) = self.handlers.metrics
            && let Ok(instance) = self.instances.of_request(&cx).await
        {
            text.push_str(&handler(&instance).await?);
        }
        Ok(MetricsResponse { prometheus: text.into() })
    }
}

impl<I: Send + Sync + 'static> Backend for Dispatcher<I> {
    fn query_data(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<QueryResponse, CallError>> {
        Box::pin(self.query(cx, request))
    }

    fn query_chunked(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<QueryChunk>, CallError>> {
        Box::pin(self.chunked(cx, request))
    }

    fn call_resource(
        &self,
        cx: CallContext,
        request: ResourceRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<ResourcePiece>, CallError>> {
        Box::pin(async move {
            let cx = self.context(cx, request.context.clone(), Headers::new());
            let response = self.unary(Capability::CallResource, self.handlers.resource, cx, request).await?;
            Ok(resource::pieces(response))
        })
    }

    fn check_health(
        &self,
        cx: CallContext,
        request: HealthRequest,
    ) -> BoxFuture<'_, Result<HealthResponse, CallError>> {
        Box::pin(self.health(self.context(cx, request.context, request.headers)))
    }

    fn collect_metrics(
        &self,
        cx: CallContext,
        request: MetricsRequest,
    ) -> BoxFuture<'_, Result<MetricsResponse, CallError>> {
        Box::pin(self.metrics(self.context(cx, request.context, Headers::new())))
    }

    fn subscribe_stream(
        &self,
        cx: CallContext,
        request: SubscribeRequest,
    ) -> BoxFuture<'_, Result<SubscribeResponse, CallError>> {
        let cx = self.context(cx, request.context.clone(), request.headers.clone());
        Box::pin(self.unary(Capability::SubscribeStream, self.handlers.subscribe, cx, request))
    }

    fn run_stream(
        &self,
        cx: CallContext,
        request: RunStreamRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<StreamPacket>, CallError>> {
        Box::pin(self.run(cx, request))
    }

    fn publish_stream(
        &self,
        cx: CallContext,
        request: PublishRequest,
    ) -> BoxFuture<'_, Result<PublishResponse, CallError>> {
        Box::pin(async move {
            if self.handlers.publish.is_none() && self.handlers.subscribe.is_some() {
                return Ok(PublishResponse {
                    status: StreamStatus::PermissionDenied,
                    ..PublishResponse::default()
                });
            }
            let cx = self.context(cx, request.context.clone(), request.headers.clone());
            self.unary(Capability::PublishStream, self.handlers.publish, cx, request).await
        })
    }

    fn validate_admission(
        &self,
        cx: CallContext,
        request: AdmissionRequest,
    ) -> BoxFuture<'_, Result<ValidationResponse, CallError>> {
        Box::pin(self.validate(cx, request))
    }

    fn mutate_admission(
        &self,
        cx: CallContext,
        request: AdmissionRequest,
    ) -> BoxFuture<'_, Result<MutationResponse, CallError>> {
        Box::pin(self.mutate(cx, request))
    }

    fn convert_objects(
        &self,
        cx: CallContext,
        request: ConversionRequest,
    ) -> BoxFuture<'_, Result<ConversionResponse, CallError>> {
        Box::pin(self.convert(cx, request))
    }

    fn render(
        &self,
        cx: CallContext,
        request: RenderRequest,
    ) -> BoxFuture<'_, Result<RenderResponse, CallError>> {
        // The wire names neither user nor settings.
        let cx = self.context(cx, PluginContext::default(), Headers::new());
        Box::pin(self.rendered(cx, request))
    }

    fn review_admission(
        &self,
        cx: CallContext,
        request: AdmissionReviewRequest,
    ) -> BoxFuture<'_, Result<AdmissionReviewResponse, CallError>> {
        Box::pin(self.review(cx, request))
    }

    fn convert_versions(
        &self,
        cx: CallContext,
        request: VersionConversionRequest,
    ) -> BoxFuture<'_, Result<VersionConversionResponse, CallError>> {
        Box::pin(self.versions(cx, request))
    }

    fn call_route(
        &self,
        cx: CallContext,
        request: RouteRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<ResourcePiece>, CallError>> {
        Box::pin(self.route(cx, request))
    }
}

/// Counts running channels down when one ends, however it ends.
struct StreamSlot(Arc<AtomicUsize>);

impl StreamSlot {
    fn take(streams: &Arc<AtomicUsize>, most: usize) -> Result<Self, CallError> {
        let took =
            streams.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| (now < most).then_some(now + 1));
        match took {
            Ok(_) => Ok(Self(Arc::clone(streams))),
            Err(now) => Err(CallError::new(
                Code::ResourceExhausted,
                format!(
                    "{now} live channels are running, the limit of this plugin; close some panels and try again"
                ),
            )),
        }
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
