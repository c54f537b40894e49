//! What a plugin author writes: one trait per capability.
//!
//! Methods are plain `async fn`s; their futures must be `Send`. Dropping such a future is how a call is cancelled,
//! so hold nothing across an `.await` that must not be dropped there. These traits deliberately say nothing of
//! wire, encoding or instances.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Instant;

use bytes::Bytes;
use graftwire_frame::Frame;
use graftwire_frame::chunks::ChunkEncoder;
use graftwire_frame::json::Include;
use graftwire_model::{
    AdmissionRequest, CallContext, CallError, Code, ConversionRequest, ConversionResponse, DataResponse,
    ErrorSource, FrameFormat, Headers, HealthResponse, HealthStatus, MultiHeaders, MutationResponse,
    PluginContext, PublishRequest, PublishResponse, Query, QueryChunk, RenderRequest, ReplyStream,
    ResourceRequest, RunStreamRequest, StreamPacket, StreamStatus, SubscribeRequest, SubscribeResponse,
    ValidationResponse,
};
use tokio::sync::mpsc;

/// Who asks, on behalf of whom, with which settings, and how long they wait.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    /// Plugin, user, data source settings, Grafana's configuration.
    pub plugin: PluginContext,
    /// Headers of the request; empty for resources, which carry real HTTP headers.
    pub headers: Headers,
    /// Call metadata and deadline.
    pub call: CallContext,
}

impl RequestContext {
    /// When the caller stops waiting, if it said so.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.call.deadline()
    }
}

/// Answers data queries.
pub trait QueryData: Send + Sync + 'static {
    /// Answers one query. The SDK runs the queries of a request side by side, within the limits, and puts each
    /// answer or error under its `ref_id`.
    fn query(
        &self,
        cx: &RequestContext,
        query: Query,
    ) -> impl Future<Output = Result<Answer, QueryError>> + Send;
}

/// Answers data queries piece by piece, in bounded memory.
pub trait QueryChunked: Send + Sync + 'static {
    /// Answers one query by sending rows as they come. The future waits while a slow host takes no more, and is
    /// dropped when the host gives up. What was sent before an error stays.
    fn query_chunked(
        &self,
        cx: &RequestContext,
        query: Query,
        chunks: ChunkSender,
    ) -> impl Future<Output = Result<(), QueryError>> + Send;
}

/// Where a streamed answer puts its rows.
#[derive(Debug)]
pub struct ChunkSender {
    ref_id: String,
    encoder: ChunkEncoder,
    chunks: mpsc::Sender<QueryChunk>,
}

impl ChunkSender {
    pub(crate) fn new(ref_id: String, format: FrameFormat, chunks: mpsc::Sender<QueryChunk>) -> Self {
        Self { ref_id, encoder: ChunkEncoder::new(format), chunks }
    }

    /// Sends rows of a frame. `frame_id` ties the pieces of one frame together; the first piece sends its schema, so
    /// all pieces of a frame have the same columns.
    ///
    /// # Errors
    /// The plugin's fault when the frame can't be encoded or `frame_id` is empty; downstream when the host is gone.
    pub async fn send(&mut self, frame_id: &str, frame: Frame) -> Result<(), QueryError> {
        if frame_id.is_empty() {
            return Err(QueryError::plugin(
                "a chunk without a frame id can't be put together; name the frame",
            ));
        }
        let name = frame.name.clone();
        let chunk = self.encoder.encode(&self.ref_id, frame_id, frame).map_err(|cause| {
            QueryError::plugin(format!("frame {name:?} can't be encoded: {cause}")).with_cause(cause)
        })?;
        self.chunks
            .send(chunk)
            .await
            .map_err(|_| QueryError::downstream(StreamClosed.to_string()).with_status(499))
    }
}

/// The answer to one query.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// Frames; the SDK encodes them as the host wishes.
    Frames(Vec<Frame>),
    /// An answer that is encoded already.
    Encoded(DataResponse),
}

impl From<Frame> for Answer {
    fn from(frame: Frame) -> Self {
        Self::Frames(vec![frame])
    }
}

impl From<Vec<Frame>> for Answer {
    fn from(frames: Vec<Frame>) -> Self {
        Self::Frames(frames)
    }
}

impl From<DataResponse> for Answer {
    fn from(response: DataResponse) -> Self {
        Self::Encoded(response)
    }
}

/// Why one query has no answer, or only part of one.
#[derive(Debug)]
pub struct QueryError {
    source: ErrorSource,
    status: i32,
    message: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
    partial: Vec<Frame>,
}

impl QueryError {
    /// The plugin's own fault. Status 500.
    pub fn plugin(message: impl Into<String>) -> Self {
        Self {
            source: ErrorSource::Plugin,
            status: 500,
            message: message.into(),
            cause: None,
            partial: Vec::new(),
        }
    }

