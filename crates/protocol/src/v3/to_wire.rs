//! Model → wire. Moves only; what is empty is left out, which a reader can't tell from what is said to be empty.
//!
//! It deliberately checks nothing: limits and the shape of an answer are the SDK's business.

use std::collections::BTreeMap;

use bytes::Bytes;
use graftwire_model as model;

use super::generated as wire;

fn text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn bytes(bytes: Bytes) -> Option<Bytes> {
    (!bytes.is_empty()).then_some(bytes)
}

fn number(number: i32) -> Option<i32> {
    (number != 0).then_some(number)
}

/// An object to review.
#[must_use]
pub fn admission_request(request: model::AdmissionReviewRequest) -> wire::AdmissionReviewRequest {
    let operation = request.operation.map(|operation| match operation {
        model::AdmissionOperation::Create => wire::Operation::Create,
        model::AdmissionOperation::Update => wire::Operation::Update,
        model::AdmissionOperation::Delete => wire::Operation::Delete,
    });
    wire::AdmissionReviewRequest {
        operation: operation.map(|operation| operation as i32),
        kind: Some(kind(request.kind)),
        object_bytes: bytes(request.object),
        old_object_bytes: bytes(request.old_object),
    }
}

fn kind(kind: model::GroupVersionKind) -> wire::GroupVersionKind {
    wire::GroupVersionKind { group: text(kind.group), version: text(kind.version), kind: text(kind.kind) }
}

/// The outcome of a review.
#[must_use]
pub fn admission_response(response: model::AdmissionReviewResponse) -> wire::AdmissionReviewResponse {
    wire::AdmissionReviewResponse {
        error: response.error.map(api_status),
        allowed: Some(response.allowed),
        warnings: response.warnings,
        object_bytes: bytes(response.object),
    }
}

fn api_status(status: model::ApiStatus) -> wire::StatusResult {
    wire::StatusResult {
        status: text(status.status),
        message: text(status.message),
        reason: text(status.reason),
        details: status.details.map(details),
        code: number(status.code),
    }
}

fn details(details: model::ApiStatusDetails) -> wire::StatusDetails {
    let seconds = i32::try_from(details.retry_after.as_secs()).unwrap_or(i32::MAX);
    wire::StatusDetails {
        name: text(details.name),
        group: text(details.group),
        kind: text(details.kind),
        causes: details.causes.into_iter().map(cause).collect(),
        retry_after_seconds: number(seconds),
        uid: text(details.uid),
    }
}

fn cause(cause: model::ApiStatusCause) -> wire::StatusCause {
    wire::StatusCause { reason: text(cause.reason), message: text(cause.message), field: text(cause.field) }
}

/// Objects to convert.
#[must_use]
pub fn conversion_request(request: model::VersionConversionRequest) -> wire::ConvertObjectsRequest {
    let object = |object: model::VersionedObject| wire::convert_objects_request::Object {
        gvk: Some(kind(object.kind)),
        raw: bytes(object.raw),
    };
    wire::ConvertObjectsRequest {
        api: Some(wire::GroupVersion { group: text(request.api.group), version: text(request.api.version) }),
        uid: text(request.uid),
        objects: request.objects.into_iter().map(object).collect(),
        target_version: text(request.target_version),
    }
}

/// Converted objects.
#[must_use]
pub fn conversion_response(response: model::VersionConversionResponse) -> wire::ConvertObjectsResponse {
    let object = |object: model::ConvertedObject| wire::convert_objects_response::Object {
        raw: bytes(object.raw),
        warnings: object.warnings,
    };
    wire::ConvertObjectsResponse {
        error: response.error.map(api_status),
        uid: text(response.uid),
        converted: response.converted.into_iter().map(object).collect(),
    }
}

/// A request to a route.
#[must_use]
pub fn route_request(request: model::RouteRequest) -> wire::CallRouteRequest {
    wire::CallRouteRequest {
        group: text(request.group),
        version: text(request.version),
        namespace: text(request.namespace),
        parent: request.parent.map(parent),
        path: text(request.path),
        method: text(request.method),
        url: text(request.url),
        headers: headers(request.headers),
        body: bytes(request.body),
    }
}

fn parent(parent: model::RouteParent) -> wire::RouteResource {
    wire::RouteResource {
        resource: text(parent.resource),
        name: text(parent.name),
        rv: text(parent.resource_version),
        raw: bytes(parent.raw),
    }
}

/// One piece of a route's answer.
#[must_use]
pub fn route_piece(piece: model::ResourcePiece) -> wire::CallRouteResponse {
    wire::CallRouteResponse {
        code: number(piece.status),
        headers: headers(piece.headers),
        body: bytes(piece.body),
    }
}

fn headers(headers: model::MultiHeaders) -> BTreeMap<String, wire::StringList> {
    headers.into_map().into_iter().map(|(name, values)| (name, wire::StringList { values })).collect()
}
