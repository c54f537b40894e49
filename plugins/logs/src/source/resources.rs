//! Resources: the part of Loki's HTTP API that editors, variables and ad-hoc filters use.
//!
//! `labels`, `label/<name>/values` and `series`, each also below `loki/api/v1/`, with `query`, `start`, `end`
//! (nanoseconds, or seconds with a point) and `limit`. It deliberately evaluates no stages: labels are those of streams.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use graftwire_sdk::prelude::*;
use serde::Serialize;

use super::health::now_nanos;
use super::{LOOKS, Source};
use crate::logql::{self, Expr, Labels, Selector};
use crate::read::Window;
use crate::read::sources::Sources;

/// How far back is looked when the request says no times, as in Loki: 6 hours.
const LOOKED_BACK: i64 = 6 * 3_600_000_000_000;
/// Entries of the journal that are looked at for their labels.
const MOST_ENTRIES: usize = 100_000;
/// The most entries of an answer.
const LIMIT: usize = 10_000;

/// Loki's envelope.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<T> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl CallResource for Source {
    async fn call_resource(
        &self,
        cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        let sources = Arc::clone(&self.sources);
        LOOKS.run(cx, move |_| answer(&sources, &request)).await
    }
}

fn answer(sources: &Sources, request: &ResourceRequest) -> Result<ResourceResponse, CallError> {
    let path = request.path.trim_matches('/');
    let path = path.strip_prefix("loki/api/v1/").unwrap_or(path);
    let streams = match asked(request) {
        Ok((selector, window)) => move || sources.streams(&selector, window, MOST_ENTRIES),
        Err(error) => return failure(400, "bad_data", error),
    };
    match path {
        "labels" | "label" => {
            let names: BTreeSet<String> = streams()
                .iter()
                .flat_map(|labels| labels.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>())
                .collect();
            success(names.into_iter().take(LIMIT).collect::<Vec<_>>())
        }
        "series" => {
            let all: Vec<BTreeMap<String, String>> = streams().iter().take(LIMIT).map(to_map).collect();
            success(all)
        }
        _ => match path.strip_prefix("label/").and_then(|rest| rest.strip_suffix("/values")) {
            Some(name) => {
                let values: BTreeSet<String> =
                    streams().iter().filter_map(|labels| labels.get(name).map(str::to_owned)).collect();
                success(values.into_iter().take(LIMIT).collect::<Vec<_>>())
            }
            None => failure(
                404,
                "not_found",
                format!("no resource {path:?}; there are labels, label/<name>/values and series"),
            ),
        },
    }
}

fn to_map(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn success<T: Serialize>(data: T) -> Result<ResourceResponse, CallError> {
    ResourceResponse::json(
        200,
        &Envelope { status: "success", data: Some(data), error_type: None, error: None },
    )
}

fn failure(status: u16, error_type: &'static str, error: String) -> Result<ResourceResponse, CallError> {
    let envelope: Envelope<()> =
        Envelope { status: "error", data: None, error_type: Some(error_type), error: Some(error) };
    ResourceResponse::json(status, &envelope)
}

/// Which streams, and when.
fn asked(request: &ResourceRequest) -> Result<(Selector, Window), String> {
    let query = request.url.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let body = std::str::from_utf8(&request.body).unwrap_or_default();
    let (mut selector, mut from, mut to) = (Selector::default(), None, None);
    for pair in query.split('&').chain(body.split('&')) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(value);
        match key {
            "query" | "match" | "match[]" | "match%5B%5D" if !value.trim().is_empty() => {
                selector = match logql::parse(&value).map_err(|error| format!("query: {error}"))? {
                    Expr::Log(log) => log.selector().clone(),
                    Expr::Metric(_) => return Err("query: found numbers, expected a selector".to_owned()),
                };
            }
            "start" => from = Some(time(&value)?),
            "end" => to = Some(time(&value)?),
            _ => {}
        }
    }
    let to = to.unwrap_or_else(|| now_nanos().saturating_add(1));
    let from = from.unwrap_or_else(|| to.saturating_sub(LOOKED_BACK));
    if from > to {
        return Err(format!("start is {from}, which is after end, {to}"));
    }
    Ok((selector, Window { from, to }))
}

/// Nanoseconds, or seconds with a fraction, or anything of fewer digits as seconds or milliseconds.
fn time(text: &str) -> Result<i64, String> {
    let wrong = || format!("found the time {text:?}, expected nanoseconds since 1970");
    if text.contains('.') {
        let seconds: f64 = text.parse().map_err(|_| wrong())?;
        return if seconds.is_finite() { Ok((seconds * 1e9) as i64) } else { Err(wrong()) };
    }
    let number: i64 = text.parse().map_err(|_| wrong())?;
    Ok(match text.trim_start_matches('-').len() {
        0..=11 => number.saturating_mul(1_000_000_000),
        12..=14 => number.saturating_mul(1_000_000),
        _ => number,
    })
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
