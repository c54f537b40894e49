//! Wire → model. Moves only: `bytes` fields stay slices of the message they came in.
//!
//! It deliberately refuses nothing that it merely doesn't know: absent messages become empty ones, unknown enum
//! values the table's zero. Only an answer whose frames can't be read as said is an error.

use std::collections::BTreeMap;

use graftwire_model as model;

use super::generated as wire;
use crate::AdaptError;

/// The context of a request; absent = empty.
#[must_use]
pub fn plugin_context(context: Option<wire::PluginContext>) -> model::PluginContext {
    let context = context.unwrap_or_default();
    model::PluginContext {
        org_id: context.org_id,
        plugin_id: context.plugin_id,
        plugin_version: context.plugin_version,
        user: context.user.map(user),
        app: context.app_instance_settings.map(app_settings),
        data_source: context.data_source_instance_settings.map(data_source_settings),
        grafana_config: context.grafana_config.into(),
        user_agent: context.user_agent,
        api_version: context.api_version,
        namespace: context.namespace,
    }
}

fn user(user: wire::User) -> model::User {
    model::User { login: user.login, name: user.name, email: user.email, role: user.role }
}

pub(crate) fn app_settings(settings: wire::AppInstanceSettings) -> model::AppInstanceSettings {
    model::AppInstanceSettings {
        json_data: settings.json_data,
        secrets: settings.decrypted_secure_json_data.into(),
        updated: model::EpochMillis(settings.last_updated_ms),
        api_version: settings.api_version,
    }
}

pub(crate) fn data_source_settings(
    settings: wire::DataSourceInstanceSettings,
) -> model::DataSourceInstanceSettings {
    model::DataSourceInstanceSettings {
        id: settings.id,
        uid: settings.uid,
        name: settings.name,
        url: settings.url,
        user: settings.user,
        database: settings.database,
        basic_auth_enabled: settings.basic_auth_enabled,
        basic_auth_user: settings.basic_auth_user,
        json_data: settings.json_data,
        secrets: settings.decrypted_secure_json_data.into(),
        updated: model::EpochMillis(settings.last_updated_ms),
        api_version: settings.api_version,
    }
}

/// A data request.
#[must_use]
pub fn query_request(request: wire::QueryDataRequest) -> model::QueryRequest {
    model::QueryRequest {
        context: plugin_context(request.plugin_context),
        headers: request.headers.into(),
        queries: request.queries.into_iter().map(query).collect(),
        format: wanted_format(request.format),
    }
}

/// A chunked data request, which has the same layout.
#[must_use]
pub fn query_chunked_request(request: wire::QueryChunkedDataRequest) -> model::QueryRequest {
    model::QueryRequest {
        context: plugin_context(request.plugin_context),
        headers: request.headers.into(),
        queries: request.queries.into_iter().map(query).collect(),
        format: wanted_format(request.format),
    }
}

fn query(query: wire::DataQuery) -> model::Query {
    let range = query.time_range.unwrap_or_default();
    model::Query {
        ref_id: query.ref_id,
        query_type: query.query_type,
        max_data_points: query.max_data_points,
        interval: model::Millis(query.interval_ms),
        time_range: model::TimeRange {
            from: model::EpochMillis(range.from_epoch_ms),
            to: model::EpochMillis(range.to_epoch_ms),
        },
        json: query.json,
    }
}

/// A wanted format that we don't know gets the format that every host reads.
fn wanted_format(format: i32) -> model::FrameFormat {
    match wire::DataFrameFormat::try_from(format) {
        Ok(wire::DataFrameFormat::Json) => model::FrameFormat::Json,
        Ok(wire::DataFrameFormat::Arrow) | Err(_) => model::FrameFormat::Arrow,
    }
}

fn used_format(format: i32, field: impl FnOnce() -> String) -> Result<model::FrameFormat, AdaptError> {
    match wire::DataFrameFormat::try_from(format) {
        Ok(wire::DataFrameFormat::Arrow) => Ok(model::FrameFormat::Arrow),
        Ok(wire::DataFrameFormat::Json) => Ok(model::FrameFormat::Json),
        Err(_) => Err(AdaptError::UnknownFormat { field: field(), found: format }),
    }
}

/// The answers to a data request.
///
/// # Errors
/// [`AdaptError::UnknownFormat`] if an answer has frames in a format outside the table.
pub fn query_response(response: wire::QueryDataResponse) -> Result<model::QueryResponse, AdaptError> {
    let responses = response
        .responses
        .into_iter()
        .map(|(ref_id, response)| data_response(&ref_id, response).map(|response| (ref_id, response)))
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(model::QueryResponse { responses })
}

