//! Answers of the workbench: JSON, text, files, errors; each with the headers that keep a browser careful.
//!
//! It deliberately lets nothing be cached: the page shows what is now.

use std::io;

use bytes::Bytes;
use graftwire_model::{CallError, Code};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

/// The body of every answer.
pub(super) type Body = BoxBody<Bytes, io::Error>;

/// What a page of ours may load and run: nothing from elsewhere, nothing inline.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src \
                           'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// An answer with a content type.
pub(super) fn content(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    with_body(status, content_type, Full::new(body.into()).map_err(|never| match never {}).boxed())
}

/// An answer whose body comes piece by piece.
pub(super) fn with_body(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    harden(&mut response);
    response
}

/// Adds the headers that every answer has.
pub(super) fn harden(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(PAGE_POLICY));
}

/// A JSON value.
pub(super) fn json(value: &Value) -> Response<Body> {
    json_bytes(value.to_string())
}

/// JSON that is text already.
pub(super) fn json_bytes(body: impl Into<Bytes>) -> Response<Body> {
    content(StatusCode::OK, "application/json", body)
}

/// An answer that says what went wrong: `{"error":{"message":…}}`.
pub(super) fn error(status: StatusCode, message: &str) -> Response<Body> {
    let body = json!({"error": {"message": message, "status": status.as_u16()}});
    content(status, "application/json", body.to_string())
}

/// A call that gave no answer, with its gRPC code and whose fault it is.
pub(super) fn call_error(what: &str, failure: &CallError, wire: &Value) -> Response<Body> {
    let status = status_of(failure.code());
    let body = json!({
        "error": {
            "message": format!("{what} failed: {failure}"),
            "status": status.as_u16(),
            "code": failure.code().to_string(),
            "source": failure.origin().map(|origin| origin.as_str()),
        },
        "wire": wire,
    });
    content(status, "application/json", body.to_string())
}

fn status_of(code: Code) -> StatusCode {
    match code {
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::PermissionDenied | Code::Unauthenticated => StatusCode::FORBIDDEN,
        Code::NotFound | Code::Unimplemented => StatusCode::NOT_FOUND,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}
