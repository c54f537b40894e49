//! Resources as plain HTTP: answers resource requests with any tower service over `http` types (an axum router, for
//! instance).
//!
//! The service sees the path below `/resources/` with a leading slash, the original query, the headers and the body;
//! the [`RequestContext`] is in the request's extensions. It deliberately does not clean the path: `..` can arrive.

use std::error::Error;

use bytes::Bytes;
use futures_util::StreamExt as _;
use graftwire_model::{CallError, Code, MultiHeaders, ReplyStream, ResourceRequest};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use tower_service::Service;

use crate::capability::{RequestContext, ResourceBody, ResourceResponse};

#[cfg(feature = "v3")]
mod route;
#[cfg(feature = "v3")]
pub use route::{RouteScope, call_route, route_to_http};

/// Answers a resource request with a tower service.
///
/// # Errors
/// `InvalidArgument` for a request that is no HTTP request; `Unknown` with the service's error.
pub async fn call<S, B>(
    service: &mut S,
    cx: &RequestContext,
    request: ResourceRequest,
) -> Result<ResourceResponse, CallError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<Box<dyn Error + Send + Sync>>>,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    ask(service, to_http(cx, request)?).await
}

async fn ask<S, B>(service: &mut S, request: Request<Full<Bytes>>) -> Result<ResourceResponse, CallError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<Box<dyn Error + Send + Sync>>>,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    std::future::poll_fn(|context| service.poll_ready(context)).await.map_err(failed)?;
    let response = service.call(request).await.map_err(failed)?;
    Ok(from_http(response))
}

fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> CallError {
    CallError::new(Code::Unknown, error.into().to_string())
}

/// A resource request as an `http` request.
///
/// # Errors
/// `InvalidArgument` with the part that is not HTTP. Headers that are not are left out.
pub fn to_http(cx: &RequestContext, request: ResourceRequest) -> Result<Request<Full<Bytes>>, CallError> {
    let (query, path) = (request.query_string(), &request.path);
    let mut http = request_of(&request.method, path, query, &request.headers, request.body.clone())?;
    http.extensions_mut().insert(cx.clone());
    Ok(http)
}

fn request_of(
    method: &str,
    path: &str,
    query: &str,
    headers: &MultiHeaders,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, CallError> {
    let wrong = |what: &str, found: &str| {
        CallError::new(Code::InvalidArgument, format!("{what} {found:?} of the request is no HTTP {what}"))
    };
    let method = if method.is_empty() { "GET" } else { method };
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| wrong("method", method))?;
    let target = target_of(path, query);
    let uri: Uri = target.parse().map_err(|_| wrong("url", &target))?;

    let mut http = Request::new(Full::new(body));
    *http.method_mut() = method;
    *http.uri_mut() = uri;
    for (name, values) in headers.iter() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        for value in values.iter().filter_map(|value| HeaderValue::from_str(value).ok()) {
            http.headers_mut().append(name.clone(), value);
        }
    }
    Ok(http)
}

/// `/path?query`: the path as the host decoded it, encoded anew, and the query as the host saw it.
fn target_of(path: &str, query: &str) -> String {
    let mut target = String::from("/");
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@".contains(&byte) {
            target.push(char::from(byte));
        } else {
            target.push_str(&format!("%{byte:02X}"));
        }
    }
    if !query.is_empty() {
        target.push('?');
        target.push_str(query);
    }
    target
}

/// An `http` response as the answer to a resource request; the body is passed on in the pieces it comes in.
pub fn from_http<B>(response: Response<B>) -> ResourceResponse
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let (parts, body) = response.into_parts();
    let mut headers = MultiHeaders::new();
    for (name, value) in &parts.headers {
        headers.append(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
    }
    let pieces = body.into_data_stream().map(|piece| piece.map_err(failed));
    ResourceResponse {
        status: parts.status.as_u16(),
        headers,
        body: ResourceBody::Pieces(ReplyStream::new(pieces)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, url: &str) -> ResourceRequest {
        ResourceRequest { path: path.to_owned(), url: url.to_owned(), ..ResourceRequest::default() }
    }

    #[test]
    fn paths_are_encoded_and_queries_kept() {
        assert_eq!(target_of("a/b c/ü", "x=1&y=%20"), "/a/b%20c/%C3%BC?x=1&y=%20");
        assert_eq!(target_of("", ""), "/");
        assert_eq!(target_of("/a%2", ""), "/a%252");
    }

    #[test]
    fn what_is_no_http_is_named() {
        let mut bad = request("a", "a?x y");
        assert!(
            to_http(&RequestContext::default(), bad.clone())
                .unwrap_err()
                .message()
                .contains("url \"/a?x y\"")
        );
        bad.url = "a".to_owned();
        bad.method = "G E T".to_owned();
        assert!(to_http(&RequestContext::default(), bad).unwrap_err().message().contains("method \"G E T\""));
    }

    #[tokio::test]
    async fn a_service_answers() {
        struct Echo;
        impl Service<Request<Full<Bytes>>> for Echo {
            type Response = Response<Full<Bytes>>;
            type Error = std::convert::Infallible;
            type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;
            fn poll_ready(
                &mut self,
                _cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                std::task::Poll::Ready(Ok(()))
            }
            fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
                Box::pin(async move {
                    let text = format!("{} {}", request.method(), request.uri());
                    Ok(Response::builder()
                        .status(201)
                        .header("X-A", "1")
                        .body(Full::from(text))
                        .expect("a response"))
                })
            }
        }
        let answer = call(&mut Echo, &RequestContext::default(), request("a/b", "a/b?c=d")).await.unwrap();
        assert_eq!((answer.status, answer.headers.get("x-a")), (201, Some("1")));
        let ResourceBody::Pieces(mut pieces) = answer.body else { panic!("pieces") };
        assert_eq!(pieces.next().await.unwrap().unwrap(), "GET /a/b?c=d");
    }
}
