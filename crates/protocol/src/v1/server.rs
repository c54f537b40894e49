//! The plugin's end of version 1: both services over one [`Backend`].

use std::collections::BTreeSet;
use std::sync::Arc;

use graftwire_model::{Backend, Capability, FrameFormat};
use prost::Message as _;
use tonic::{Request, Response, Status, async_trait};

use super::generated::datasource_plugin_server::{DatasourcePlugin, DatasourcePluginServer};
use super::generated::renderer_server::{Renderer, RendererServer};
use super::{from_wire, generated as wire, to_wire};
use crate::v2::server::{close, open, unsendable};
use crate::{AdaptError, MessageLimits, Services, status};

/// Adapts a [`Backend`] to the generated service traits.
#[derive(Clone)]
pub struct Served {
    backend: Arc<dyn Backend>,
    limits: MessageLimits,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").finish_non_exhaustive()
    }
}

/// The services for the capabilities that this version has.
pub(crate) fn services(
    backend: Arc<dyn Backend>,
    capabilities: &BTreeSet<Capability>,
    limits: MessageLimits,
) -> Services {
    let served = Arc::new(Served { backend, limits });
    let mut services = Services::new();
    if capabilities.contains(&Capability::QueryData) {
        let server = DatasourcePluginServer::from_arc(Arc::clone(&served));
        services = services
            .with(server.max_decoding_message_size(limits.receive).max_encoding_message_size(limits.send));
    }
    if capabilities.contains(&Capability::Render) {
        let server = RendererServer::from_arc(served);
        services = services
            .with(server.max_decoding_message_size(limits.receive).max_encoding_message_size(limits.send));
    }
    services
}

#[async_trait]
impl DatasourcePlugin for Served {
    async fn query(
        &self,
        request: Request<wire::DatasourceRequest>,
    ) -> Result<Response<wire::DatasourceResponse>, Status> {
        let (cx, request) = open(request);
        let mut asked = from_wire::query_request(request);
        asked.request.format = FrameFormat::Unencoded;
        let answer = self.backend.query_data(cx, asked.request).await;
        let mut answer = answer.map_err(|error| status::to_wire(&error))?;
        answer.responses.extend(asked.refused);
        let message = to_wire::query_response_unencoded(answer);
        let found = message.encoded_len();
        if found > self.limits.send {
            return Err(unsendable(AdaptError::TooLarge { found, limit: self.limits.send }));
        }
        Ok(Response::new(message))
    }
}

#[async_trait]
impl Renderer for Served {
    async fn render(
        &self,
        request: Request<wire::RenderRequest>,
    ) -> Result<Response<wire::RenderResponse>, Status> {
        let (cx, request) = open(request);
        let answer = self.backend.render(cx, from_wire::render_request(request)).await;
        close(answer, to_wire::render_response)
    }
}
