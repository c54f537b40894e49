//! Model → wire. Moves only.
//!
//! It deliberately decides one thing by itself: a status that was not said leaves as 200 (fine) or 500 (with an
//! error), because a server shows 0 as a failure.

use std::collections::BTreeMap;

use graftwire_model as model;

use super::generated as wire;
use crate::AdaptError;

/// The context of a request.
#[must_use]
pub fn plugin_context(context: model::PluginContext) -> wire::PluginContext {
    wire::PluginContext {
        org_id: context.org_id,
        plugin_id: context.plugin_id,
        user: context.user.map(user),
        app_instance_settings: context.app.map(app_settings),
        data_source_instance_settings: context.data_source.map(data_source_settings),
        grafana_config: context.grafana_config.into_map(),
        plugin_version: context.plugin_version,
        user_agent: context.user_agent,
        api_version: context.api_version,
        namespace: context.namespace,
    }
}

fn user(user: model::User) -> wire::User {
    wire::User { login: user.login, name: user.name, email: user.email, role: user.role }
}

pub(crate) fn app_settings(settings: model::AppInstanceSettings) -> wire::AppInstanceSettings {
    wire::AppInstanceSettings {
        json_data: settings.json_data,
        decrypted_secure_json_data: settings.secrets.into_map(),
        last_updated_ms: settings.updated.0,
        api_version: settings.api_version,
    }
}

pub(crate) fn data_source_settings(
    settings: model::DataSourceInstanceSettings,
) -> wire::DataSourceInstanceSettings {
    wire::DataSourceInstanceSettings {
        id: settings.id,
        name: settings.name,
        url: settings.url,
        user: settings.user,
        database: settings.database,
        basic_auth_enabled: settings.basic_auth_enabled,
        basic_auth_user: settings.basic_auth_user,
        json_data: settings.json_data,
        decrypted_secure_json_data: settings.secrets.into_map(),
        last_updated_ms: settings.updated.0,
        uid: settings.uid,
        api_version: settings.api_version,
    }
}

/// A data request.
#[must_use]
pub fn query_request(request: model::QueryRequest) -> wire::QueryDataRequest {
    wire::QueryDataRequest {
        plugin_context: Some(plugin_context(request.context)),
        headers: request.headers.into_map(),
        queries: request.queries.into_iter().map(query).collect(),
        format: format(request.format),
    }
}

/// A chunked data request.
#[must_use]
pub fn query_chunked_request(request: model::QueryRequest) -> wire::QueryChunkedDataRequest {
    wire::QueryChunkedDataRequest {
        plugin_context: Some(plugin_context(request.context)),
        headers: request.headers.into_map(),
        queries: request.queries.into_iter().map(query).collect(),
        format: format(request.format),
    }
}

fn query(query: model::Query) -> wire::DataQuery {
    wire::DataQuery {
        ref_id: query.ref_id,
        max_data_points: query.max_data_points,
        interval_ms: query.interval.0,
        time_range: Some(wire::TimeRange {
            from_epoch_ms: query.time_range.from.0,
            to_epoch_ms: query.time_range.to.0,
        }),
        json: query.json,
        query_type: query.query_type,
    }
}

fn format(format: model::FrameFormat) -> i32 {
    match format {
        model::FrameFormat::Arrow | model::FrameFormat::Unencoded => wire::DataFrameFormat::Arrow as i32,
        model::FrameFormat::Json => wire::DataFrameFormat::Json as i32,
    }
}

/// The answers to a data request.
///
/// # Errors
/// [`AdaptError::MixedFormats`] if one answer has frames of both formats: the wire names one format per answer.
pub fn query_response(response: model::QueryResponse) -> Result<wire::QueryDataResponse, AdaptError> {
    let responses = response
        .responses
        .into_iter()
        .map(|(ref_id, response)| data_response(&ref_id, response).map(|response| (ref_id, response)))
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(wire::QueryDataResponse { responses })
}

fn data_response(ref_id: &str, response: model::DataResponse) -> Result<wire::DataResponse, AdaptError> {
    let (frames, around) = split_response(ref_id, response)?;
    Ok(wire::DataResponse {
        frames: frames.into_iter().map(model::EncodedFrame::into_bytes).collect(),
        ..around
    })
}

