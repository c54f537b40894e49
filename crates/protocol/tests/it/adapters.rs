//! Adapters: wire → model → wire gives the same message, and no bytes make an adapter fail in a bad way.

use bytes::Bytes;
use graftwire_protocol::AdaptError;
use graftwire_protocol::v2::{from_wire, generated as wire, to_wire};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use prost::Message;

fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..24).prop_map(Bytes::from)
}

fn map() -> impl Strategy<Value = std::collections::BTreeMap<String, String>> {
    btree_map(text(), text(), 0..3)
}

prop_compose! {
    fn data_source()(
        id in any::<i64>(), names in [text(), text(), text(), text(), text(), text(), text()], basic in any::<bool>(),
        json_data in bytes(), secrets in map(), last_updated_ms in any::<i64>(),
    ) -> wire::DataSourceInstanceSettings {
        let [name, url, user, database, basic_auth_user, uid, api_version] = names;
        wire::DataSourceInstanceSettings {
            id, name, url, user, database, basic_auth_enabled: basic, basic_auth_user, json_data,
            decrypted_secure_json_data: secrets, last_updated_ms, uid, api_version,
        }
    }
}

prop_compose! {
    fn context()(
        org_id in any::<i64>(), names in [text(), text(), text(), text(), text()],
        user in option::of([text(), text(), text(), text()]), data_source in option::of(data_source()),
        app in option::of((bytes(), map(), any::<i64>(), text())), grafana_config in map(),
    ) -> wire::PluginContext {
        let [plugin_id, plugin_version, user_agent, api_version, namespace] = names;
        wire::PluginContext {
            org_id, plugin_id, plugin_version, user_agent, api_version, namespace, grafana_config,
            user: user.map(|[login, name, email, role]| wire::User { login, name, email, role }),
            data_source_instance_settings: data_source,
            app_instance_settings: app.map(|(json_data, decrypted_secure_json_data, last_updated_ms, api_version)| {
                wire::AppInstanceSettings { json_data, decrypted_secure_json_data, last_updated_ms, api_version }
            }),
        }
    }
}

prop_compose! {
    fn query()(
        ref_id in text(), query_type in text(), max_data_points in any::<i64>(), interval_ms in any::<i64>(),
        from_epoch_ms in any::<i64>(), to_epoch_ms in any::<i64>(), json in bytes(),
    ) -> wire::DataQuery {
        wire::DataQuery {
            ref_id, query_type, max_data_points, interval_ms, json,
            time_range: Some(wire::TimeRange { from_epoch_ms, to_epoch_ms }),
        }
    }
}

prop_compose! {
    fn answer()(
        frames in vec(vec(any::<u8>(), 1..24).prop_map(Bytes::from), 0..3), error in text(), status in 100..600_i32,
        source in prop_oneof![Just(""), Just("plugin"), Just("downstream")], json in any::<bool>(),
    ) -> wire::DataResponse {
        // A source only counts with an error, a format only with frames.
        let error_source = if error.is_empty() { String::new() } else { source.to_owned() };
        let format = i32::from(json && !frames.is_empty());
        wire::DataResponse { frames, error, json_meta: Bytes::new(), status, error_source, format }
    }
}

