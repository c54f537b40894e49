//! Wire → model. Moves only: `bytes` fields stay slices of the message they came in.
//!
//! It deliberately refuses nothing that it merely doesn't know: absent fields and messages become empty ones, an unknown
//! operation none. Only a route's status that is no HTTP status is an error.

use std::collections::BTreeMap;
use std::time::Duration;

use graftwire_model as model;

use super::generated as wire;
use crate::AdaptError;

/// An object to review.
#[must_use]
pub fn admission_request(request: wire::AdmissionReviewRequest) -> model::AdmissionReviewRequest {
    model::AdmissionReviewRequest {
        operation: request.operation.and_then(operation),
        kind: kind(request.kind),
        object: request.object_bytes.unwrap_or_default(),
        old_object: request.old_object_bytes.unwrap_or_default(),
    }
}

fn operation(number: i32) -> Option<model::AdmissionOperation> {
    match wire::Operation::try_from(number) {
        Ok(wire::Operation::Create) => Some(model::AdmissionOperation::Create),
        Ok(wire::Operation::Update) => Some(model::AdmissionOperation::Update),
        Ok(wire::Operation::Delete) => Some(model::AdmissionOperation::Delete),
        Ok(wire::Operation::Unspecified) | Err(_) => None,
    }
}

fn kind(kind: Option<wire::GroupVersionKind>) -> model::GroupVersionKind {
    let kind = kind.unwrap_or_default();
    model::GroupVersionKind {
        group: kind.group.unwrap_or_default(),
        version: kind.version.unwrap_or_default(),
        kind: kind.kind.unwrap_or_default(),
    }
}

/// The outcome of a review. An absent `allowed` is a refusal, never a grant.
#[must_use]
pub fn admission_response(response: wire::AdmissionReviewResponse) -> model::AdmissionReviewResponse {
    model::AdmissionReviewResponse {
        allowed: response.allowed.unwrap_or_default(),
        error: response.error.map(api_status),
        warnings: response.warnings,
        object: response.object_bytes.unwrap_or_default(),
    }
}

fn api_status(status: wire::StatusResult) -> model::ApiStatus {
    model::ApiStatus {
        status: status.status.unwrap_or_default(),
        message: status.message.unwrap_or_default(),
        reason: status.reason.unwrap_or_default(),
        code: status.code.unwrap_or_default(),
        details: status.details.map(details),
    }
}

fn details(details: wire::StatusDetails) -> model::ApiStatusDetails {
    let seconds = u64::try_from(details.retry_after_seconds.unwrap_or_default()).unwrap_or_default();
    model::ApiStatusDetails {
        name: details.name.unwrap_or_default(),
        group: details.group.unwrap_or_default(),
        kind: details.kind.unwrap_or_default(),
        uid: details.uid.unwrap_or_default(),
        causes: details.causes.into_iter().map(cause).collect(),
        retry_after: Duration::from_secs(seconds),
    }
}

fn cause(cause: wire::StatusCause) -> model::ApiStatusCause {
    model::ApiStatusCause {
        reason: cause.reason.unwrap_or_default(),
        message: cause.message.unwrap_or_default(),
        field: cause.field.unwrap_or_default(),
    }
}

/// Objects to convert.
#[must_use]
pub fn conversion_request(request: wire::ConvertObjectsRequest) -> model::VersionConversionRequest {
    let api = request.api.unwrap_or_default();
    model::VersionConversionRequest {
        api: model::GroupVersion {
            group: api.group.unwrap_or_default(),
            version: api.version.unwrap_or_default(),
        },
        uid: request.uid.unwrap_or_default(),
        objects: request
            .objects
            .into_iter()
            .map(|object| model::VersionedObject {
                kind: kind(object.gvk),
                raw: object.raw.unwrap_or_default(),
            })
            .collect(),
        target_version: request.target_version.unwrap_or_default(),
    }
}

/// Converted objects.
#[must_use]
pub fn conversion_response(response: wire::ConvertObjectsResponse) -> model::VersionConversionResponse {
    model::VersionConversionResponse {
        error: response.error.map(api_status),
        uid: response.uid.unwrap_or_default(),
        converted: response
            .converted
            .into_iter()
            .map(|object| model::ConvertedObject {
                raw: object.raw.unwrap_or_default(),
                warnings: object.warnings,
            })
            .collect(),
    }
}

/// A request to a route.
#[must_use]
pub fn route_request(request: wire::CallRouteRequest) -> model::RouteRequest {
    model::RouteRequest {
        group: request.group.unwrap_or_default(),
        version: request.version.unwrap_or_default(),
        namespace: request.namespace.unwrap_or_default(),
        parent: request.parent.map(parent),
        path: request.path.unwrap_or_default(),
        method: request.method.unwrap_or_default(),
        url: request.url.unwrap_or_default(),
        headers: headers(request.headers),
        body: request.body.unwrap_or_default(),
    }
}

fn parent(parent: wire::RouteResource) -> model::RouteParent {
    model::RouteParent {
        resource: parent.resource.unwrap_or_default(),
        name: parent.name.unwrap_or_default(),
        resource_version: parent.rv.unwrap_or_default(),
        raw: parent.raw.unwrap_or_default(),
    }
}

/// The first piece of a route's answer, which says status and headers. No status, or 0, is 200.
///
/// # Errors
/// [`AdaptError::RouteStatus`] if the status is outside 100–999.
pub fn first_route_piece(piece: wire::CallRouteResponse) -> Result<model::ResourcePiece, AdaptError> {
    let status = match piece.code.unwrap_or_default() {
        0 => 200,
        status @ 100..=999 => status,
        found => return Err(AdaptError::RouteStatus { found }),
    };
    Ok(model::ResourcePiece { status, headers: headers(piece.headers), body: piece.body.unwrap_or_default() })
}

/// A later piece: what it says of status and headers doesn't count.
#[must_use]
pub fn later_route_piece(piece: wire::CallRouteResponse) -> model::ResourcePiece {
    model::ResourcePiece { body: piece.body.unwrap_or_default(), ..model::ResourcePiece::default() }
}

fn headers(headers: BTreeMap<String, wire::StringList>) -> model::MultiHeaders {
    headers.into_iter().map(|(name, list)| (name, list.values)).collect::<BTreeMap<_, _>>().into()
}
