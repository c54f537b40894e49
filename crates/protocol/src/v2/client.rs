//! The host's end of version 2: a [`Backend`] that asks a plugin over any channel.

use std::time::Instant;

use graftwire_model::{
    AdmissionRequest, AdmissionReviewRequest, AdmissionReviewResponse, Backend, BoxFuture, CallContext,
    CallError, Capability, Code, ConversionRequest, ConversionResponse, HealthRequest, HealthResponse,
    MetricsRequest, MetricsResponse, MutationResponse, PublishRequest, PublishResponse, QueryChunk,
    QueryRequest, QueryResponse, RenderRequest, RenderResponse, ReplyStream, ResourcePiece, ResourceRequest,
    RouteRequest, RunStreamRequest, StreamPacket, SubscribeRequest, SubscribeResponse, ValidationResponse,
    VersionConversionRequest, VersionConversionResponse,
};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming};

use super::generated::{
    admission_control_client::AdmissionControlClient, data_client::DataClient,
    diagnostics_client::DiagnosticsClient, resource_client::ResourceClient,
    resource_conversion_client::ResourceConversionClient, stream_client::StreamClient,
};
use super::renderer::{self, generated::renderer_client::RendererClient};
use super::{from_wire, generated as wire, to_wire};
use crate::{AdaptError, MessageLimits, Rpc, metadata, status, v3};

/// Asks a plugin in version 2 over the channel `T`.
#[derive(Clone)]
pub struct Client<T> {
    channel: T,
    limits: MessageLimits,
}

impl<T> std::fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<T> Client<T> {
    /// A client over a channel.
    pub const fn new(channel: T, limits: MessageLimits) -> Self {
        Self { channel, limits }
    }
}

macro_rules! service {
    ($self:ident, $client:ident) => {
        $client::new($self.channel.clone())
            .max_decoding_message_size($self.limits.receive)
            .max_encoding_message_size($self.limits.send)
    };
}

pub(crate) fn open<M>(cx: &CallContext, message: M) -> Request<M> {
    let mut request = Request::new(message);
    metadata::to_wire(cx, request.metadata_mut(), Instant::now());
    request
}

pub(crate) fn close<W, M>(
    answer: Result<Response<W>, Status>,
    adapt: impl FnOnce(W) -> M,
) -> Result<M, CallError> {
    answer.map(|response| adapt(response.into_inner())).map_err(|failed| status::from_wire(&failed))
}

pub(crate) fn unreadable(error: AdaptError) -> CallError {
    CallError::new(Code::Internal, format!("the plugin's answer can't be read: {error}")).with_cause(error)
}

fn replies<W: Send + 'static, M: 'static>(
    answer: Result<Response<Streaming<W>>, Status>,
    adapt: fn(W) -> Result<M, AdaptError>,
) -> Result<ReplyStream<M>, CallError> {
    close(answer, |stream| {
        ReplyStream::new(stream.map(move |item| match item {
            Ok(message) => adapt(message).map_err(unreadable),
            Err(failed) => Err(status::from_wire(&failed)),
        }))
    })
}

impl<T: Rpc> Client<T> {
    /// The client of the services that stand beside those of version 2.
    fn beside(&self) -> v3::client::Client<T> {
        v3::client::Client::new(self.channel.clone(), self.limits)
    }
}

/// One chunk. A Go adapter without a handler says so in a message that has a status of 501 and nothing else; here that
/// is the error which other plugins end the call with.
fn chunk(message: wire::QueryChunkedDataResponse) -> Result<QueryChunk, CallError> {
    const NOT_IMPLEMENTED: i32 = 501;
    let says_only = wire::QueryChunkedDataResponse {
        status: NOT_IMPLEMENTED,
        format: message.format,
        ..Default::default()
    };
    if message == says_only {
        return Err(CallError::unimplemented(Capability::QueryChunkedData));
    }
    from_wire::query_chunk(message).map_err(unreadable)
}