fn data_response(ref_id: &str, response: wire::DataResponse) -> Result<model::DataResponse, AdaptError> {
    let mut frames = Vec::with_capacity(response.frames.len());
    if !response.frames.is_empty() {
        let format = used_format(response.format, || format!("responses[{ref_id:?}].format"))?;
        for (index, bytes) in response.frames.into_iter().enumerate() {
            if bytes.is_empty() {
                return Err(AdaptError::EmptyFrame { ref_id: ref_id.to_owned(), index });
            }
            frames.push(model::EncodedFrame::new(format, bytes));
        }
    }
    Ok(model::DataResponse {
        frames,
        error_source: error_source(&response.error, &response.error_source),
        error: response.error,
        status: response.status,
    })
}

/// Whose fault an error is only counts where there is an error; unknown words say nothing.
fn error_source(error: &str, source: &str) -> Option<model::ErrorSource> {
    if error.is_empty() { None } else { model::ErrorSource::parse(source) }
}

/// One chunk. Whether there are frame bytes is asked before the format, as error chunks leave it 0.
///
/// # Errors
/// [`AdaptError::UnknownFormat`] if it has frame bytes in a format outside the table.
pub fn query_chunk(chunk: wire::QueryChunkedDataResponse) -> Result<model::QueryChunk, AdaptError> {
    let frame = if chunk.frame.is_empty() {
        None
    } else {
        let format = used_format(chunk.format, || format!("chunk of {:?}: format", chunk.ref_id))?;
        Some(model::EncodedFrame::new(format, chunk.frame))
    };
    Ok(model::QueryChunk {
        frame,
        error_source: error_source(&chunk.error, &chunk.error_source),
        ref_id: chunk.ref_id,
        frame_id: chunk.frame_id,
        error: chunk.error,
        status: chunk.status,
    })
}

/// A resource request.
#[must_use]
pub fn resource_request(request: wire::CallResourceRequest) -> model::ResourceRequest {
    model::ResourceRequest {
        context: plugin_context(request.plugin_context),
        path: request.path,
        method: request.method,
        url: request.url,
        headers: multi_headers(request.headers),
        body: request.body,
    }
}

/// One piece of a resource's answer.
#[must_use]
pub fn resource_piece(piece: wire::CallResourceResponse) -> model::ResourcePiece {
    model::ResourcePiece { status: piece.code, headers: multi_headers(piece.headers), body: piece.body }
}

fn multi_headers(headers: BTreeMap<String, wire::StringList>) -> model::MultiHeaders {
    headers.into_iter().map(|(name, list)| (name, list.values)).collect::<BTreeMap<_, _>>().into()
}

/// A health check.
#[must_use]
pub fn health_request(request: wire::CheckHealthRequest) -> model::HealthRequest {
    model::HealthRequest { context: plugin_context(request.plugin_context), headers: request.headers.into() }
}

/// The answer to a health check.
#[must_use]
pub fn health_response(response: wire::CheckHealthResponse) -> model::HealthResponse {
    use wire::check_health_response::HealthStatus as Wire;
    model::HealthResponse {
        status: match Wire::try_from(response.status) {
            Ok(Wire::Ok) => model::HealthStatus::Ok,
            Ok(Wire::Error) => model::HealthStatus::Error,
            Ok(Wire::Unknown) | Err(_) => model::HealthStatus::Unknown,
        },
        message: response.message,
        json_details: response.json_details,
    }
}

/// A request for the plugin's own metrics.
#[must_use]
pub fn metrics_request(request: wire::CollectMetricsRequest) -> model::MetricsRequest {
    model::MetricsRequest { context: plugin_context(request.plugin_context) }
}

/// The plugin's own metrics; an absent payload is an empty one.
#[must_use]
pub fn metrics_response(response: wire::CollectMetricsResponse) -> model::MetricsResponse {
    model::MetricsResponse { prometheus: response.metrics.unwrap_or_default().prometheus }
}

/// A subscription.
#[must_use]
pub fn subscribe_request(request: wire::SubscribeStreamRequest) -> model::SubscribeRequest {
    model::SubscribeRequest {
        context: plugin_context(request.plugin_context),
        path: request.path,
        data: request.data,
        headers: request.headers.into(),
    }
}

