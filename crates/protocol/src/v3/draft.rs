//! The name under which a draft of version 3 was served: package [`PACKAGE`]. Only the paths differ.
//!
//! A plugin serves both names after [`crate::Router::with_draft_names`], a host asks for the draft's through
//! [`DraftNames`]. Both are deliberately off unless asked for: no released server is known to use the draft.

use std::task::{Context, Poll};

use http::uri::PathAndQuery;
use http::{Request, Uri};
use tower_service::Service;

/// The protobuf package of the draft.
pub const PACKAGE: &str = "plugin.v3";

/// A channel that asks for the draft's names. Calls of other versions pass as they are.
#[derive(Debug, Clone)]
pub struct DraftNames<T>(pub T);

impl<T, B> Service<Request<B>> for DraftNames<T>
where
    T: Service<Request<B>>,
{
    type Response = T::Response;
    type Error = T::Error;
    type Future = T::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> T::Future {
        self.0.call(renamed(request, super::PACKAGE, PACKAGE))
    }
}

/// The draft's name of a service of version 3; `None` for any other.
#[cfg(feature = "server")]
pub(crate) fn name(current: &str) -> Option<&'static str> {
    Some(match current {
        "grafana.plugin.v3.AdmissionService" => "plugin.v3.AdmissionService",
        "grafana.plugin.v3.ConversionService" => "plugin.v3.ConversionService",
        "grafana.plugin.v3.RouteService" => "plugin.v3.RouteService",
        _ => return None,
    })
}

/// The request with the package in its path replaced, if it is that of `from`.
pub(crate) fn renamed<B>(mut request: Request<B>, from: &str, to: &str) -> Request<B> {
    let rest = request.uri().path().strip_prefix('/').and_then(|path| path.strip_prefix(from));
    let Some(rest) = rest.filter(|rest| rest.starts_with('.')) else { return request };
    let Ok(path) = PathAndQuery::try_from(format!("/{to}{rest}")) else { return request };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(path);
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_package_changes() {
        let path = |uri: &str| {
            let request = Request::builder().uri(uri).body(()).unwrap();
            renamed(request, super::super::PACKAGE, PACKAGE).uri().to_string()
        };
        assert_eq!(path("/grafana.plugin.v3.A/B"), "/plugin.v3.A/B");
        assert_eq!(path("http://unused/grafana.plugin.v3.A/B"), "http://unused/plugin.v3.A/B");
        assert_eq!(path("/grafana.plugin.v33.A/B"), "/grafana.plugin.v33.A/B");
        assert_eq!(path("/pluginv2.Data/QueryData"), "/pluginv2.Data/QueryData");
    }
}
