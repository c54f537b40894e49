//! Messages made by the Go SDK: they decode to the fields in the JSON beside them, and what our types encode is equal.

use std::path::PathBuf;

use graftwire_protocol::v2::{from_wire, generated as wire, to_wire};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn pool() -> DescriptorPool {
    let descriptors =
        std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/descriptors.bin")).unwrap();
    DescriptorPool::decode(descriptors.as_slice()).unwrap()
}

/// The message as JSON with every field, by proto name.
fn to_json(pool: &DescriptorPool, message: &str, bytes: &[u8]) -> Value {
    let descriptor = pool.get_message_by_name(message).unwrap_or_else(|| panic!("no message {message}"));
    let decoded = DynamicMessage::decode(descriptor, bytes).unwrap();
    assert_eq!(decoded.unknown_fields().count(), 0, "{message} has fields that our text lacks");
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    decoded.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
}

/// An absent message is `null` in the goldens and left out here.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Decodes, carries through the model where it has a counterpart, and encodes.
fn through_model(message: &str, bytes: &[u8]) -> Vec<u8> {
    macro_rules! through {
        ($wire:ident, $adapter:ident) => {
            to_wire::$adapter(from_wire::$adapter(wire::$wire::decode(bytes).unwrap())).encode_to_vec()
        };
    }
    match message {
        "pluginv2.PluginContext" => {
            let context = wire::PluginContext::decode(bytes).unwrap();
            to_wire::plugin_context(from_wire::plugin_context(Some(context))).encode_to_vec()
        }
        "pluginv2.QueryDataRequest" => through!(QueryDataRequest, query_request),
        "pluginv2.QueryChunkedDataRequest" => through!(QueryChunkedDataRequest, query_chunked_request),
        "pluginv2.QueryChunkedDataResponse" => {
            let chunk = wire::QueryChunkedDataResponse::decode(bytes).unwrap();
            to_wire::query_chunk(from_wire::query_chunk(chunk).unwrap()).encode_to_vec()
        }
        "pluginv2.CallResourceRequest" => through!(CallResourceRequest, resource_request),
        "pluginv2.CallResourceResponse" => through!(CallResourceResponse, resource_piece),
        "pluginv2.CheckHealthResponse" => through!(CheckHealthResponse, health_response),
        "pluginv2.CollectMetricsResponse" => through!(CollectMetricsResponse, metrics_response),
        "pluginv2.SubscribeStreamRequest" => through!(SubscribeStreamRequest, subscribe_request),
        "pluginv2.SubscribeStreamResponse" => through!(SubscribeStreamResponse, subscribe_response),
        "pluginv2.PublishStreamResponse" => through!(PublishStreamResponse, publish_response),
        "pluginv2.StreamPacket" => through!(StreamPacket, stream_packet),
        "pluginv2.AdmissionRequest" => through!(AdmissionRequest, admission_request),
        "pluginv2.ValidationResponse" => through!(ValidationResponse, validation_response),
        "pluginv2.MutationResponse" => through!(MutationResponse, mutation_response),
        "pluginv2.ConversionRequest" => through!(ConversionRequest, conversion_request),
        "pluginv2.ConversionResponse" => through!(ConversionResponse, conversion_response),
        other => panic!("no adapter is named for {other}; add it to this table"),
    }
}

/// What an absent message becomes on its way through the model: present and empty, which means the same on this wire.
fn drop_empty(value: Value) -> Value {
    fn is_empty(value: &Value) -> bool {
        match value {
            Value::Object(map) => map.values().all(is_empty),
            Value::Array(items) => items.is_empty(),
            Value::String(text) => text.is_empty() || text == "0",
            Value::Bool(flag) => !flag,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::Null => true,
        }
    }
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter().map(|(k, v)| (k, drop_empty(v))).filter(|(_, v)| !is_empty(v)).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(drop_empty).collect()),
        other => other,
    }
}

#[test]
fn every_message_of_the_go_sdk_means_the_same_here() {
    let pool = pool();
    let index: Vec<Value> = serde_json::from_slice(&file("index.json")).unwrap();
    assert_eq!(index.len(), 17);
    for case in index {
        let (name, message) = (case["name"].as_str().unwrap(), case["message"].as_str().unwrap());
        let bytes = file(&format!("{name}.pb"));
        let golden: Value = serde_json::from_slice(&file(&format!("{name}.json"))).unwrap();

        assert_eq!(to_json(&pool, message, &bytes), without_nulls(golden.clone()), "{name}: decoded");
        let sent = through_model(message, &bytes);
        let sent = drop_empty(to_json(&pool, message, &sent));
        assert_eq!(sent, drop_empty(without_nulls(golden)), "{name}: wire → model → wire");
    }
}
