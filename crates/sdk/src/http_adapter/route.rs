//! Custom routes of an app as plain HTTP.

use std::error::Error;

use bytes::Bytes;
use graftwire_model::{CallError, RouteParent, RouteRequest};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::{ask, request_of};
use crate::app::AppContext;
use crate::capability::ResourceResponse;

/// Where a route stands: in the extensions of the request that a service is given, as only the path is in its URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteScope {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Namespace; empty = the whole cluster.
    pub namespace: String,
    /// The object whose route it is.
    pub parent: Option<RouteParent>,
}

/// Answers a request to a route with a tower service. The service sees the path below the route's root with one leading
/// slash, the query of the URL, headers and body; [`AppContext`] and [`RouteScope`] are in the request's extensions.
///
/// # Errors
/// `InvalidArgument` for a request that is no HTTP request; `Unknown` with the service's error.
pub async fn call_route<S, B>(
    service: &mut S,
    cx: &AppContext,
    request: RouteRequest,
) -> Result<ResourceResponse, CallError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<Box<dyn Error + Send + Sync>>>,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    ask(service, route_to_http(cx, request)?).await
}

/// A request to a route as an `http` request.
///
/// # Errors
/// `InvalidArgument` with the part that is not HTTP. Headers that are not are left out.
pub fn route_to_http(cx: &AppContext, request: RouteRequest) -> Result<Request<Full<Bytes>>, CallError> {
    let (query, path) = (request.query_string(), &request.path);
    let mut http = request_of(&request.method, path, query, &request.headers, request.body.clone())?;
    http.extensions_mut().insert(cx.clone());
    let RouteRequest { group, version, namespace, parent, .. } = request;
    http.extensions_mut().insert(RouteScope { group, version, namespace, parent });
    Ok(http)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_sees_path_query_and_scope() {
        let uri = |path: &str, url: &str| {
            let request = RouteRequest {
                path: path.to_owned(),
                url: url.to_owned(),
                namespace: "org-2".to_owned(),
                ..RouteRequest::default()
            };
            let http = route_to_http(&AppContext::default(), request).unwrap();
            assert_eq!(http.extensions().get::<RouteScope>().unwrap().namespace, "org-2");
            assert!(http.extensions().get::<AppContext>().is_some());
            format!("{} {}", http.method(), http.uri())
        };
        assert_eq!(uri("songs/a b", "https://h/apis/x/songs/a%20b?x=1&y=%20"), "GET /songs/a%20b?x=1&y=%20");
        assert_eq!(uri("//songs", "/?a=b#fragment"), "GET /songs?a=b");
        assert_eq!(uri("", ""), "GET /");
    }
}
