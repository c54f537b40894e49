//! The plugin's end of version 2: every service over one [`Backend`].
//!
//! It deliberately routes nothing: which services exist for a plugin is decided in `services`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_core::Stream as FuturesStream;
use graftwire_model::{Backend, CallContext, CallError, Code, ReplyStream};
use tonic::{Request, Response, Status, async_trait};

use super::generated::{
    admission_control_server::AdmissionControl, data_server::Data, diagnostics_server::Diagnostics,
    resource_conversion_server::ResourceConversion, resource_server::Resource, stream_server::Stream,
};
use super::renderer::{self, generated as images};
use super::{from_wire, generated as wire, to_segments, to_wire};
use crate::{AdaptError, MessageLimits, metadata, status};

/// Adapts a [`Backend`] to the generated service traits.
#[derive(Clone)]
pub struct Served {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) limits: MessageLimits,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").finish_non_exhaustive()
    }
}

pub(crate) fn open<T>(request: Request<T>) -> (CallContext, T) {
    let cx = metadata::from_wire(request.metadata(), Instant::now());
    (cx, request.into_inner())
}

pub(crate) fn close<M, W>(
    answer: Result<M, CallError>,
    adapt: impl FnOnce(M) -> W,
) -> Result<Response<W>, Status> {
    answer.map(|message| Response::new(adapt(message))).map_err(|error| status::to_wire(&error))
}

pub(crate) fn unsendable(error: AdaptError) -> Status {
    let code = match error {
        AdaptError::TooLarge { .. } => Code::ResourceExhausted,
        _ => Code::Internal,
    };
    status::to_wire(&CallError::new(code, error.to_string()).with_cause(error))
}

/// Turns a stream of answers into a stream of messages, one by one: nothing is read ahead.
#[derive(Debug)]
pub struct Replies<M, W> {
    answers: ReplyStream<M>,
    adapt: fn(M) -> W,
}

impl<M, W> FuturesStream for Replies<M, W> {
    type Item = Result<W, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        Pin::new(&mut this.answers)
            .poll_next(cx)
            .map(|item| item.map(|answer| answer.map(this.adapt).map_err(|error| status::to_wire(&error))))
    }
}

pub(crate) fn replies<M, W>(
    answer: Result<ReplyStream<M>, CallError>,
    adapt: fn(M) -> W,
) -> Result<Response<Replies<M, W>>, Status> {
    close(answer, |answers| Replies { answers, adapt })
}

#[async_trait]
impl Data for Served {
    async fn query_data(
        &self,
        request: Request<wire::QueryDataRequest>,
    ) -> Result<Response<wire::QueryDataResponse>, Status> {
        let (cx, request) = open(request);
        let answer = self.backend.query_data(cx, from_wire::query_request(request)).await;
        let answer = answer.map_err(|error| status::to_wire(&error))?;
        let message = to_segments::query_response(answer, self.limits.send).map_err(unsendable)?;
        Ok(message.instead_of(wire::QueryDataResponse::default()))
    }

    type QueryChunkedDataStream = Replies<graftwire_model::QueryChunk, wire::QueryChunkedDataResponse>;

    async fn query_chunked_data(
        &self,
        request: Request<wire::QueryChunkedDataRequest>,
    ) -> Result<Response<Self::QueryChunkedDataStream>, Status> {
        let (cx, request) = open(request);
        replies(
            self.backend.query_chunked(cx, from_wire::query_chunked_request(request)).await,
            to_wire::query_chunk,
        )
    }
}

#[async_trait]
impl Diagnostics for Served {
    async fn check_health(
        &self,
        request: Request<wire::CheckHealthRequest>,
    ) -> Result<Response<wire::CheckHealthResponse>, Status> {
        let (cx, request) = open(request);
        close(
            self.backend.check_health(cx, from_wire::health_request(request)).await,
            to_wire::health_response,
        )
    }

    async fn collect_metrics(
        &self,
        request: Request<wire::CollectMetricsRequest>,
    ) -> Result<Response<wire::CollectMetricsResponse>, Status> {
        let (cx, request) = open(request);
        close(
            self.backend.collect_metrics(cx, from_wire::metrics_request(request)).await,
            to_wire::metrics_response,
        )
    }
}

#[async_trait]
impl Resource for Served {
    type CallResourceStream = Replies<graftwire_model::ResourcePiece, wire::CallResourceResponse>;

    async fn call_resource(
        &self,
        request: Request<wire::CallResourceRequest>,
    ) -> Result<Response<Self::CallResourceStream>, Status> {
        let (cx, request) = open(request);
        replies(
            self.backend.call_resource(cx, from_wire::resource_request(request)).await,
            to_wire::resource_piece,
        )
    }
}

#[async_trait]
impl Stream for Served {
    async fn subscribe_stream(
        &self,
        request: Request<wire::SubscribeStreamRequest>,
    ) -> Result<Response<wire::SubscribeStreamResponse>, Status> {
        let (cx, request) = open(request);
        close(
            self.backend.subscribe_stream(cx, from_wire::subscribe_request(request)).await,
            to_wire::subscribe_response,
        )
    }

    type RunStreamStream = Replies<graftwire_model::StreamPacket, wire::StreamPacket>;

    async fn run_stream(
        &self,
        request: Request<wire::RunStreamRequest>,
    ) -> Result<Response<Self::RunStreamStream>, Status> {
        let (cx, request) = open(request);
        replies(
            self.backend.run_stream(cx, from_wire::run_stream_request(request)).await,
            to_wire::stream_packet,
        )
    }

    async fn publish_stream(
        &self,
        request: Request<wire::PublishStreamRequest>,
    ) -> Result<Response<wire::PublishStreamResponse>, Status> {
        let (cx, request) = open(request);
        close(
            self.backend.publish_stream(cx, from_wire::publish_request(request)).await,
            to_wire::publish_response,
        )
    }
}

#[async_trait]
impl AdmissionControl for Served {
    async fn validate_admission(
        &self,
        request: Request<wire::AdmissionRequest>,
    ) -> Result<Response<wire::ValidationResponse>, Status> {
        let (cx, request) = open(request);
        let answer = self.backend.validate_admission(cx, from_wire::admission_request(request)).await;
        close(answer, to_wire::validation_response)
    }

    async fn mutate_admission(
        &self,
        request: Request<wire::AdmissionRequest>,
    ) -> Result<Response<wire::MutationResponse>, Status> {
        let (cx, request) = open(request);
        let answer = self.backend.mutate_admission(cx, from_wire::admission_request(request)).await;
        close(answer, to_wire::mutation_response)
    }
}

#[async_trait]
impl ResourceConversion for Served {
    async fn convert_objects(
        &self,
        request: Request<wire::ConversionRequest>,
    ) -> Result<Response<wire::ConversionResponse>, Status> {
        let (cx, request) = open(request);
        let answer = self.backend.convert_objects(cx, from_wire::conversion_request(request)).await;
        close(answer, to_wire::conversion_response)
    }
}

#[async_trait]
impl images::renderer_server::Renderer for Served {
    async fn render(
        &self,
        request: Request<images::RenderRequest>,
    ) -> Result<Response<images::RenderResponse>, Status> {
        let (cx, request) = open(request);
        let answer = self.backend.render(cx, renderer::request_from_wire(request)).await;
        close(answer, |answer| images::RenderResponse { error: answer.error })
    }
}