    /// The fault of the system behind the plugin. Status 502.
    pub fn downstream(message: impl Into<String>) -> Self {
        Self { source: ErrorSource::Downstream, status: 502, ..Self::plugin(message) }
    }

    /// The query itself is wrong. Status 400, counted as downstream, as it is the user's to mend.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { source: ErrorSource::Downstream, status: 400, ..Self::plugin(message) }
    }

    /// An error whose fault and status its cause tells, see [`crate::fault`].
    pub fn caused_by(message: impl Into<String>, cause: impl Error + Send + Sync + 'static) -> Self {
        let crate::fault::Fault { source, status } = crate::fault::Fault::of(&cause);
        Self { source, status, ..Self::plugin(message) }.with_cause(cause)
    }

    /// The same error with another HTTP-like status.
    #[must_use]
    pub const fn with_status(mut self, status: i32) -> Self {
        self.status = status;
        self
    }

    /// The same error with its cause, which is logged.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same error along with the frames that could be had.
    #[must_use]
    pub fn with_partial(mut self, frames: Vec<Frame>) -> Self {
        self.partial = frames;
        self
    }

    pub(crate) fn into_parts(self) -> (DataResponse, Vec<Frame>, Option<Box<dyn Error + Send + Sync>>) {
        (DataResponse::failed(self.status, self.source, self.message), self.partial, self.cause)
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for QueryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// Answers health checks.
pub trait CheckHealth: Send + Sync + 'static {
    /// Says how the plugin, or the data source of the context, stands. An error is shown as status `ERROR` too, so
    /// prefer [`health_error`], which has a message for people and details.
    fn check_health(
        &self,
        cx: &RequestContext,
    ) -> impl Future<Output = Result<HealthResponse, CallError>> + Send;
}

/// A health answer: it works.
pub fn health_ok(message: impl Into<String>) -> HealthResponse {
    HealthResponse { status: HealthStatus::Ok, message: message.into(), json_details: Bytes::new() }
}

/// A health answer: it does not work, and why.
pub fn health_error(message: impl Into<String>) -> HealthResponse {
    HealthResponse { status: HealthStatus::Error, message: message.into(), json_details: Bytes::new() }
}

/// Answers HTTP-like requests below `/resources/`. For `http` and tower services see [`crate::http_adapter`].
pub trait CallResource: Send + Sync + 'static {
    /// Answers one request.
    fn call_resource(
        &self,
        cx: &RequestContext,
        request: ResourceRequest,
    ) -> impl Future<Output = Result<ResourceResponse, CallError>> + Send;
}

/// The answer to a resource request.
#[derive(Debug)]
pub struct ResourceResponse {
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: MultiHeaders,
    /// The body.
    pub body: ResourceBody,
}

/// A body, whole or in pieces.
#[derive(Debug)]
pub enum ResourceBody {
    /// Whole.
    Full(Bytes),
    /// In pieces, each flushed to the client; made while they are sent, never ahead of the host.
    Pieces(ReplyStream<Bytes>),
}

impl ResourceResponse {
    /// A status and bytes of a content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut headers = MultiHeaders::new();
        headers.append("Content-Type", content_type);
        Self { status, headers, body: ResourceBody::Full(body.into()) }
    }

    /// Plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.into())
    }

    /// A value as JSON.
    ///
    /// # Errors
    /// When the value can't be JSON: a map with keys that are no texts, or a number JSON can't hold.
    pub fn json(status: u16, value: &impl serde::Serialize) -> Result<Self, CallError> {
        let body = serde_json::to_vec(value).map_err(|cause| {
            CallError::new(Code::Internal, "the answer can't be written as JSON").with_cause(cause)
        })?;
        Ok(Self::new(status, "application/json", body))
    }

    /// A body in pieces.
    pub fn pieces(status: u16, content_type: &str, pieces: ReplyStream<Bytes>) -> Self {
        Self { body: ResourceBody::Pieces(pieces), ..Self::new(status, content_type, Bytes::new()) }
    }
}

/// Adds to the plugin's own metrics beyond those the SDK keeps.
pub trait CollectMetrics: Send + Sync + 'static {
    /// More metrics in Prometheus text form, appended to the SDK's.
    fn collect_metrics(&self) -> impl Future<Output = Result<String, CallError>> + Send;
}

