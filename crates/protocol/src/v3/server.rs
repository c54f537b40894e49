//! The plugin's end of version 3: three services over one [`Backend`].
//!
//! It deliberately asks nobody for a token: the backend does, as only it knows whom it trusts.

use std::collections::BTreeSet;
use std::sync::Arc;

use graftwire_model::{Backend, Capability, ResourcePiece};
use tonic::{Request, Response, Status, async_trait};

use super::generated as wire;
use super::generated::admission_service_server::{AdmissionService, AdmissionServiceServer};
use super::generated::conversion_service_server::{ConversionService, ConversionServiceServer};
use super::generated::route_service_server::{RouteService, RouteServiceServer};
use super::{from_wire, to_wire};
use crate::v2::server::{Replies, close, open, replies};
use crate::{MessageLimits, Services};

/// Adapts a [`Backend`] to the generated service traits.
#[derive(Clone)]
pub struct Served {
    backend: Arc<dyn Backend>,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").finish_non_exhaustive()
    }
}

/// Adds the three services if the backend has one of the capabilities; those it lacks answer `UNIMPLEMENTED`.
pub(crate) fn add(
    services: Services,
    backend: &Arc<dyn Backend>,
    capabilities: &BTreeSet<Capability>,
    limits: MessageLimits,
) -> Services {
    if !capabilities.iter().any(|capability| super::method(*capability).is_some()) {
        return services;
    }
    let served = Arc::new(Served { backend: Arc::clone(backend) });
    macro_rules! serve {
        ($services:expr, $server:ident) => {
            $services.with(
                $server::from_arc(Arc::clone(&served))
                    .max_decoding_message_size(limits.receive)
                    .max_encoding_message_size(limits.send),
            )
        };
    }
    let services = serve!(services, AdmissionServiceServer);
    let services = serve!(services, ConversionServiceServer);
    serve!(services, RouteServiceServer)
}

#[async_trait]
impl AdmissionService for Served {
    async fn admission_review(
        &self,
        request: Request<wire::AdmissionReviewRequest>,
    ) -> Result<Response<wire::AdmissionReviewResponse>, Status> {
        let (cx, request) = open(request);
        let answer = self.backend.review_admission(cx, from_wire::admission_request(request)).await;
        close(answer, to_wire::admission_response)
    }
}

#[async_trait]
impl ConversionService for Served {
    async fn convert_objects(
        &self,
        request: Request<wire::ConvertObjectsRequest>,
    ) -> Result<Response<wire::ConvertObjectsResponse>, Status> {
        let (cx, request) = open(request);
        let answer = self.backend.convert_versions(cx, from_wire::conversion_request(request)).await;
        close(answer, to_wire::conversion_response)
    }
}

#[async_trait]
impl RouteService for Served {
    type CallRouteStream = Replies<ResourcePiece, wire::CallRouteResponse>;

    async fn call_route(
        &self,
        request: Request<wire::CallRouteRequest>,
    ) -> Result<Response<Self::CallRouteStream>, Status> {
        let (cx, request) = open(request);
        replies(self.backend.call_route(cx, from_wire::route_request(request)).await, to_wire::route_piece)
    }
}
