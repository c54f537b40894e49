//! The waist: [`Backend`], one object-safe method per capability.
//!
//! It deliberately has no notion of who answers: a plugin in this process, a plugin behind a socket of any
//! protocol version, a supervisor around one, or a fake.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_core::Stream;

use crate::{
    AdmissionRequest, AdmissionReviewRequest, AdmissionReviewResponse, CallError, ConversionRequest,
    ConversionResponse, HealthRequest, HealthResponse, MetricsRequest, MetricsResponse, MutationResponse,
    PublishRequest, PublishResponse, QueryChunk, QueryRequest, QueryResponse, RenderRequest, RenderResponse,
    ResourcePiece, ResourceRequest, RouteRequest, RunStreamRequest, StreamPacket, SubscribeRequest,
    SubscribeResponse, ValidationResponse, VersionConversionRequest, VersionConversionResponse,
};

/// A boxed future that may move between threads: what an object-safe async method returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One plugin, as seen by whoever calls it.
///
/// Every method has a default that answers [`CallError::unimplemented`], as a plugin without that capability
/// does on the wire. Dropping a returned future or stream cancels the call.
pub trait Backend: Send + Sync {
    /// Answers data queries. The failure of one query belongs in its own `DataResponse`.
    fn query_data(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<QueryResponse, CallError>> {
        unimplemented_call(cx, request, Capability::QueryData)
    }

    /// Answers data queries piece by piece, in bounded memory.
    fn query_chunked(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<QueryChunk>, CallError>> {
        unimplemented_call(cx, request, Capability::QueryChunkedData)
    }

    /// Answers an HTTP-like request below the plugin's `/resources/`.
    fn call_resource(
        &self,
        cx: CallContext,
        request: ResourceRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<ResourcePiece>, CallError>> {
        unimplemented_call(cx, request, Capability::CallResource)
    }

    /// Says whether the plugin (or one data source of it) works.
    fn check_health(
        &self,
        cx: CallContext,
        request: HealthRequest,
    ) -> BoxFuture<'_, Result<HealthResponse, CallError>> {
        unimplemented_call(cx, request, Capability::CheckHealth)
    }

    /// Hands out the plugin's own metrics in Prometheus text form.
    fn collect_metrics(
        &self,
        cx: CallContext,
        request: MetricsRequest,
    ) -> BoxFuture<'_, Result<MetricsResponse, CallError>> {
        unimplemented_call(cx, request, Capability::CollectMetrics)
    }

    /// Decides whether somebody may subscribe to a live channel.
    fn subscribe_stream(
        &self,
        cx: CallContext,
        request: SubscribeRequest,
    ) -> BoxFuture<'_, Result<SubscribeResponse, CallError>> {
        unimplemented_call(cx, request, Capability::SubscribeStream)
    }

    /// Runs a live channel until the caller drops the stream.
    fn run_stream(
        &self,
        cx: CallContext,
        request: RunStreamRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<StreamPacket>, CallError>> {
        unimplemented_call(cx, request, Capability::RunStream)
    }

    /// Decides whether somebody may publish to a live channel, and what is published.
    fn publish_stream(
        &self,
        cx: CallContext,
        request: PublishRequest,
    ) -> BoxFuture<'_, Result<PublishResponse, CallError>> {
        unimplemented_call(cx, request, Capability::PublishStream)
    }

    /// Accepts or refuses a stored object.
    fn validate_admission(
        &self,
        cx: CallContext,
        request: AdmissionRequest,
    ) -> BoxFuture<'_, Result<ValidationResponse, CallError>> {
        unimplemented_call(cx, request, Capability::ValidateAdmission)
    }

    /// Changes an object before it is stored.
    fn mutate_admission(
        &self,
        cx: CallContext,
        request: AdmissionRequest,
    ) -> BoxFuture<'_, Result<MutationResponse, CallError>> {
        unimplemented_call(cx, request, Capability::MutateAdmission)
    }

    /// Converts objects between API versions.
    fn convert_objects(
        &self,
        cx: CallContext,
        request: ConversionRequest,
    ) -> BoxFuture<'_, Result<ConversionResponse, CallError>> {
        unimplemented_call(cx, request, Capability::ConvertObjects)
    }

    /// Accepts, refuses or changes an object of an app before it is stored.
    fn review_admission(
        &self,
        cx: CallContext,
        request: AdmissionReviewRequest,
    ) -> BoxFuture<'_, Result<AdmissionReviewResponse, CallError>> {
        unimplemented_call(cx, request, Capability::ReviewAdmission)
    }

    /// Converts an app's objects between the versions of their group.
    fn convert_versions(
        &self,
        cx: CallContext,
        request: VersionConversionRequest,
    ) -> BoxFuture<'_, Result<VersionConversionResponse, CallError>> {
        unimplemented_call(cx, request, Capability::ConvertVersions)
    }

    /// Answers an HTTP-like request to a custom route of an app's API group.
    fn call_route(
        &self,
        cx: CallContext,
        request: RouteRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<ResourcePiece>, CallError>> {
        unimplemented_call(cx, request, Capability::CallRoute)
    }

    /// Makes an image of a page.
    fn render(
        &self,
        cx: CallContext,
        request: RenderRequest,
    ) -> BoxFuture<'_, Result<RenderResponse, CallError>> {
        unimplemented_call(cx, request, Capability::Render)
    }
}

