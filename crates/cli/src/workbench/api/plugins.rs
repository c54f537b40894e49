//! The list of plugins, their health and metrics, and starting and stopping them.
//!
//! It deliberately waits for a start or stop to be done before it answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use graftwire_model::{CallContext, MetricsRequest, PluginContext};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::cannot_run;
use crate::plugin::wire;
use crate::workbench::entry::Entry;
use crate::workbench::reply::{self, Body};
use crate::workbench::roster::Roster;
use crate::workbench::watch;

/// How long collecting metrics may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// `GET /api/plugins`
pub(in crate::workbench) fn list(roster: &Roster) -> Response<Body> {
    let plugins: Vec<Value> = roster.entries().iter().map(|entry| entry.to_json()).collect();
    reply::json(&json!({"plugins": plugins}))
}

/// `GET /api/plugins/<id>/health`: a check made now.
pub(in crate::workbench) async fn health(entry: &Arc<Entry>) -> Response<Body> {
    if entry.backend().is_none() {
        return cannot_run(entry);
    }
    let health = watch::ask(entry).await;
    entry.set_health(Some(health.clone()));
    reply::json(&health)
}

/// `GET /api/plugins/<id>/capabilities`: what it can do, found out now by harmless calls.
pub(in crate::workbench) async fn capabilities(entry: &Entry) -> Response<Body> {
    match entry.capabilities().await {
        Some(found) => reply::json(&crate::capabilities::to_json(&found)),
        None if entry.backend().is_none() => cannot_run(entry),
        None => reply::error(StatusCode::SERVICE_UNAVAILABLE, "the plugin does not run"),
    }
}

/// `GET /api/plugins/<id>/metrics`: the plugin's own metrics as Prometheus text.
pub(in crate::workbench) async fn metrics(entry: &Entry) -> Response<Body> {
    let Some((backend, context)) = entry.backend() else { return cannot_run(entry) };
    let context = PluginContext { plugin_id: context.plugin_id, ..PluginContext::default() };
    let cx = CallContext::new().with_deadline(Instant::now() + PATIENCE);
    let (answer, calls) = wire::recorded(backend.collect_metrics(cx, MetricsRequest { context })).await;
    match answer {
        Ok(metrics) => {
            reply::content(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics.prometheus)
        }
        Err(error) => reply::call_error("collecting metrics", &error, &wire_json(&calls)),
    }
}

/// `POST /api/plugins/<id>/start`, `stop` or `restart`.
pub(in crate::workbench) async fn control(entry: &Entry, what: &str) -> Response<Body> {
    if entry.backend().is_none() {
        return cannot_run(entry);
    }
    if what != "start" {
        entry.stop().await;
    }
    if what != "stop"
        && let Err(error) = entry.start().await
    {
        return reply::error(StatusCode::BAD_GATEWAY, &graftwire_model::error_text(&error));
    }
    reply::json(&entry.to_json())
}

/// What crossed the wire, for an answer.
pub(super) fn wire_json(calls: &[graftwire_host::CallReport]) -> Value {
    json!({"calls": calls.iter().map(wire::to_json).collect::<Vec<_>>()})
}