/// An answer's frames, and the message around them.
pub(super) fn split_response(
    ref_id: &str,
    response: model::DataResponse,
) -> Result<(Vec<model::EncodedFrame>, wire::DataResponse), AdaptError> {
    let used = response.frames.first().map_or(model::FrameFormat::Arrow, |frame| frame.format);
    if response.frames.iter().any(|frame| frame.format != used) {
        return Err(AdaptError::MixedFormats { ref_id: ref_id.to_owned() });
    }
    let around = wire::DataResponse {
        status: status(response.status, &response.error),
        error_source: error_source(response.error_source),
        frames: Vec::new(),
        error: response.error,
        json_meta: bytes::Bytes::new(),
        format: format(used),
    };
    Ok((response.frames, around))
}

/// Said and showable: as it is. Not said: 200, or 500 with an error. Said but not showable: 500, which is what a server
/// makes of it, and what it stays when a proxy reads and writes it again.
fn status(status: i32, error: &str) -> i32 {
    match status {
        valid if model::DataResponse::is_valid_status(valid) => valid,
        0 if error.is_empty() => 200,
        _ => 500,
    }
}

fn error_source(source: Option<model::ErrorSource>) -> String {
    source.map_or_else(String::new, |source| source.as_str().to_owned())
}

/// One chunk.
#[must_use]
pub fn query_chunk(chunk: model::QueryChunk) -> wire::QueryChunkedDataResponse {
    let used = chunk.frame.as_ref().map_or(model::FrameFormat::Arrow, |frame| frame.format);
    wire::QueryChunkedDataResponse {
        status: status(chunk.status, &chunk.error),
        error_source: error_source(chunk.error_source),
        ref_id: chunk.ref_id,
        frame_id: chunk.frame_id,
        frame: chunk.frame.map(model::EncodedFrame::into_bytes).unwrap_or_default(),
        error: chunk.error,
        format: format(used),
    }
}

/// A resource request.
#[must_use]
pub fn resource_request(request: model::ResourceRequest) -> wire::CallResourceRequest {
    wire::CallResourceRequest {
        plugin_context: Some(plugin_context(request.context)),
        path: request.path,
        method: request.method,
        url: request.url,
        headers: multi_headers(request.headers),
        body: request.body,
    }
}

/// One piece of a resource's answer.
#[must_use]
pub fn resource_piece(piece: model::ResourcePiece) -> wire::CallResourceResponse {
    wire::CallResourceResponse { code: piece.status, headers: multi_headers(piece.headers), body: piece.body }
}

fn multi_headers(headers: model::MultiHeaders) -> BTreeMap<String, wire::StringList> {
    headers.into_map().into_iter().map(|(name, values)| (name, wire::StringList { values })).collect()
}

/// A health check.
#[must_use]
pub fn health_request(request: model::HealthRequest) -> wire::CheckHealthRequest {
    wire::CheckHealthRequest {
        plugin_context: Some(plugin_context(request.context)),
        headers: request.headers.into_map(),
    }
}

/// The answer to a health check.
#[must_use]
pub fn health_response(response: model::HealthResponse) -> wire::CheckHealthResponse {
    use wire::check_health_response::HealthStatus as Wire;
    let status = match response.status {
        model::HealthStatus::Unknown => Wire::Unknown,
        model::HealthStatus::Ok => Wire::Ok,
        model::HealthStatus::Error => Wire::Error,
    };
    wire::CheckHealthResponse {
        status: status as i32,
        message: response.message,
        json_details: response.json_details,
    }
}

/// A request for the plugin's own metrics.
#[must_use]
pub fn metrics_request(request: model::MetricsRequest) -> wire::CollectMetricsRequest {
    wire::CollectMetricsRequest { plugin_context: Some(plugin_context(request.context)) }
}

/// The plugin's own metrics.
#[must_use]
pub fn metrics_response(response: model::MetricsResponse) -> wire::CollectMetricsResponse {
    wire::CollectMetricsResponse {
        metrics: Some(wire::collect_metrics_response::Payload { prometheus: response.prometheus }),
    }
}

/// A subscription.
#[must_use]
pub fn subscribe_request(request: model::SubscribeRequest) -> wire::SubscribeStreamRequest {
    wire::SubscribeStreamRequest {
        plugin_context: Some(plugin_context(request.context)),
        path: request.path,
        data: request.data,
        headers: request.headers.into_map(),
    }
}

