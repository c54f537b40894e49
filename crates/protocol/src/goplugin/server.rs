//! The plugin's end of go-plugin's services.
//!
//! It deliberately stops nothing and reads no output by itself: it tells whoever runs the process through
//! [`ControlEvents`].

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use graftwire_model::{BoxFuture, ReplyStream};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::broker::Message;
use super::generated as wire;
use super::health::generated as health;
use super::{HEALTH_SERVICE, StdioChannel};
use crate::status;

/// What the host asks of the process itself.
pub trait ControlEvents: Send + Sync {
    /// The host wants the process to end now. The call is answered before the process goes.
    fn shutdown(&self);

    /// The host wants what the process prints from now on. The stream ends with the process.
    fn stdio(&self) -> ReplyStream<(StdioChannel, Bytes)>;

    /// Waits until the process is about to end. By default it never is.
    fn ended(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    /// The host opens the broker's stream: its messages come in, ours go out. By default nothing is said and nothing
    /// heard, as long as the host keeps its side open.
    fn broker(&self, incoming: ReplyStream<Message>) -> ReplyStream<Message> {
        ReplyStream::new(incoming.filter_map(|item| item.err().map(Err)))
    }
}

/// go-plugin's services over [`ControlEvents`].
#[derive(Clone)]
pub struct Control(Arc<dyn ControlEvents>);

impl Control {
    /// Services that tell `events` what the host asks.
    pub fn new(events: Arc<dyn ControlEvents>) -> Self {
        Self(events)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

#[async_trait]
impl wire::grpc_controller_server::GrpcController for Control {
    async fn shutdown(&self, _request: Request<wire::Empty>) -> Result<Response<wire::Empty>, Status> {
        self.0.shutdown();
        Ok(Response::new(wire::Empty {}))
    }
}

#[async_trait]
impl wire::grpc_stdio_server::GrpcStdio for Control {
    type StreamStdioStream = tonic::codegen::BoxStream<wire::StdioData>;

    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        let pieces = self.0.stdio().map(|item| {
            item.map(|(channel, data)| wire::StdioData { channel: channel_number(channel), data })
                .map_err(|error| status::to_wire(&error))
        });
        Ok(Response::new(Box::pin(pieces)))
    }
}

fn channel_number(channel: StdioChannel) -> i32 {
    match channel {
        StdioChannel::Stdout => wire::stdio_data::Channel::Stdout as i32,
        StdioChannel::Stderr => wire::stdio_data::Channel::Stderr as i32,
    }
}

#[async_trait]
impl wire::grpc_broker_server::GrpcBroker for Control {
    type StartStreamStream = tonic::codegen::BoxStream<wire::ConnInfo>;

    async fn start_stream(
        &self,
        request: Request<Streaming<wire::ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let incoming = request.into_inner().map(|item| match item {
            Ok(message) => Ok(Message::from(message)),
            Err(failed) => Err(status::from_wire(&failed)),
        });
        let outgoing = self.0.broker(ReplyStream::new(incoming)).map(|item| match item {
            Ok(message) => Ok(wire::ConnInfo::from(message)),
            Err(error) => Err(status::to_wire(&error)),
        });
        Ok(Response::new(Box::pin(outgoing)))
    }
}

/// The standard health service: `plugin` and the empty name are serving while the process runs.
#[derive(Clone, Debug)]
pub struct HealthService {
    control: Control,
}

impl HealthService {
    /// A health service for the process of `control`.
    #[must_use]
    pub const fn new(control: Control) -> Self {
        Self { control }
    }
}

#[async_trait]
impl health::health_server::Health for HealthService {
    async fn check(
        &self,
        request: Request<health::HealthCheckRequest>,
    ) -> Result<Response<health::HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        if is_known(&service) {
            Ok(Response::new(serving()))
        } else {
            Err(Status::not_found(format!(
                "no health is kept for service {service:?}; ask for {HEALTH_SERVICE:?}"
            )))
        }
    }

    type WatchStream = tonic::codegen::BoxStream<health::HealthCheckResponse>;

    async fn watch(
        &self,
        request: Request<health::HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        use health::health_check_response::ServingStatus;
        let first = if is_known(&request.into_inner().service) {
            serving()
        } else {
            health::HealthCheckResponse { status: ServingStatus::ServiceUnknown as i32 }
        };
        // The state never changes while the process runs.
        let until_the_end = Stalled { ended: self.control.0.ended() };
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(first)).chain(until_the_end))))
    }
}

/// A stream without items that ends.
struct Stalled {
    ended: BoxFuture<'static, ()>,
}

impl Stream for Stalled {
    type Item = Result<health::HealthCheckResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.ended.as_mut().poll(cx).map(|()| None)
    }
}

fn is_known(service: &str) -> bool {
    service.is_empty() || service == HEALTH_SERVICE
}

fn serving() -> health::HealthCheckResponse {
    health::HealthCheckResponse { status: health::health_check_response::ServingStatus::Serving as i32 }
}
