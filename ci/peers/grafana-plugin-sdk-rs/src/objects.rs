//! Admission and conversion, which only this crate has: an object with `"deny"` is refused, mutation sets `"mutated"`,
//! conversion sets `apiVersion`.

use std::convert::Infallible;

use grafana_plugin_sdk::backend;
use serde_json::{Value, json};

use crate::source::Peer;

fn object(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}

fn refusal(object: &Value) -> Option<backend::StatusResult> {
    object["deny"].as_str().map(backend::StatusResult::failure)
}

#[backend::async_trait]
impl backend::AdmissionService for Peer {
    type ValidationError = Infallible;

    async fn validate_admission(
        &self,
        request: backend::AdmissionRequest<Self>,
    ) -> Result<backend::ValidationResponse, Infallible> {
        Ok(match refusal(&object(&request.object_bytes)) {
            Some(refusal) => backend::ValidationResponse::denied(refusal),
            None => backend::ValidationResponse::allowed(),
        })
    }

    type MutationError = Infallible;

    async fn mutate_admission(
        &self,
        request: backend::AdmissionRequest<Self>,
    ) -> Result<backend::MutationResponse, Infallible> {
        let mut object = object(&request.object_bytes);
        if let Some(refusal) = refusal(&object) {
            return Ok(backend::MutationResponse::denied(refusal));
        }
        object["mutated"] = json!("CREATE");
        Ok(backend::MutationResponse::allowed(object.to_string().into_bytes()))
    }
}

#[backend::async_trait]
impl backend::ConversionService for Peer {
    type Error = Infallible;

    async fn convert_objects(
        &self,
        request: backend::ConversionRequest<Self>,
    ) -> Result<backend::ConversionResponse, Infallible> {
        let target = format!("{}/{}", request.target_version.group, request.target_version.version);
        let converted = request.objects.into_iter().map(|raw| {
            let mut object = object(&raw.raw);
            object["apiVersion"] = json!(target);
            backend::RawObject::new(object.to_string().into_bytes(), raw.content_type)
        });
        Ok(backend::ConversionResponse::new(request.uid, converted.collect()))
    }
}
