//! Model → wire.
//!
//! A plugin's answer has frames, this wire has none: frames are decoded and leave as time series or tables. What the
//! wire can't say is left out: status and source of errors, a frame's name and metadata but for `metaJson`. It
//! deliberately fails nothing as a whole: a frame that can't be read is that query's error.

use std::collections::BTreeMap;

use graftwire_frame::{Frame, FrameError, Notice, NoticeSeverity};
use graftwire_model as model;

use super::query_object::{QueryObject, json_text};
use super::{generated as wire, meta_json, to_series, to_table};
use crate::v2::renderer::seconds_to_wire;

/// What a host asks: one request per time range, since a request of this version has but one.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Asking {
    /// The requests, in the order in which their ranges come.
    pub requests: Vec<wire::DatasourceRequest>,
    /// Answers to queries that the wire can't say.
    pub refused: BTreeMap<String, model::DataResponse>,
}

/// A data request. Headers, the user and Grafana's configuration have no place on this wire.
#[must_use]
pub fn query_requests(request: model::QueryRequest) -> Asking {
    let datasource = datasource_info(request.context);
    let mut asking = Asking::default();
    let mut places = BTreeMap::new();
    for query in request.queries {
        let range = (query.time_range.from.0, query.time_range.to.0);
        let ref_id = query.ref_id.clone();
        let query = match wire_query(query) {
            Ok(query) => query,
            Err(error) => {
                let refusal = model::DataResponse::failed(400, model::ErrorSource::Downstream, error);
                asking.refused.insert(ref_id, refusal);
                continue;
            }
        };
        let place = *places.entry(range).or_insert_with(|| {
            asking.requests.push(wire::DatasourceRequest {
                time_range: Some(time_range(range)),
                datasource: Some(datasource.clone()),
                queries: Vec::new(),
            });
            asking.requests.len() - 1
        });
        if let Some(request) = asking.requests.get_mut(place) {
            request.queries.push(query);
        }
    }
    if asking.requests.is_empty() && asking.refused.is_empty() {
        let (time_range, datasource) = (Some(time_range((0, 0))), Some(datasource));
        asking.requests.push(wire::DatasourceRequest { time_range, datasource, queries: Vec::new() });
    }
    asking
}

fn datasource_info(context: model::PluginContext) -> wire::DatasourceInfo {
    let settings = context.data_source.unwrap_or_default();
    wire::DatasourceInfo {
        id: settings.id,
        org_id: context.org_id,
        name: settings.name,
        r#type: context.plugin_id,
        url: settings.url,
        json_data: String::from_utf8_lossy(&settings.json_data).into_owned(),
        decrypted_secure_json_data: settings.secrets.into_map(),
    }
}

/// The texts that a user types may be milliseconds too.
fn time_range((from, to): (i64, i64)) -> wire::TimeRange {
    wire::TimeRange {
        from_raw: from.to_string(),
        to_raw: to.to_string(),
        from_epoch_ms: from,
        to_epoch_ms: to,
    }
}

/// The query with the keys that hosts of this version put into its model. A model that is no object goes as it is.
fn wire_query(query: model::Query) -> Result<wire::Query, String> {
    let text = std::str::from_utf8(&query.json).map_err(|error| {
        format!("the query model is no text in UTF-8, as protocol version 1 wants it: {error}")
    })?;
    let model_json = match QueryObject::read(text) {
        Err(_) => text.to_owned(),
        Ok(object) => {
            let mut wanted = vec![
                ("refId", json_text(&query.ref_id)),
                ("intervalMs", query.interval.0.to_string()),
                ("maxDataPoints", query.max_data_points.to_string()),
            ];
            if !query.query_type.is_empty() {
                wanted.push(("queryType", json_text(&query.query_type)));
            }
            object.with(&wanted)
        }
    };
    Ok(wire::Query {
        ref_id: query.ref_id,
        max_data_points: query.max_data_points,
        interval_ms: query.interval.0,
        model_json,
    })
}

/// How a frame of an answer is had.
type Read = fn(&model::EncodedFrame) -> Result<Frame, FrameError>;

/// The answers to a data request, whose frames are encoded or not.
#[must_use]
pub fn query_response(response: model::QueryResponse) -> wire::DatasourceResponse {
    query_response_by(response, Frame::decode)
}

/// The answers to a data request that asked for frames that are not encoded. A plugin that serves this version then
/// holds no reader of Arrow and JSON, a fifth of a small plugin's file.
#[must_use]
pub fn query_response_unencoded(response: model::QueryResponse) -> wire::DatasourceResponse {
    query_response_by(response, Frame::of_unencoded)
}

fn query_response_by(response: model::QueryResponse, read: Read) -> wire::DatasourceResponse {
    let results =
        response.responses.into_iter().map(|(ref_id, response)| query_result(ref_id, response, read));
    wire::DatasourceResponse { results: results.collect() }
}

fn query_result(ref_id: String, response: model::DataResponse, read: Read) -> wire::QueryResult {
    let mut result = wire::QueryResult { error: response.error, ref_id, ..wire::QueryResult::default() };
    let mut metas = Vec::new();
    let mut not_finite = 0;
    for (index, encoded) in response.frames.iter().enumerate() {
        let frame = match read(encoded) {
            Ok(frame) => frame,
            Err(error) => {
                if result.error.is_empty() {
                    let why = model::error_text(&error);
                    result.error = format!("frames[{index}] can't be sent in protocol version 1: {why}");
                }
                continue;
            }
        };
        if !frame.fields.is_empty() {
            match to_series::of_frame(&frame, &mut not_finite) {
                Some(series) => result.series.extend(series),
                None => result.tables.push(to_table::of_frame(&frame, &mut not_finite)),
            }
        }
        metas.extend(frame.meta);
    }
    result.meta_json = meta_json::to_wire(metas.iter(), left_out(not_finite));
    result
}

fn left_out(not_finite: usize) -> Vec<Notice> {
    let text = format!(
        "{not_finite} values are NaN or infinite, which protocol version 1 can't carry; they were left out"
    );
    if not_finite == 0 { Vec::new() } else { vec![Notice::new(NoticeSeverity::Warning, text)] }
}

/// A request for an image. Headers, token and scale have no place on this wire.
#[must_use]
pub fn render_request(request: model::RenderRequest) -> wire::RenderRequest {
    wire::RenderRequest {
        url: request.url,
        width: request.width,
        height: request.height,
        timeout: seconds_to_wire(request.timeout),
        timezone: request.timezone,
        encoding: request.encoding,
        file_path: request.file_path,
        render_key: request.render_key,
        domain: request.domain,
        debug: request.debug,
    }
}

/// Whether the image was made.
#[must_use]
pub fn render_response(response: model::RenderResponse) -> wire::RenderResponse {
    wire::RenderResponse { error: response.error }
}
