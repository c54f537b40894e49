//! `/api/plugins/<id>/resources/…`: passed on to the plugin, as Grafana passes on its resource calls.
//!
//! It deliberately lets a browser run nothing of the answer: it comes from this origin but is the plugin's.

use std::time::{Duration, Instant};

use bytes::Bytes;
use graftwire_model::{CallContext, MultiHeaders, ResourceRequest};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use http_body_util::channel::Channel;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

use super::{body_of, cannot_run};
use crate::plugin::wire;
use crate::workbench::entry::Entry;
use crate::workbench::reply::{self, Body};

/// How long the whole answer may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many pieces of a body wait for a slow reader.
const PIECES: usize = 8;
/// What the plugin never sees: credentials for this server, and what belongs to the connection.
const DROPPED: [&str; 12] = [
    "authorization",
    "user-agent",
    "origin",
    "referer",
    "host",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "proxy-authorization",
];

pub(in crate::workbench) async fn call(entry: &Entry, request: Request<Incoming>) -> Response<Body> {
    let Some((backend, context)) = entry.backend() else { return cannot_run(entry) };
    let (parts, body) = request.into_parts();
    let request = match body_of(Request::new(body)).await {
        Ok(body) => ResourceRequest { context, ..of_parts(&parts, body) },
        Err(refused) => return refused,
    };
    let cx = CallContext::new().with_deadline(Instant::now() + PATIENCE);
    let begun = async {
        let mut pieces = backend.call_resource(cx, request).await?;
        let first = pieces.next().await.transpose()?;
        Ok((first, pieces))
    };
    let (begun, calls) = wire::recorded(begun).await;
    let (first, mut pieces) = match begun {
        Ok((Some(first), pieces)) => (first, pieces),
        Ok((None, _)) => {
            return reply::error(
                StatusCode::BAD_GATEWAY,
                "the plugin ended the resource call without an answer",
            );
        }
        Err(error) => {
            return reply::call_error("the resource call", &error, &super::plugins::wire_json(&calls));
        }
    };
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(PIECES);
    let mut response = Response::new(body.boxed());
    *response.status_mut() = u16::try_from(first.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    copy_headers(&first.headers, &mut response);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    reply::harden(&mut response);
    tokio::spawn(async move {
        let mut next = Some(Ok(first));
        while let Some(Ok(piece)) = next {
            // Either the reader has left, or it waits for the next piece.
            if !piece.body.is_empty() && sender.send_data(piece.body).await.is_err() {
                return;
            }
            next = pieces.next().await;
        }
        if next.is_some() {
            // The status is gone already; a body that breaks off is the one way left to tell.
            sender.abort(std::io::Error::other("the plugin's answer broke off"));
        }
    });
    response
}

/// Path, query, method, headers and body, as the plugin expects them.
fn of_parts(parts: &Parts, body: Bytes) -> ResourceRequest {
    const BELOW: &str = "/resources";
    let whole = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let below = whole.find(BELOW).and_then(|at| whole.get(at + BELOW.len()..)).unwrap_or_default();
    let url = below.trim_start_matches('/').to_owned();
    let path = url.split('?').next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let mut headers = MultiHeaders::new();
    for (name, value) in &parts.headers {
        let dropped = DROPPED.contains(&name.as_str()) || name.as_str().starts_with("sec-");
        if let (false, Ok(value)) = (dropped, value.to_str()) {
            headers.append(name.as_str(), value);
        }
    }
    ResourceRequest {
        path,
        method: parts.method.to_string(),
        url,
        headers,
        body,
        ..ResourceRequest::default()
    }
}

/// The plugin's headers, without cookies and what belongs to the connection.
fn copy_headers(from: &MultiHeaders, response: &mut Response<Body>) {
    for (name, values) in from.iter() {
        let name = name.to_ascii_lowercase();
        if name == "set-cookie" || name == "content-length" || DROPPED.contains(&name.as_str()) {
            continue;
        }
        for value in values {
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
            {
                response.headers_mut().append(name, value);
            }
        }
    }
}