/// Runs live channels.
pub trait StreamData: Send + Sync + 'static {
    /// Grants or refuses a subscription.
    fn subscribe(
        &self,
        cx: &RequestContext,
        request: SubscribeRequest,
    ) -> impl Future<Output = Result<SubscribeResponse, CallError>> + Send;

    /// Runs a channel: sends until there is nothing more to send. The future is dropped when the host has no
    /// subscribers left. A clean return ends the channel; an error makes the host start it again.
    fn run(
        &self,
        cx: &RequestContext,
        request: RunStreamRequest,
        packets: PacketSender,
    ) -> impl Future<Output = Result<(), CallError>> + Send;
}

/// Grants a subscription, without first data.
pub fn subscribe_ok() -> SubscribeResponse {
    SubscribeResponse::default()
}

/// Grants a subscription with a JSON text as first data for the new subscriber.
///
/// # Errors
/// `Internal` when it is no JSON: a host would drop it and say nothing.
pub fn subscribe_ok_json(json: impl Into<Bytes>) -> Result<SubscribeResponse, CallError> {
    let initial_data = json.into();
    serde_json::from_slice::<serde::de::IgnoredAny>(&initial_data).map_err(|cause| {
        CallError::new(Code::Internal, "the first data of a channel are no JSON").with_cause(cause)
    })?;
    Ok(SubscribeResponse { status: StreamStatus::Ok, initial_data })
}

/// Grants a subscription with a frame as first data: whole, or its schema alone when rows follow by themselves.
///
/// # Errors
/// `Internal` when the frame can't be written as JSON.
pub fn subscribe_ok_frame(frame: &Frame, include: Include) -> Result<SubscribeResponse, CallError> {
    let initial_data = frame_json(frame, include)?;
    Ok(SubscribeResponse { status: StreamStatus::Ok, initial_data })
}

fn frame_json(frame: &Frame, include: Include) -> Result<Bytes, CallError> {
    let encoded = graftwire_frame::json::write(frame, include).map_err(|cause| {
        CallError::new(Code::Internal, format!("frame {:?} can't be written as JSON", frame.name))
            .with_cause(cause)
    })?;
    Ok(encoded.into_bytes())
}

/// Takes what users publish to live channels. Without it every publication is refused.
pub trait PublishStream: Send + Sync + 'static {
    /// Grants or refuses a publication, and says what is published.
    fn publish(
        &self,
        cx: &RequestContext,
        request: PublishRequest,
    ) -> impl Future<Output = Result<PublishResponse, CallError>> + Send;
}

/// Where a running channel puts its messages. Waits while a slow host takes none.
#[derive(Debug, Clone)]
pub struct PacketSender(pub(crate) mpsc::Sender<StreamPacket>);

/// Nobody listens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the host has closed the channel")]
pub struct StreamClosed;

impl From<StreamClosed> for CallError {
    fn from(closed: StreamClosed) -> Self {
        Self::new(Code::Cancelled, closed.to_string())
    }
}

impl PacketSender {
    /// Sends one JSON text.
    ///
    /// # Errors
    /// [`StreamClosed`] when the host is gone.
    pub async fn send_json(&self, json: impl Into<Bytes>) -> Result<(), StreamClosed> {
        self.0.send(StreamPacket { data: json.into() }).await.map_err(|_| StreamClosed)
    }

    /// Sends a frame: whole, its schema alone, or its rows alone.
    ///
    /// # Errors
    /// `Internal` when the frame can't be written as JSON, `Cancelled` when the host is gone.
    pub async fn send_frame(&self, frame: &Frame, include: Include) -> Result<(), CallError> {
        Ok(self.send_json(frame_json(frame, include)?).await?)
    }
}

/// Accepts, refuses or changes objects before they are stored.
pub trait Admission: Send + Sync + 'static {
    /// Accepts or refuses.
    fn validate(
        &self,
        cx: &RequestContext,
        request: AdmissionRequest,
    ) -> impl Future<Output = Result<ValidationResponse, CallError>> + Send;

    /// Accepts or refuses, and says what is stored; an empty object means the request's own. What is asked about when a
    /// data source or an app is saved is read and written with [`crate::objects`].
    fn mutate(
        &self,
        cx: &RequestContext,
        request: AdmissionRequest,
    ) -> impl Future<Output = Result<MutationResponse, CallError>> + Send;
}

/// Converts objects between API versions.
pub trait Conversion: Send + Sync + 'static {
    /// Converts the objects of one request, in their order. An empty uid means the request's own.
    fn convert(
        &self,
        cx: &RequestContext,
        request: ConversionRequest,
    ) -> impl Future<Output = Result<ConversionResponse, CallError>> + Send;
}

/// Makes images of pages.
pub trait Render: Send + Sync + 'static {
    /// Makes an image and writes it to the file that the request names. An error is what the host shows. The context
    /// has no user and no settings.
    fn render(
        &self,
        cx: &RequestContext,
        request: RenderRequest,
    ) -> impl Future<Output = Result<(), CallError>> + Send;
}
