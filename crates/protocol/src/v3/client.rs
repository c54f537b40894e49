//! The host's end of version 3: three calls over the channel of version 2.
//!
//! It deliberately tries nothing else when a plugin answers `UNIMPLEMENTED`: that is how one says that it has no such
//! service, and the caller learns it as that.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use graftwire_model::{
    AdmissionReviewRequest, AdmissionReviewResponse, CallContext, CallError, ReplyStream, ResourcePiece,
    RouteRequest, VersionConversionRequest, VersionConversionResponse,
};
use tonic::Streaming;

use super::generated::admission_service_client::AdmissionServiceClient;
use super::generated::conversion_service_client::ConversionServiceClient;
use super::generated::{CallRouteResponse, route_service_client::RouteServiceClient};
use super::{from_wire, to_wire};
use crate::v2::client::{close, open, unreadable};
use crate::{AdaptError, MessageLimits, Rpc, status};

/// Asks an app's services over the channel `T`.
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

impl<T: Rpc> Client<T> {
    /// A client over a channel.
    pub const fn new(channel: T, limits: MessageLimits) -> Self {
        Self { channel, limits }
    }

    /// Accepts, refuses or changes an object.
    ///
    /// # Errors
    /// What the plugin says.
    pub async fn review_admission(
        &self,
        cx: CallContext,
        request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        let mut service = AdmissionServiceClient::new(self.channel.clone())
            .max_decoding_message_size(self.limits.receive)
            .max_encoding_message_size(self.limits.send);
        let answer = service.admission_review(open(&cx, to_wire::admission_request(request))).await;
        close(answer, from_wire::admission_response)
    }

    /// Converts objects between versions.
    ///
    /// # Errors
    /// What the plugin says; `Internal` if it answers another request, or with another number of objects.
    pub async fn convert_versions(
        &self,
        cx: CallContext,
        request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        let mut service = ConversionServiceClient::new(self.channel.clone())
            .max_decoding_message_size(self.limits.receive)
            .max_encoding_message_size(self.limits.send);
        let (uid, asked) = (request.uid.clone(), request.objects.len());
        let answer = service.convert_objects(open(&cx, to_wire::conversion_request(request))).await;
        matching(close(answer, from_wire::conversion_response)?, uid, asked).map_err(unreadable)
    }

    /// Calls a custom route.
    ///
    /// # Errors
    /// What the plugin says.
    pub async fn call_route(
        &self,
        cx: CallContext,
        request: RouteRequest,
    ) -> Result<ReplyStream<ResourcePiece>, CallError> {
        let mut service = RouteServiceClient::new(self.channel.clone())
            .max_decoding_message_size(self.limits.receive)
            .max_encoding_message_size(self.limits.send);
        let answer = service.call_route(open(&cx, to_wire::route_request(request))).await;
        close(answer, |messages| ReplyStream::new(Pieces { messages: Some(messages), is_first: true }))
    }
}

/// An answer that fits its request: the same `uid` (one that was left out is put in), and as many objects as were asked
/// for, or none with an error.
fn matching(
    mut answer: VersionConversionResponse,
    uid: String,
    asked: usize,
) -> Result<VersionConversionResponse, AdaptError> {
    if !answer.uid.is_empty() && answer.uid != uid {
        return Err(AdaptError::ConversionUid { found: answer.uid, expected: uid });
    }
    answer.uid = uid;
    if answer.error.is_some() {
        answer.converted.clear();
    } else if answer.converted.len() != asked {
        return Err(AdaptError::ConversionCount { found: answer.converted.len(), expected: asked });
    }
    Ok(answer)
}

/// The pieces of a route's answer; nothing follows an error.
struct Pieces {
    messages: Option<Streaming<CallRouteResponse>>,
    is_first: bool,
}

impl Stream for Pieces {
    type Item = Result<ResourcePiece, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(messages) = &mut this.messages else { return Poll::Ready(None) };
        let polled = Pin::new(messages).poll_next(cx);
        polled.map(|item| {
            let piece = match item? {
                Ok(message) if std::mem::replace(&mut this.is_first, false) => {
                    from_wire::first_route_piece(message).map_err(unreadable)
                }
                Ok(message) => Ok(from_wire::later_route_piece(message)),
                Err(failed) => Err(status::from_wire(&failed)),
            };
            if piece.is_err() {
                this.messages = None;
            }
            Some(piece)
        })
    }
}