proptest! {
    #[test]
    fn requests_survive(plugin_context in context(), headers in map(), queries in vec(query(), 0..3), format in 0..2_i32) {
        let plugin_context = Some(plugin_context);
        let sent = wire::QueryDataRequest { plugin_context, headers, queries, format };
        prop_assert_eq!(to_wire::query_request(from_wire::query_request(sent.clone())), sent);
    }

    #[test]
    fn answers_survive(responses in btree_map(text(), answer(), 0..4)) {
        let sent = wire::QueryDataResponse { responses };
        let read = from_wire::query_response(sent.clone()).expect("known formats");
        prop_assert_eq!(to_wire::query_response(read).expect("one format each"), sent);
    }

    #[test]
    fn resources_survive(plugin_context in context(), parts in [text(), text(), text()], headers in btree_map(text(), vec(text(), 0..3), 0..3), body in bytes(), code in any::<i32>()) {
        let [path, method, url] = parts;
        let headers: std::collections::BTreeMap<_, _> = headers.into_iter().map(|(name, values)| (name, wire::StringList { values })).collect();
        let sent = wire::CallResourceRequest { plugin_context: Some(plugin_context), path, method, url, headers: headers.clone(), body: body.clone() };
        prop_assert_eq!(to_wire::resource_request(from_wire::resource_request(sent.clone())), sent);
        let piece = wire::CallResourceResponse { code, headers, body };
        prop_assert_eq!(to_wire::resource_piece(from_wire::resource_piece(piece.clone())), piece);
    }

    #[test]
    fn streams_survive(plugin_context in context(), path in text(), data in bytes(), headers in map(), status in 0..3_i32) {
        let plugin_context = Some(plugin_context);
        let sent = wire::SubscribeStreamRequest { plugin_context: plugin_context.clone(), path: path.clone(), data: data.clone(), headers: headers.clone() };
        prop_assert_eq!(to_wire::subscribe_request(from_wire::subscribe_request(sent.clone())), sent);
        let sent = wire::RunStreamRequest { plugin_context: plugin_context.clone(), path: path.clone(), data: data.clone(), headers: headers.clone() };
        prop_assert_eq!(to_wire::run_stream_request(from_wire::run_stream_request(sent.clone())), sent);
        let sent = wire::PublishStreamRequest { plugin_context, path, data: data.clone(), headers };
        prop_assert_eq!(to_wire::publish_request(from_wire::publish_request(sent.clone())), sent);
        let sent = wire::SubscribeStreamResponse { status, data: data.clone() };
        prop_assert_eq!(to_wire::subscribe_response(from_wire::subscribe_response(sent.clone())), sent);
        let sent = wire::PublishStreamResponse { status, data };
        prop_assert_eq!(to_wire::publish_response(from_wire::publish_response(sent.clone())), sent);
    }

    #[test]
    fn chunks_survive(ref_id in text(), frame_id in text(), frame in bytes(), error in text(), status in 100..600_i32, source in prop_oneof![Just(""), Just("plugin"), Just("downstream")], json in any::<bool>()) {
        // A source only counts with an error, a format only with a frame.
        let error_source = if error.is_empty() { String::new() } else { source.to_owned() };
        let format = i32::from(json && !frame.is_empty());
        let sent = wire::QueryChunkedDataResponse { ref_id, frame_id, frame, error, status, error_source, format };
        prop_assert_eq!(to_wire::query_chunk(from_wire::query_chunk(sent.clone()).expect("a known format")), sent);
    }

    #[test]
    fn objects_survive(plugin_context in context(), operation in 0..3_i32, names in [text(), text(), text(), text()], object_bytes in bytes(), old_object_bytes in bytes(), allowed in any::<bool>(), code in any::<i32>(), warnings in vec(text(), 0..3), has_result in any::<bool>()) {
        let [group, version, kind, uid] = names;
        let plugin_context = Some(plugin_context);
        let result = has_result.then(|| wire::StatusResult { status: group.clone(), message: version.clone(), reason: kind.clone(), code });
        let sent = wire::AdmissionRequest { plugin_context: plugin_context.clone(), operation, kind: Some(wire::GroupVersionKind { group: group.clone(), version: version.clone(), kind }), object_bytes: object_bytes.clone(), old_object_bytes: old_object_bytes.clone() };
        prop_assert_eq!(to_wire::admission_request(from_wire::admission_request(sent.clone())), sent);
        let sent = wire::ValidationResponse { allowed, result: result.clone(), warnings: warnings.clone() };
        prop_assert_eq!(to_wire::validation_response(from_wire::validation_response(sent.clone())), sent);
        let sent = wire::MutationResponse { allowed, result: result.clone(), warnings, object_bytes: object_bytes.clone() };
        prop_assert_eq!(to_wire::mutation_response(from_wire::mutation_response(sent.clone())), sent);
        let objects = vec![wire::RawObject { raw: object_bytes, content_type: uid.clone() }, wire::RawObject { raw: old_object_bytes, content_type: String::new() }];
        let sent = wire::ConversionRequest { plugin_context, uid: uid.clone(), objects: objects.clone(), target_version: Some(wire::GroupVersion { group, version }) };
        prop_assert_eq!(to_wire::conversion_request(from_wire::conversion_request(sent.clone())), sent);
        let sent = wire::ConversionResponse { uid, result, objects };
        prop_assert_eq!(to_wire::conversion_response(from_wire::conversion_response(sent.clone())), sent);
    }

    #[test]
    fn diagnostics_survive(plugin_context in context(), headers in map(), status in 0..3_i32, message in text(), json_details in bytes(), prometheus in bytes()) {
        let sent = wire::CheckHealthRequest { plugin_context: Some(plugin_context.clone()), headers };
        prop_assert_eq!(to_wire::health_request(from_wire::health_request(sent.clone())), sent);
        let sent = wire::CheckHealthResponse { status, message, json_details };
        prop_assert_eq!(to_wire::health_response(from_wire::health_response(sent.clone())), sent);
        let sent = wire::CollectMetricsRequest { plugin_context: Some(plugin_context) };
        prop_assert_eq!(to_wire::metrics_request(from_wire::metrics_request(sent.clone())), sent);
        let sent = wire::CollectMetricsResponse { metrics: Some(wire::collect_metrics_response::Payload { prometheus }) };
        prop_assert_eq!(to_wire::metrics_response(from_wire::metrics_response(sent.clone())), sent);
    }

    #[test]
    fn any_bytes_are_refused_or_read(junk in vec(any::<u8>(), 0..200)) {
        let junk = junk.as_slice();
        if let Ok(message) = wire::QueryDataRequest::decode(junk) { let _ = from_wire::query_request(message); }
        if let Ok(message) = wire::QueryDataResponse::decode(junk) { let _ = from_wire::query_response(message); }
        if let Ok(message) = wire::QueryChunkedDataResponse::decode(junk) { let _ = from_wire::query_chunk(message); }
        if let Ok(message) = wire::CallResourceRequest::decode(junk) { let _ = from_wire::resource_request(message); }
        if let Ok(message) = wire::AdmissionRequest::decode(junk) { let _ = from_wire::admission_request(message); }
        if let Ok(message) = wire::ConversionRequest::decode(junk) { let _ = from_wire::conversion_request(message); }
    }

    #[test]
    fn a_cut_message_is_an_error_or_a_shorter_message(plugin_context in context(), cut in any::<prop::sample::Index>()) {
        let whole = wire::CheckHealthRequest { plugin_context: Some(plugin_context), ..Default::default() }.encode_to_vec();
        let part = &whole[..cut.index(whole.len() + 1)];
        if let Ok(message) = wire::CheckHealthRequest::decode(part) { let _ = from_wire::health_request(message); }
    }
}

