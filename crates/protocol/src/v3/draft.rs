//! The name under which a draft of version 3 was served: package `plugin.v3`. Only the paths differ.
//!
//! A plugin serves both names after [`crate::Router::with_draft_names`], a host asks for the draft's through
//! [`crate::with_draft_names`]. Both are deliberately off unless asked for: no released server is known to use the draft.

use http::uri::PathAndQuery;
use http::{Request, Uri};

#[cfg(any(feature = "client", test))]
use super::{DRAFT_PACKAGE, PACKAGE};

/// The request under the draft's name, if it is one of version 3.
#[cfg(feature = "client")]
pub(crate) fn asked<B>(request: Request<B>) -> Request<B> {
    renamed(request, PACKAGE, DRAFT_PACKAGE)
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
            renamed(request, PACKAGE, DRAFT_PACKAGE).uri().to_string()
        };
        assert_eq!(path("/grafana.plugin.v3.A/B"), "/plugin.v3.A/B");
        assert_eq!(path("http://unused/grafana.plugin.v3.A/B"), "http://unused/plugin.v3.A/B");
        assert_eq!(path("/grafana.plugin.v33.A/B"), "/grafana.plugin.v33.A/B");
        assert_eq!(path("/pluginv2.Data/QueryData"), "/pluginv2.Data/QueryData");
    }
}