impl<T: Rpc> Backend for Client<T> {
    fn query_data(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<QueryResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, DataClient);
            let answer = service.query_data(open(&cx, to_wire::query_request(request))).await;
            close(answer, from_wire::query_response)?.map_err(unreadable)
        })
    }

    fn query_chunked(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<QueryChunk>, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, DataClient);
            let request = open(&cx, to_wire::query_chunked_request(request));
            close(service.query_chunked_data(request).await, |stream| {
                ReplyStream::new(stream.map(|item| chunk(item.map_err(|failed| status::from_wire(&failed))?)))
            })
        })
    }

    fn call_resource(
        &self,
        cx: CallContext,
        request: ResourceRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<ResourcePiece>, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, ResourceClient);
            let answer = service.call_resource(open(&cx, to_wire::resource_request(request))).await;
            replies(answer, |piece| Ok(from_wire::resource_piece(piece)))
        })
    }

    fn check_health(
        &self,
        cx: CallContext,
        request: HealthRequest,
    ) -> BoxFuture<'_, Result<HealthResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, DiagnosticsClient);
            let answer = service.check_health(open(&cx, to_wire::health_request(request))).await;
            close(answer, from_wire::health_response)
        })
    }

    fn collect_metrics(
        &self,
        cx: CallContext,
        request: MetricsRequest,
    ) -> BoxFuture<'_, Result<MetricsResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, DiagnosticsClient);
            let answer = service.collect_metrics(open(&cx, to_wire::metrics_request(request))).await;
            close(answer, from_wire::metrics_response)
        })
    }

    fn subscribe_stream(
        &self,
        cx: CallContext,
        request: SubscribeRequest,
    ) -> BoxFuture<'_, Result<SubscribeResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, StreamClient);
            let answer = service.subscribe_stream(open(&cx, to_wire::subscribe_request(request))).await;
            close(answer, from_wire::subscribe_response)
        })
    }

    fn run_stream(
        &self,
        cx: CallContext,
        request: RunStreamRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<StreamPacket>, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, StreamClient);
            let answer = service.run_stream(open(&cx, to_wire::run_stream_request(request))).await;
            replies(answer, |packet| Ok(from_wire::stream_packet(packet)))
        })
    }

    fn publish_stream(
        &self,
        cx: CallContext,
        request: PublishRequest,
    ) -> BoxFuture<'_, Result<PublishResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, StreamClient);
            let answer = service.publish_stream(open(&cx, to_wire::publish_request(request))).await;
            close(answer, from_wire::publish_response)
        })
    }

    fn validate_admission(
        &self,
        cx: CallContext,
        request: AdmissionRequest,
    ) -> BoxFuture<'_, Result<ValidationResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, AdmissionControlClient);
            let answer = service.validate_admission(open(&cx, to_wire::admission_request(request))).await;
            close(answer, from_wire::validation_response)
        })
    }

    fn mutate_admission(
        &self,
        cx: CallContext,
        request: AdmissionRequest,
    ) -> BoxFuture<'_, Result<MutationResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, AdmissionControlClient);
            let answer = service.mutate_admission(open(&cx, to_wire::admission_request(request))).await;
            close(answer, from_wire::mutation_response)
        })
    }

    fn convert_objects(
        &self,
        cx: CallContext,
        request: ConversionRequest,
    ) -> BoxFuture<'_, Result<ConversionResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, ResourceConversionClient);
            let answer = service.convert_objects(open(&cx, to_wire::conversion_request(request))).await;
            close(answer, from_wire::conversion_response)
        })
    }

    fn review_admission(
        &self,
        cx: CallContext,
        request: AdmissionReviewRequest,
    ) -> BoxFuture<'_, Result<AdmissionReviewResponse, CallError>> {
        Box::pin(async move { self.beside().review_admission(cx, request).await })
    }

    fn convert_versions(
        &self,
        cx: CallContext,
        request: VersionConversionRequest,
    ) -> BoxFuture<'_, Result<VersionConversionResponse, CallError>> {
        Box::pin(async move { self.beside().convert_versions(cx, request).await })
    }

    fn call_route(
        &self,
        cx: CallContext,
        request: RouteRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<ResourcePiece>, CallError>> {
        Box::pin(async move { self.beside().call_route(cx, request).await })
    }

    fn render(
        &self,
        cx: CallContext,
        request: RenderRequest,
    ) -> BoxFuture<'_, Result<RenderResponse, CallError>> {
        Box::pin(async move {
            let mut service = service!(self, RendererClient);
            let answer = service.render(open(&cx, renderer::request_to_wire(request))).await;
            close(answer, |answer| RenderResponse { error: answer.error })
        })
    }
}
