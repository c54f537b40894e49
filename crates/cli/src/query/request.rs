//! Query models as JSON → the request that Grafana would make of them.
//!
//! Every model gets what `/api/ds/query` adds: refId, data source, interval, points. Values it does not touch keep
//! their text: no digit of a number is lost. It deliberately looks at no key of the plugin's own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use graftwire_model::{FrameFormat, Headers, Millis, PluginContext, Query, QueryRequest, TimeRange};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::time::interval;

/// How many points are asked for when nobody says: about the width of a panel.
const DEFAULT_POINTS: i64 = 1000;
/// How many queries one request may have.
const MAX_QUERIES: usize = 1000;

/// One query model: its keys with their values as text.
pub(crate) type Model = BTreeMap<String, Box<RawValue>>;

/// What holds for every query of a request, unless its model says otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) range: TimeRange,
    /// For models without a `queryType`.
    pub(crate) query_type: Option<String>,
    /// Wins over `intervalMs` of the model.
    pub(crate) interval: Option<Duration>,
    /// Wins over `maxDataPoints` of the model.
    pub(crate) max_data_points: Option<i64>,
    pub(crate) format: FrameFormat,
}

/// Reads texts of one model or a list of models each.
pub(crate) fn models(texts: &[Vec<u8>]) -> Result<Vec<Model>, String> {
    let mut models = Vec::new();
    for text in texts {
        let parsed = match text.trim_ascii_start().first() {
            Some(b'[') => serde_json::from_slice::<Vec<Model>>(text),
            _ => serde_json::from_slice::<Model>(text).map(|model| vec![model]),
        };
        models.extend(
            parsed.map_err(|error| format!("a query model is a JSON object, or a list of them: {error}"))?,
        );
    }
    if models.len() > MAX_QUERIES {
        return Err(format!("found {} queries, the limit is {MAX_QUERIES}", models.len()));
    }
    Ok(models)
}

/// The request for some models.
pub(crate) fn build(
    context: &PluginContext,
    models: &[Model],
    wanted: &Wanted,
) -> Result<QueryRequest, String> {
    let mut names = Names::of(models)?;
    let queries = models
        .iter()
        .map(|model| query(context, model, wanted, &mut names))
        .collect::<Result<Vec<_>, String>>()?;
    Ok(QueryRequest { context: context.clone(), headers: Headers::new(), queries, format: wanted.format })
}

fn query(
    context: &PluginContext,
    model: &Model,
    wanted: &Wanted,
    names: &mut Names,
) -> Result<Query, String> {
    let mut model = model.clone();
    let ref_id = match text_of(&model, "refId")? {
        Some(name) if !name.is_empty() => name,
        _ => names.next(),
    };
    let query_type =
        text_of(&model, "queryType")?.filter(|text| !text.is_empty()).or_else(|| wanted.query_type.clone());
    let points = wanted.max_data_points.or(number_of(&model, "maxDataPoints")).unwrap_or(DEFAULT_POINTS);
    let interval = match (wanted.interval, number_of(&model, "intervalMs")) {
        (Some(interval), _) => Millis::from(interval),
        (None, Some(millis)) => Millis(millis),
        (None, None) => {
            let points = u64::try_from(points).unwrap_or_default();
            interval::for_points(wanted.range.duration(), points, Duration::ZERO).into()
        }
    };
    set(&mut model, "refId", &ref_id);
    set(&mut model, "intervalMs", &interval.0);
    set(&mut model, "maxDataPoints", &points);
    if let Some(query_type) = &query_type {
        set(&mut model, "queryType", query_type);
    }
    if let Some(source) = &context.data_source {
        set(&mut model, "datasource", &json!({"type": context.plugin_id, "uid": source.uid}));
    }
    let json = serde_json::to_vec(&model).map_err(|error| error.to_string())?;
    Ok(Query {
        ref_id,
        query_type: query_type.unwrap_or_default(),
        max_data_points: points,
        interval,
        time_range: wanted.range,
        json: Bytes::from(json),
    })
}

fn set(model: &mut Model, key: &str, value: &impl serde::Serialize) {
    // Texts and numbers always have a JSON form.
    if let Ok(raw) = to_raw_value(value) {
        model.insert(key.to_owned(), raw);
    }
}

fn text_of(model: &Model, key: &str) -> Result<Option<String>, String> {
    model.get(key).map_or(Ok(None), |raw| {
        serde_json::from_str(raw.get())
            .map_err(|_| format!("{key}: found {}, expected a text", cut(raw.get())))
    })
}

fn number_of(model: &Model, key: &str) -> Option<i64> {
    model.get(key).and_then(|raw| serde_json::from_str(raw.get()).ok())
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Names for queries without one: A to Z, then AA and so on, whatever is not taken.
struct Names {
    taken: BTreeSet<String>,
    next: usize,
}

impl Names {
    fn of(models: &[Model]) -> Result<Self, String> {
        let mut taken = BTreeSet::new();
        for model in models {
            if let Some(name) = text_of(model, "refId")?.filter(|name| !name.is_empty())
                && !taken.insert(name.clone())
            {
                return Err(format!("refId {name:?} is there twice; each query needs its own"));
            }
        }
        Ok(Self { taken, next: 0 })
    }

    fn next(&mut self) -> String {
        loop {
            let name = letters(self.next);
            self.next += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

fn letters(mut number: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(char::from(b'A' + u8::try_from(number % 26).unwrap_or_default()));
        number /= 26;
        if number == 0 {
            return name.iter().rev().collect();
        }
        number -= 1;
    }
}

#[cfg(test)]
mod tests;