#[test]
fn absent_messages_and_unknown_numbers_are_no_reason_to_refuse() {
    let request = from_wire::query_request(wire::QueryDataRequest {
        queries: vec![wire::DataQuery::default()],
        format: 77,
        ..Default::default()
    });
    assert_eq!(request.format, graftwire_model::FrameFormat::Arrow);
    assert_eq!(request.queries[0].time_range, graftwire_model::TimeRange::default());
    let user = wire::User { role: "Overlord".to_owned(), ..Default::default() };
    let context =
        from_wire::plugin_context(Some(wire::PluginContext { user: Some(user), ..Default::default() }));
    assert_eq!(context.user.unwrap().role, "Overlord");
    let health = from_wire::health_response(wire::CheckHealthResponse { status: 9, ..Default::default() });
    assert_eq!(health.status, graftwire_model::HealthStatus::Unknown);
    // A status nobody knows must not open a channel.
    let answer =
        from_wire::subscribe_response(wire::SubscribeStreamResponse { status: 9, ..Default::default() });
    assert_eq!(answer.status, graftwire_model::StreamStatus::PermissionDenied);
}

#[test]
fn statuses_leave_as_servers_want_them() {
    use graftwire_model::{DataResponse, ErrorSource, QueryResponse};
    let sent = |response: DataResponse| {
        let responses = [("A".to_owned(), response)].into();
        to_wire::query_response(QueryResponse { responses }).unwrap().responses["A"].status
    };
    assert_eq!(sent(DataResponse::default()), 200);
    assert_eq!(sent(DataResponse::failed(0, ErrorSource::Plugin, "x")), 500);
    assert_eq!(sent(DataResponse::failed(42, ErrorSource::Plugin, "x")), 500);
    assert_eq!(sent(DataResponse { status: 404, ..DataResponse::default() }), 404);
    assert_eq!(sent(DataResponse { status: 42, ..DataResponse::default() }), 500);
}

#[test]
fn what_cannot_be_said_names_the_field() {
    let response = |format, frames| wire::QueryDataResponse {
        responses: [("B".to_owned(), wire::DataResponse { format, frames, ..Default::default() })].into(),
    };
    let error = from_wire::query_response(response(5, vec![Bytes::from_static(b"x")])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "responses[\"B\"].format: unknown frame format 5; known are 0 (Arrow) and 1 (JSON)"
    );
    let error = from_wire::query_response(response(0, vec![Bytes::new()])).unwrap_err();
    assert_eq!(error, AdaptError::EmptyFrame { ref_id: "B".to_owned(), index: 0 });
    // Without frames no format is used, so none is wrong.
    assert!(from_wire::query_response(response(5, Vec::new())).is_ok());
}

#[test]
fn secrets_never_show_in_debug() {
    let context = wire::PluginContext {
        data_source_instance_settings: Some(wire::DataSourceInstanceSettings {
            json_data: Bytes::from_static(b"{\"token\":\"hush\"}"),
            decrypted_secure_json_data: [("password".to_owned(), "hush".to_owned())].into(),
            ..Default::default()
        }),
        grafana_config: [("GF_PLUGIN_APP_CLIENT_SECRET".to_owned(), "hush".to_owned())].into(),
        ..Default::default()
    };
    let request = wire::QueryDataRequest {
        plugin_context: Some(context),
        headers: [("Authorization".to_owned(), "Bearer hush".to_owned())].into(),
        ..Default::default()
    };
    assert!(!format!("{request:?}").contains("hush"), "{request:?}");
    let model = from_wire::query_request(request);
    let shown = format!("{:?} {:?}", model.context, model.headers);
    assert!(!shown.contains("hush"), "{shown}");
}
