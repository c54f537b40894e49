//! Method and path → answer.
//!
//! It deliberately is one `match`: all addresses of the workbench stand here.

use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

use super::api;
use super::assets;
use super::entry::Entry;
use super::guard::Guard;
use super::reply::{self, Body};
use super::roster::Roster;

/// Answers one request.
pub(super) async fn answer(
    roster: &Arc<Roster>,
    guard: &Guard,
    request: Request<Incoming>,
) -> Response<Body> {
    if let Err(why) = guard.check(&request) {
        return reply::error(StatusCode::FORBIDDEN, why);
    }
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let segments: Vec<String> =
        path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    // The head of an answer is that of the whole one; hyper leaves the body out.
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    match (method, segments.as_slice()) {
        (&Method::GET, [""]) => assets::page(),
        (&Method::GET, ["favicon.ico"]) => assets::file("icon.svg"),
        (&Method::GET, ["assets", name]) => assets::file(name),
        (&Method::GET, ["api", "plugins"]) => api::plugins::list(roster),
        (&Method::GET, ["api", "events"]) => api::events::open(roster, request.uri().query()),
        (_, ["api", "plugins", id, rest @ ..]) => match roster.entry(id) {
            Some(entry) => plugin(Arc::clone(entry), rest, request).await,
            None => reply::error(StatusCode::NOT_FOUND, "there is no such plugin"),
        },
        (&Method::GET, _) => reply::error(StatusCode::NOT_FOUND, "there is nothing at this address"),
        _ => reply::error(StatusCode::METHOD_NOT_ALLOWED, "this address can only be read"),
    }
}

/// What is below `/api/plugins/<id>/`.
async fn plugin(entry: Arc<Entry>, path: &[&str], request: Request<Incoming>) -> Response<Body> {
    match (request.method(), path) {
        (&Method::GET, []) => reply::json(&entry.to_json()),
        (&Method::POST, ["query"]) => api::query::run(&entry, request).await,
        (&Method::GET, ["health"]) => api::plugins::health(&entry).await,
        (&Method::GET, ["capabilities"]) => api::plugins::capabilities(&entry).await,
        (&Method::GET, ["metrics"]) => api::plugins::metrics(&entry).await,
        (&Method::POST, [what @ ("start" | "stop" | "restart")]) => api::plugins::control(&entry, what).await,
        (&Method::GET, ["dashboards"]) => api::dashboards::list(&entry),
        (&Method::GET, ["dashboards", number]) => api::dashboards::one(&entry, number),
        (&Method::GET, ["settings"]) => api::settings::show(&entry),
        (&Method::PUT, ["settings"]) => api::settings::change(&entry, request).await,
        (_, ["resources", ..]) => api::resource::call(&entry, request).await,
        _ => reply::error(StatusCode::NOT_FOUND, "there is nothing at this address"),
    }
}
