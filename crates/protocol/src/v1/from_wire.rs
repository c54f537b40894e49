//! Wire → model.
//!
//! A request is made what a host of version 2 would send: each query gets the time range, and its model the keys it
//! lacks. An answer's series and tables become frames. It deliberately refuses no request and no answer as a whole:
//! what can't be understood is the error of its query.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use graftwire_frame::{
    Field, Frame, FrameMeta, FrameType, FrameTypeVersion, Notice, NoticeSeverity, Timestamp,
};
use graftwire_model as model;

use super::query_object::{QueryObject, json_text};
use super::{from_table, generated as wire, meta_json};
use crate::v2::renderer::seconds_from_wire;

/// What a plugin is asked.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Asked {
    /// The queries that were understood.
    pub request: model::QueryRequest,
    /// Answers to those that were not, to be sent along with the others'.
    pub refused: BTreeMap<String, model::DataResponse>,
}

/// A data request. Absent messages count as empty; of queries with the same name the last counts. The texts of the
/// time range have no place in the model.
#[must_use]
pub fn query_request(request: wire::DatasourceRequest) -> Asked {
    let range = request.time_range.unwrap_or_default();
    let time_range = model::TimeRange {
        from: model::EpochMillis(range.from_epoch_ms),
        to: model::EpochMillis(range.to_epoch_ms),
    };
    let kind = request.datasource.as_ref().map(|info| info.r#type.clone()).unwrap_or_default();
    let names = request.queries.iter().enumerate().map(|(index, query)| (query.ref_id.clone(), index));
    let last: HashMap<String, usize> = names.collect();
    let mut asked = Asked::default();
    asked.request.context = plugin_context(request.datasource);
    for (index, query) in request.queries.into_iter().enumerate() {
        if last.get(&query.ref_id) != Some(&index) {
            continue;
        }
        let ref_id = query.ref_id.clone();
        match model_query(query, time_range, &kind) {
            Ok(query) => asked.request.queries.push(query),
            Err(error) => {
                let refusal = model::DataResponse::failed(400, model::ErrorSource::Downstream, error);
                asked.refused.insert(ref_id, refusal);
            }
        }
    }
    asked
}

fn model_query(query: wire::Query, time_range: model::TimeRange, kind: &str) -> Result<model::Query, String> {
    let object = QueryObject::read(&query.model_json).map_err(|found| {
        format!("modelJson of query {:?}: found {found}, expected a JSON object", query.ref_id)
    })?;
    let mut wanted = vec![
        ("refId", json_text(&query.ref_id)),
        ("intervalMs", query.interval_ms.to_string()),
        ("maxDataPoints", query.max_data_points.to_string()),
    ];
    if !kind.is_empty() {
        wanted.push(("datasource", format!("{{\"type\":{}}}", json_text(kind))));
    }
    Ok(model::Query {
        query_type: object.text_of("queryType").unwrap_or_default(),
        json: object.with(&wanted).into(),
        ref_id: query.ref_id,
        max_data_points: query.max_data_points,
        interval: model::Millis(query.interval_ms),
        time_range,
    })
}

/// The wire says neither uid, user nor time of change.
fn plugin_context(info: Option<wire::DatasourceInfo>) -> model::PluginContext {
    let Some(info) = info else { return model::PluginContext::default() };
    let updated = change_mark(&info);
    model::PluginContext {
        org_id: info.org_id,
        plugin_id: info.r#type,
        data_source: Some(model::DataSourceInstanceSettings {
            id: info.id,
            name: info.name,
            url: info.url,
            json_data: info.json_data.into(),
            secrets: info.decrypted_secure_json_data.into(),
            updated,
            ..model::DataSourceInstanceSettings::default()
        }),
        ..model::PluginContext::default()
    }
}

/// Stands for the time of change: another number whenever the settings are others, so that instances are renewed. It is
/// no time, and the same settings give another number in another process, so that no secret can be guessed from it.
fn change_mark(info: &wire::DatasourceInfo) -> model::EpochMillis {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    let keys = KEYS.get_or_init(RandomState::new);
    let settings = (&info.name, &info.url, &info.json_data, &info.decrypted_secure_json_data);
    // Shifted, so that it stays a positive number.
    model::EpochMillis(i64::try_from(keys.hash_one(settings) >> 1).unwrap_or_default())
}

/// The answers to a data request, with frames in a format. Of results with the same name the last counts.
#[must_use]
pub fn query_response(
    response: wire::DatasourceResponse,
    format: model::FrameFormat,
) -> model::QueryResponse {
    let answers = response.results.into_iter().map(|mut result| {
        let ref_id = std::mem::take(&mut result.ref_id);
        (ref_id, data_response(result, format))
    });
    model::QueryResponse { responses: answers.collect() }
}

fn data_response(result: wire::QueryResult, format: model::FrameFormat) -> model::DataResponse {
    let mut error = result.error;
    let mut fail = |found: String| {
        if error.is_empty() {
            error = found;
        }
    };
    let mut frames: Vec<_> = result.series.into_iter().map(series).collect();
    for (index, table) in result.tables.into_iter().enumerate() {
        match from_table::frame(table) {
            Ok(frame) => frames.push(frame),
            Err(found) => fail(format!("tables[{index}]{found}")),
        }
    }
    say_beside(&mut frames, &result.meta_json);
    let mut encoded = Vec::with_capacity(frames.len());
    for (index, frame) in frames.into_iter().enumerate() {
        match frame.into_encoded(format) {
            Ok(frame) => encoded.push(frame),
            Err(broken) => fail(format!("frame {index}: {}", model::error_text(&broken))),
        }
    }
    let status = if error.is_empty() { 200 } else { 500 };
    model::DataResponse { frames: encoded, error, status, error_source: None }
}

/// Times outside of what frames hold, 1677 to 2262, become the nearest that they do.
fn series(series: wire::TimeSeries) -> Frame {
    let times: Vec<_> = series.points.iter().map(|point| Timestamp::from_millis(point.timestamp)).collect();
    let values: Vec<_> = series.points.iter().map(|point| point.value).collect();
    let mut value = Field::new(&series.name, values);
    if !series.tags.is_empty() {
        value = value.with_labels(series.tags);
    }
    // Version 0.0: nobody promises that the points are in order.
    let meta = FrameMeta::of_type(FrameType::TIMESERIES_MULTI, FrameTypeVersion::default());
    Frame::new(series.name).with_meta(meta).with_field(Field::new("time", times)).with_field(value)
}

/// What the answer says as a whole goes to its first frame; without data, to a frame without fields.
fn say_beside(frames: &mut Vec<Frame>, meta_json: &str) {
    let beside = match meta_json::from_wire(meta_json) {
        Ok(None) => return,
        Ok(Some(meta)) => meta,
        Err(error) => {
            let text = format!("the plugin's metaJson is no JSON object and was left out: {error}");
            let notices = vec![Notice::new(NoticeSeverity::Warning, text)];
            FrameMeta { notices, ..FrameMeta::default() }
        }
    };
    if frames.is_empty() {
        frames.push(Frame::default());
    }
    if let Some(first) = frames.first_mut() {
        let meta = first.meta_mut();
        meta.custom = beside.custom;
        meta.notices = beside.notices;
        meta.executed_query_string = beside.executed_query_string;
    }
}

/// A request for an image.
#[must_use]
pub fn render_request(request: wire::RenderRequest) -> model::RenderRequest {
    model::RenderRequest {
        url: request.url,
        width: request.width,
        height: request.height,
        timeout: seconds_from_wire(request.timeout),
        timezone: request.timezone,
        encoding: request.encoding,
        file_path: request.file_path,
        render_key: request.render_key,
        domain: request.domain,
        debug: request.debug,
        ..model::RenderRequest::default()
    }
}

/// Whether the image was made.
#[must_use]
pub fn render_response(response: wire::RenderResponse) -> model::RenderResponse {
    model::RenderResponse { error: response.error }
}