/// The answer to a subscription.
#[must_use]
pub fn subscribe_response(response: model::SubscribeResponse) -> wire::SubscribeStreamResponse {
    use wire::subscribe_stream_response::Status as Wire;
    let status = match response.status {
        model::StreamStatus::Ok => Wire::Ok,
        model::StreamStatus::NotFound => Wire::NotFound,
        model::StreamStatus::PermissionDenied => Wire::PermissionDenied,
    };
    wire::SubscribeStreamResponse { status: status as i32, data: response.initial_data }
}

/// A channel to run.
#[must_use]
pub fn run_stream_request(request: model::RunStreamRequest) -> wire::RunStreamRequest {
    wire::RunStreamRequest {
        plugin_context: Some(plugin_context(request.context)),
        path: request.path,
        data: request.data,
        headers: request.headers.into_map(),
    }
}

/// One message on a channel.
#[must_use]
pub fn stream_packet(packet: model::StreamPacket) -> wire::StreamPacket {
    wire::StreamPacket { data: packet.data }
}

/// Something to publish.
#[must_use]
pub fn publish_request(request: model::PublishRequest) -> wire::PublishStreamRequest {
    wire::PublishStreamRequest {
        plugin_context: Some(plugin_context(request.context)),
        path: request.path,
        data: request.data,
        headers: request.headers.into_map(),
    }
}

/// The answer to publishing.
#[must_use]
pub fn publish_response(response: model::PublishResponse) -> wire::PublishStreamResponse {
    use wire::publish_stream_response::Status as Wire;
    let status = match response.status {
        model::StreamStatus::Ok => Wire::Ok,
        model::StreamStatus::NotFound => Wire::NotFound,
        model::StreamStatus::PermissionDenied => Wire::PermissionDenied,
    };
    wire::PublishStreamResponse { status: status as i32, data: response.data }
}

/// An object to accept, refuse or change.
#[must_use]
pub fn admission_request(request: model::AdmissionRequest) -> wire::AdmissionRequest {
    use wire::admission_request::Operation as Wire;
    let operation = match request.operation {
        model::AdmissionOperation::Create => Wire::Create,
        model::AdmissionOperation::Update => Wire::Update,
        model::AdmissionOperation::Delete => Wire::Delete,
    };
    wire::AdmissionRequest {
        plugin_context: Some(plugin_context(request.context)),
        operation: operation as i32,
        kind: Some(wire::GroupVersionKind {
            group: request.kind.group,
            version: request.kind.version,
            kind: request.kind.kind,
        }),
        object_bytes: request.object,
        old_object_bytes: request.old_object,
    }
}

/// Whether an object is accepted.
#[must_use]
pub fn validation_response(response: model::ValidationResponse) -> wire::ValidationResponse {
    wire::ValidationResponse {
        allowed: response.allowed,
        result: response.result.map(status_result),
        warnings: response.warnings,
    }
}

/// Whether an object is accepted, and what becomes of it.
#[must_use]
pub fn mutation_response(response: model::MutationResponse) -> wire::MutationResponse {
    wire::MutationResponse {
        allowed: response.allowed,
        result: response.result.map(status_result),
        warnings: response.warnings,
        object_bytes: response.object,
    }
}

fn status_result(result: model::StatusResult) -> wire::StatusResult {
    wire::StatusResult {
        status: result.status,
        message: result.message,
        reason: result.reason,
        code: result.code,
    }
}

/// Objects to convert.
#[must_use]
pub fn conversion_request(request: model::ConversionRequest) -> wire::ConversionRequest {
    wire::ConversionRequest {
        plugin_context: Some(plugin_context(request.context)),
        uid: request.uid,
        objects: request.objects.into_iter().map(raw_object).collect(),
        target_version: Some(wire::GroupVersion {
            group: request.target_version.group,
            version: request.target_version.version,
        }),
    }
}

/// Converted objects.
#[must_use]
pub fn conversion_response(response: model::ConversionResponse) -> wire::ConversionResponse {
    wire::ConversionResponse {
        uid: response.uid,
        result: response.result.map(status_result),
        objects: response.objects.into_iter().map(raw_object).collect(),
    }
}

fn raw_object(object: model::RawObject) -> wire::RawObject {
    wire::RawObject { raw: object.raw, content_type: object.content_type }
}