/// The answer to a subscription. An unknown status counts as a refusal, never as a grant.
#[must_use]
pub fn subscribe_response(response: wire::SubscribeStreamResponse) -> model::SubscribeResponse {
    use wire::subscribe_stream_response::Status as Wire;
    model::SubscribeResponse {
        status: match Wire::try_from(response.status) {
            Ok(Wire::Ok) => model::StreamStatus::Ok,
            Ok(Wire::NotFound) => model::StreamStatus::NotFound,
            Ok(Wire::PermissionDenied) | Err(_) => model::StreamStatus::PermissionDenied,
        },
        initial_data: response.data,
    }
}

/// A channel to run.
#[must_use]
pub fn run_stream_request(request: wire::RunStreamRequest) -> model::RunStreamRequest {
    model::RunStreamRequest {
        context: plugin_context(request.plugin_context),
        path: request.path,
        data: request.data,
        headers: request.headers.into(),
    }
}

/// One message on a channel.
#[must_use]
pub fn stream_packet(packet: wire::StreamPacket) -> model::StreamPacket {
    model::StreamPacket { data: packet.data }
}

/// Something to publish.
#[must_use]
pub fn publish_request(request: wire::PublishStreamRequest) -> model::PublishRequest {
    model::PublishRequest {
        context: plugin_context(request.plugin_context),
        path: request.path,
        data: request.data,
        headers: request.headers.into(),
    }
}

/// The answer to publishing. An unknown status counts as a refusal, never as a grant.
#[must_use]
pub fn publish_response(response: wire::PublishStreamResponse) -> model::PublishResponse {
    use wire::publish_stream_response::Status as Wire;
    model::PublishResponse {
        status: match Wire::try_from(response.status) {
            Ok(Wire::Ok) => model::StreamStatus::Ok,
            Ok(Wire::NotFound) => model::StreamStatus::NotFound,
            Ok(Wire::PermissionDenied) | Err(_) => model::StreamStatus::PermissionDenied,
        },
        data: response.data,
    }
}

/// An object to accept, refuse or change.
#[must_use]
pub fn admission_request(request: wire::AdmissionRequest) -> model::AdmissionRequest {
    use wire::admission_request::Operation as Wire;
    let kind = request.kind.unwrap_or_default();
    model::AdmissionRequest {
        context: plugin_context(request.plugin_context),
        operation: match Wire::try_from(request.operation) {
            Ok(Wire::Update) => model::AdmissionOperation::Update,
            Ok(Wire::Delete) => model::AdmissionOperation::Delete,
            Ok(Wire::Create) | Err(_) => model::AdmissionOperation::Create,
        },
        kind: model::GroupVersionKind { group: kind.group, version: kind.version, kind: kind.kind },
        object: request.object_bytes,
        old_object: request.old_object_bytes,
    }
}

/// Whether an object is accepted.
#[must_use]
pub fn validation_response(response: wire::ValidationResponse) -> model::ValidationResponse {
    model::ValidationResponse {
        allowed: response.allowed,
        result: response.result.map(status_result),
        warnings: response.warnings,
    }
}

/// Whether an object is accepted, and what becomes of it.
#[must_use]
pub fn mutation_response(response: wire::MutationResponse) -> model::MutationResponse {
    model::MutationResponse {
        allowed: response.allowed,
        result: response.result.map(status_result),
        warnings: response.warnings,
        object: response.object_bytes,
    }
}

fn status_result(result: wire::StatusResult) -> model::StatusResult {
    model::StatusResult {
        status: result.status,
        message: result.message,
        reason: result.reason,
        code: result.code,
    }
}

/// Objects to convert.
#[must_use]
pub fn conversion_request(request: wire::ConversionRequest) -> model::ConversionRequest {
    let target = request.target_version.unwrap_or_default();
    model::ConversionRequest {
        context: plugin_context(request.plugin_context),
        uid: request.uid,
        objects: request.objects.into_iter().map(raw_object).collect(),
        target_version: model::GroupVersion { group: target.group, version: target.version },
    }
}

/// Converted objects.
#[must_use]
pub fn conversion_response(response: wire::ConversionResponse) -> model::ConversionResponse {
    model::ConversionResponse {
        uid: response.uid,
        result: response.result.map(status_result),
        objects: response.objects.into_iter().map(raw_object).collect(),
    }
}

fn raw_object(object: wire::RawObject) -> model::RawObject {
    model::RawObject { raw: object.raw, content_type: object.content_type }
}
