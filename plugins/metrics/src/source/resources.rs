//! Resources: the part of Prometheus' HTTP API that editors, variables and ad-hoc filters use.
//!
//! `api/v1/labels`, `api/v1/label/<name>/values`, `api/v1/series` and `api/v1/metadata`, with `match[]`, `start`, `end`
//! and `limit`, by query string or form body. It deliberately evaluates no expressions: queries are asked as queries.

use std::collections::BTreeMap;
use std::sync::Arc;

use graftwire_sdk::prelude::*;
use serde::Serialize;

use super::{LOOKS, Source};
use crate::promql;
use crate::series::{Labels, Matcher};
use crate::store::Store;

/// How many entries an answer has when the request names no limit.
const DEFAULT_LIMIT: usize = 40_000;

impl CallResource for Source {
    async fn call_resource(
        &self,
        cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        let store = Arc::clone(&self.lease.engine.store);
        LOOKS.run(cx, move |_| answer(&store, &request)).await
    }
}

/// Prometheus' envelope of an answer.
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

fn answer(store: &Store, request: &ResourceRequest) -> Result<ResourceResponse, CallError> {
    let params = Params::of(request);
    let path = request.path.trim_matches('/');
    let found = match path {
        "api/v1/labels" => params.range().and_then(|range| {
            let names = each_selector(&params, |matchers| store.label_names(matchers, range.0, range.1))?;
            Ok(limited(union(names), params.limit()?))
        }),
        "api/v1/series" => return respond(series(store, &params)),
        "api/v1/metadata" => return respond(metadata(store, &params)),
        _ => match path.strip_prefix("api/v1/label/").and_then(|rest| rest.strip_suffix("/values")) {
            Some(name) => params.range().and_then(|range| {
                let values =
                    each_selector(&params, |matchers| store.label_values(name, matchers, range.0, range.1))?;
                Ok(limited(union(values), params.limit()?))
            }),
            None => return not_found(path),
        },
    };
    respond(found)
}

/// Entries, and whether there were more than the limit.
struct Found<T> {
    data: T,
    cut: Option<usize>,
}

fn respond<T: Serialize>(found: Result<Found<T>, String>) -> Result<ResourceResponse, CallError> {
    match found {
        Ok(Found { data, cut }) => {
            let warnings =
                cut.map(|limit| format!("results truncated at {limit} by the limit")).into_iter().collect();
            let envelope =
                Envelope { status: "success", data: Some(data), error_type: None, error: None, warnings };
            ResourceResponse::json(200, &envelope)
        }
        Err(error) => failure(400, "bad_data", error),
    }
}

fn failure(status: u16, error_type: &'static str, error: String) -> Result<ResourceResponse, CallError> {
    let envelope: Envelope<()> = Envelope {
        status: "error",
        data: None,
        error_type: Some(error_type),
        error: Some(error),
        warnings: Vec::new(),
    };
    ResourceResponse::json(status, &envelope)
}

fn not_found(path: &str) -> Result<ResourceResponse, CallError> {
    let text = format!(
        "no resource {path:?}; there are api/v1/labels, api/v1/label/<name>/values, api/v1/series and api/v1/metadata"
    );
    failure(404, "not_found", text)
}

/// Asks for each `match[]`; without one, once for everything.
fn each_selector<T>(params: &Params, ask: impl Fn(&[Matcher]) -> T) -> Result<Vec<T>, String> {
    let selectors = params.selectors()?;
    if selectors.is_empty() {
        Ok(vec![ask(&[])])
    } else {
        Ok(selectors.iter().map(|matchers| ask(matchers)).collect())
    }
}

fn union(lists: Vec<Vec<Arc<str>>>) -> Vec<Arc<str>> {
    let mut all: Vec<Arc<str>> = lists.into_iter().flatten().collect();
    all.sort();
    all.dedup();
    all
}

fn limited(all: Vec<Arc<str>>, limit: usize) -> Found<Vec<String>> {
    let cut = (all.len() > limit).then_some(limit);
    Found { data: all.iter().take(limit).map(ToString::to_string).collect(), cut }
}

fn series(store: &Store, params: &Params) -> Result<Found<Vec<BTreeMap<String, String>>>, String> {
    let (from, to) = params.range()?;
    if params.selectors()?.is_empty() {
        return Err("no match[] parameter provided".to_owned());
    }
    let lists = each_selector(params, |matchers| store.series(matchers, from, to))?;
    let mut all: Vec<Labels> = lists.into_iter().flatten().collect();
    all.sort();
    all.dedup();
    let limit = params.limit()?;
    let cut = (all.len() > limit).then_some(limit);
    let to_map =
        |labels: &Labels| labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Found { data: all.iter().take(limit).map(to_map).collect(), cut })
}

#[derive(Serialize)]
struct Description {
    #[serde(rename = "type")]
    kind: &'static str,
    help: String,
    unit: String,
}

fn metadata(store: &Store, params: &Params) -> Result<Found<BTreeMap<String, Vec<Description>>>, String> {
    let wanted = params.first("metric");
    let limit = params.limit()?;
    let all = store.metadata();
    let chosen = all.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name.as_ref()));
    let describe = |(name, known): &(Arc<str>, crate::store::Metadata)| {
        let description = Description {
            kind: known.kind.name(),
            help: known.help.to_string(),
            unit: known.unit.to_string(),
        };
        (name.to_string(), vec![description])
    };
    Ok(Found { data: chosen.take(limit).map(describe).collect(), cut: (all.len() > limit).then_some(limit) })
}

/// Parameters of query string and form body together, as Prometheus takes them.
struct Params(Vec<(String, String)>);

impl Params {
    fn of(request: &ResourceRequest) -> Self {
        let mut pairs = pairs_of(request.query_string().as_bytes());
        let is_form =
            request.headers.get("content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
        if is_form {
            pairs.extend(pairs_of(&request.body));
        }
        Self(pairs)
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    fn selectors(&self) -> Result<Vec<Vec<Matcher>>, String> {
        let selectors = self.0.iter().filter(|(key, _)| key == "match[]" || key == "match");
        selectors
            .map(|(_, text)| promql::selector(text).map_err(|error| format!("match[] {text:?}: {error}")))
            .collect()
    }

    /// Milliseconds; without `start` and `end` everything there is.
    fn range(&self) -> Result<(i64, i64), String> {
        let time = |name: &str, otherwise| match self.first(name) {
            None => Ok(otherwise),
            Some(text) => millis_of(text).ok_or_else(|| {
                format!(
                    "{name} is {text:?}, expected seconds since 1970 or a time such as 2026-01-31T12:00:00Z"
                )
            }),
        };
        Ok((time("start", i64::MIN)?, time("end", i64::MAX)?))
    }

    fn limit(&self) -> Result<usize, String> {
        match self.first("limit") {
            None | Some("0") => Ok(DEFAULT_LIMIT),
            Some(text) => text.parse().map_err(|_| format!("limit is {text:?}, expected a whole number")),
        }
    }
}

fn millis_of(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        // The cast saturates, which is right for times out of range.
        return seconds.is_finite().then(|| (seconds * 1000.0).round() as i64);
    }
    let time = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

fn pairs_of(text: &[u8]) -> Vec<(String, String)> {
    let decode = decoded;
    text.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => {
                let (key, value) = pair.split_at(at);
                (decode(key), decode(value.get(1..).unwrap_or_default()))
            }
            None => (decode(pair), String::new()),
        })
        .collect()
}

/// Undoes form encoding; what isn't encoded rightly stays as it is.
fn decoded(part: &[u8]) -> String {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;
