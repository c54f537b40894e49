//! The host's end of go-plugin's services.

use bytes::Bytes;
use futures_core::Stream;
use graftwire_model::{CallError, ReplyStream};
use tokio_stream::StreamExt as _;

use super::broker::Message;
use super::generated::{self as wire, grpc_broker_client, grpc_controller_client, grpc_stdio_client};
use super::health::generated as health;
use super::{HEALTH_SERVICE, StdioChannel};
use crate::{Rpc, status};

/// Asks the plugin to end. The answer may be lost when the process is quicker than its reply.
///
/// # Errors
/// `Unimplemented` from plugins that serve their own services alone, `Unavailable` when it is gone already.
pub async fn shutdown<T: Rpc>(channel: T) -> Result<(), CallError> {
    let mut controller = grpc_controller_client::GrpcControllerClient::new(channel);
    controller.shutdown(wire::Empty {}).await.map(drop).map_err(|failed| status::from_wire(&failed))
}

/// What the plugin prints through go-plugin's output service, from now on.
///
/// # Errors
/// `Unimplemented` from plugins that serve their own services alone; hosts tolerate it.
pub async fn stdio<T: Rpc>(channel: T) -> Result<ReplyStream<(StdioChannel, Bytes)>, CallError> {
    let mut stdio = grpc_stdio_client::GrpcStdioClient::new(channel);
    let stream = stdio.stream_stdio(()).await.map_err(|failed| status::from_wire(&failed))?.into_inner();
    Ok(ReplyStream::new(stream.map(|item| match item {
        Ok(piece) => Ok((channel_of(piece.channel), piece.data)),
        Err(failed) => Err(status::from_wire(&failed)),
    })))
}

fn channel_of(number: i32) -> StdioChannel {
    match wire::stdio_data::Channel::try_from(number) {
        Ok(wire::stdio_data::Channel::Stdout) => StdioChannel::Stdout,
        _ => StdioChannel::Stderr,
    }
}

/// Opens the broker's stream as hosts do right after connecting. It stays open as long as `outgoing` does and the answer
/// is held. Plugins may answer with their first message only.
///
/// # Errors
/// `Unimplemented` from plugins that serve their own services alone; hosts tolerate it.
pub async fn broker<T: Rpc>(
    channel: T,
    outgoing: impl Stream<Item = Message> + Send + 'static,
) -> Result<ReplyStream<Message>, CallError> {
    let mut broker = grpc_broker_client::GrpcBrokerClient::new(channel);
    let stream = broker
        .start_stream(outgoing.map(wire::ConnInfo::from))
        .await
        .map_err(|failed| status::from_wire(&failed))?
        .into_inner();
    Ok(ReplyStream::new(stream.map(|item| match item {
        Ok(message) => Ok(Message::from(message)),
        Err(failed) => Err(status::from_wire(&failed)),
    })))
}

/// Whether the plugin says of itself that it serves, by the name that go-plugin uses.
///
/// # Errors
/// What the call failed with; `Unimplemented` and `NotFound` mean that the plugin keeps no health under the name.
pub async fn ping<T: Rpc>(channel: T) -> Result<bool, CallError> {
    let mut client = health::health_client::HealthClient::new(channel);
    let request = health::HealthCheckRequest { service: HEALTH_SERVICE.to_owned() };
    let answer = client.check(request).await.map_err(|failed| status::from_wire(&failed))?.into_inner();
    Ok(answer.status == health::health_check_response::ServingStatus::Serving as i32)
}

/// Waits for the beginning of an answer to go-plugin's health check, whatever it says.
///
/// # Errors
/// The answer is a failure: the plugin answers all the same, unless the connection is gone.
pub async fn answers<T: Rpc>(channel: T) -> Result<(), CallError> {
    let mut grpc = tonic::client::Grpc::new(channel);
    let check = health::HealthCheckRequest { service: HEALTH_SERVICE.to_owned() };
    let path = http::uri::PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let codec = tonic_prost::ProstCodec::<health::HealthCheckRequest, health::HealthCheckResponse>::default();
    // Asked like a stream, which is there with its head: a single answer would be waited for as a whole.
    let asked = grpc.server_streaming(tonic::Request::new(check), path, codec).await;
    asked.map(drop).map_err(|failed| status::from_wire(&failed))
}