fn unimplemented_call<'a, R: Send + 'a, T: Send + 'a>(
    _cx: CallContext,
    _request: R,
    capability: Capability,
) -> BoxFuture<'a, Result<T, CallError>> {
    Box::pin(std::future::ready(Err(CallError::unimplemented(capability))))
}

/// What a plugin can be asked. The text form is the endpoint name used in logs, metrics and traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// Data queries answered at once.
    QueryData,
    /// Data queries answered piece by piece.
    QueryChunkedData,
    /// HTTP-like resources.
    CallResource,
    /// Health checks.
    CheckHealth,
    /// The plugin's own metrics.
    CollectMetrics,
    /// Permission to subscribe to a live channel.
    SubscribeStream,
    /// The live channel itself.
    RunStream,
    /// Publishing to a live channel.
    PublishStream,
    /// Admission: accept or refuse an object.
    ValidateAdmission,
    /// Admission: change an object.
    MutateAdmission,
    /// Conversion of objects between API versions.
    ConvertObjects,
    /// An app's admission: accept, refuse or change an object in one call.
    ReviewAdmission,
    /// An app's conversion of objects between the versions of their group.
    ConvertVersions,
    /// An app's custom routes.
    CallRoute,
    /// Images of pages.
    Render,
}

impl Capability {
    /// Every capability, in the order in which reports list them.
    pub const ALL: [Self; 15] = [
        Self::QueryData,
        Self::QueryChunkedData,
        Self::CallResource,
        Self::CheckHealth,
        Self::CollectMetrics,
        Self::SubscribeStream,
        Self::RunStream,
        Self::PublishStream,
        Self::ValidateAdmission,
        Self::MutateAdmission,
        Self::ConvertObjects,
        Self::ReviewAdmission,
        Self::ConvertVersions,
        Self::CallRoute,
        Self::Render,
    ];

    /// The endpoint name, as Grafana's own logs and metrics spell it.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::QueryData => "queryData",
            Self::QueryChunkedData => "queryChunkedData",
            Self::CallResource => "callResource",
            Self::CheckHealth => "checkHealth",
            Self::CollectMetrics => "collectMetrics",
            Self::SubscribeStream => "subscribeStream",
            Self::RunStream => "runStream",
            Self::PublishStream => "publishStream",
            Self::ValidateAdmission => "validateAdmission",
            Self::MutateAdmission => "mutateAdmission",
            Self::ConvertObjects => "convertObjects",
            Self::ReviewAdmission => "reviewAdmission",
            Self::ConvertVersions => "convertVersions",
            Self::CallRoute => "callRoute",
            Self::Render => "render",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.endpoint())
    }
}

/// What comes along with a call beside its message: call metadata and the deadline.
///
/// Metadata keys are lower case (`traceparent`, `tenantid`, …); binary metadata is not carried.
#[derive(Clone, Default)]
pub struct CallContext {
    metadata: BTreeMap<String, Vec<String>>,
    deadline: Option<Instant>,
}

impl CallContext {
    /// An empty context: no metadata, no deadline.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same context with a deadline after which the answer is of no use.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Adds one metadata value; the key is lower-cased, as gRPC does.
    pub fn add_metadata(&mut self, key: &str, value: impl Into<String>) {
        self.metadata.entry(key.to_ascii_lowercase()).or_default().push(value.into());
    }

    /// The first value of a metadata key (any case).
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata_all(key).first().map(String::as_str)
    }

    /// All values of a metadata key (any case), in the order sent.
    #[must_use]
    pub fn metadata_all(&self, key: &str) -> &[String] {
        self.metadata.get(&key.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Every key with its values.
    pub fn iter_metadata(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.metadata.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    /// When the caller stops waiting, if it said so.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The tenant that Grafana names in the metadata key `tenantID`; empty if none.
    #[must_use]
    pub fn tenant(&self) -> &str {
        self.metadata("tenantid").unwrap_or_default()
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may hold tokens, so only the keys are shown.
        f.debug_struct("CallContext")
            .field("metadata_keys", &self.metadata.keys().collect::<Vec<_>>())
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// A stream of answers to one call. Dropping it cancels the call.
pub struct ReplyStream<T> {
    inner: Pin<Box<dyn Stream<Item = Result<T, CallError>> + Send>>,
}

impl<T> ReplyStream<T> {
    /// Wraps any stream of results.
    pub fn new(stream: impl Stream<Item = Result<T, CallError>> + Send + 'static) -> Self {
        Self { inner: Box::pin(stream) }
    }

    /// A stream that gives the items and ends.
    pub fn from_items<I>(items: I) -> Self
    where
        I: IntoIterator<Item = T>,
        I::IntoIter: Send + 'static,
        T: 'static,
    {
        Self::new(Items { iter: items.into_iter() })
    }

    /// The next item; `None` at the orderly end.
    pub async fn next(&mut self) -> Option<Result<T, CallError>> {
        std::future::poll_fn(|cx| self.inner.as_mut().poll_next(cx)).await
    }
}

impl<T> Stream for ReplyStream<T> {
    type Item = Result<T, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inner.as_mut().poll_next(cx)
    }
}

impl<T> fmt::Debug for ReplyStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyStream").finish_non_exhaustive()
    }
}

struct Items<I> {
    iter: I,
}

// The iterator is never pinned: it is only moved along with the struct.
impl<I> Unpin for Items<I> {}

impl<T, I: Iterator<Item = T>> Stream for Items<I> {
    type Item = Result<T, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.iter.next().map(Ok))
    }
}
