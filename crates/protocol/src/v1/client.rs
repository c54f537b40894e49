//! The host's end of version 1: a [`Backend`] that asks a plugin over any channel.
//!
//! What the version lacks is deliberately left to the trait's own defaults: they answer as a plugin without the
//! capability does.

use graftwire_model::{
    Backend, BoxFuture, CallContext, CallError, QueryRequest, QueryResponse, RenderRequest, RenderResponse,
};

use super::generated::datasource_plugin_client::DatasourcePluginClient;
use super::generated::renderer_client::RendererClient;
use super::{from_wire, to_wire};
use crate::v2::client::{close, open};
use crate::{MessageLimits, Rpc};

/// Asks a plugin in version 1 over the channel `T`.
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

impl<T: Rpc> Backend for Client<T> {
    fn query_data(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<QueryResponse, CallError>> {
        Box::pin(async move {
            let format = request.format;
            let asking = to_wire::query_requests(request);
            let mut answer = QueryResponse { responses: asking.refused };
            let mut service = DatasourcePluginClient::new(self.channel.clone())
                .max_decoding_message_size(self.limits.receive)
                .max_encoding_message_size(self.limits.send);
            // One call after the other: nearly always there is but one.
            for request in asking.requests {
                let answered = service.query(open(&cx, request)).await;
                let answered = close(answered, |message| from_wire::query_response(message, format))?;
                answer.responses.extend(answered.responses);
            }
            Ok(answer)
        })
    }

    fn render(
        &self,
        cx: CallContext,
        request: RenderRequest,
    ) -> BoxFuture<'_, Result<RenderResponse, CallError>> {
        Box::pin(async move {
            let mut service = RendererClient::new(self.channel.clone())
                .max_decoding_message_size(self.limits.receive)
                .max_encoding_message_size(self.limits.send);
            let answer = service.render(open(&cx, to_wire::render_request(request))).await;
            close(answer, from_wire::render_response)
        })
    }
}
