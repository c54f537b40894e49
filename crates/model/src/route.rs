//! Custom routes of an app's API group: HTTP-like requests beside, or below, its stored objects.
//!
//! The answer comes in the pieces of resources, [`crate::ResourcePiece`]. It deliberately has no plugin context. Prints
//! show neither query nor body, as tokens may be in both.

use std::fmt;

use bytes::Bytes;

use crate::MultiHeaders;
use crate::review::Length;

/// A request as Grafana passes it on. The body is whole: requests do not stream. The `Host` header is not passed on.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RouteRequest {
    /// API group of the route.
    pub group: String,
    /// API version of the route.
    pub version: String,
    /// Namespace; empty = the whole cluster.
    pub namespace: String,
    /// The object whose route it is; `None` for a route of the version or namespace.
    pub parent: Option<RouteParent>,
    /// Path below the route's root: decoded, **not cleaned** (`..` can arrive).
    pub path: String,
    /// HTTP method.
    pub method: String,
    /// The URL as the host saw it; only its query counts.
    pub url: String,
    /// HTTP headers.
    pub headers: MultiHeaders,
    /// The body.
    pub body: Bytes,
}

impl RouteRequest {
    /// The part of the URL after `?`, still encoded; empty if there is none.
    #[must_use]
    pub fn query_string(&self) -> &str {
        let whole = self.url.split_once('?').map_or("", |(_, query)| query);
        // A fragment is no part of the query; hosts should not send one.
        whole.split_once('#').map_or(whole, |(query, _)| query)
    }
}

impl fmt::Debug for RouteRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteRequest")
            .field("group", &self.group)
            .field("version", &self.version)
            .field("namespace", &self.namespace)
            .field("parent", &self.parent)
            .field("path", &self.path)
            .field("method", &self.method)
            .field("headers", &self.headers)
            .field("body", &Length(&self.body))
            .finish_non_exhaustive()
    }
}

/// The object below which a route stands.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RouteParent {
    /// Its resource: the plural name of its kind in lower case.
    pub resource: String,
    /// Its name.
    pub name: String,
    /// Its resource version.
    pub resource_version: String,
    /// The object itself as JSON; may be empty.
    pub raw: Bytes,
}

impl fmt::Debug for RouteParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteParent")
            .field("resource", &self.resource)
            .field("name", &self.name)
            .field("resource_version", &self.resource_version)
            .field("raw", &Length(&self.raw))
            .finish()
    }
}
