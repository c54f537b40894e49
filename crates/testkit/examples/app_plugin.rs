//! An app's API group `a.ext`, for tests and measurements of the calls to it.
//!
//! | call | what happens |
//! |---|---|
//! | admission | accepted as it is; refused if the object's `spec.refuse` is a text, which is the reason |
//! | conversion | `apiVersion` becomes that of the target version |
//! | route `echo` | the request's body |
//! | route `who` | whom the token names |
//! | route else | the request as text |
//!
//! Tokens are checked by the keys in `GRAFANA_AUTHENTICATION_JWKS`; without that, nobody is asked for one if
//! `GF_PLUGIN_INSECURE` is `true`, and else nobody is let in. `GF_PLUGIN_DRAFT` = `true` serves the draft's names too.

use std::process::ExitCode;

use graftwire_sdk::app::jwks::{JwksError, JwksVerifier};
use graftwire_sdk::app::{AppContext, CallRoute, ConvertVersions, ReviewAdmission};
use graftwire_sdk::model::{
    AdmissionReviewRequest, AdmissionReviewResponse, ApiStatus, ConvertedObject, RouteRequest,
    VersionConversionRequest, VersionConversionResponse, VersionedObject,
};
use graftwire_sdk::prelude::*;
use serde_json::Value;

const ID: &str = "graftwire-odd-app";

fn main() -> ExitCode {
    let plugin = Plugin::single(ID, App).check_health().review_admission().convert_versions().call_route();
    let plugin = if is_on("GF_PLUGIN_DRAFT") { plugin.draft_names() } else { plugin };
    match JwksVerifier::from_env(&["a.ext", ID], None) {
        Ok(verifier) => plugin.authenticate(verifier).serve(),
        Err(JwksError::NoKeys) if is_on("GF_PLUGIN_INSECURE") => plugin.without_authentication().serve(),
        Err(_) => plugin.serve(),
    }
}

fn is_on(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "true")
}

struct App;

impl CheckHealth for App {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok("an app"))
    }
}

fn json(raw: &[u8]) -> Result<Value, CallError> {
    serde_json::from_slice(raw)
        .map_err(|error| CallError::new(Code::InvalidArgument, "the object is no JSON").with_cause(error))
}

impl ReviewAdmission for App {
    async fn review_admission(
        &self,
        _cx: &AppContext,
        request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        if request.object.is_empty() {
            return Ok(AdmissionReviewResponse::allow());
        }
        match json(&request.object)?.pointer("/spec/refuse").and_then(Value::as_str) {
            Some(reason) => Ok(AdmissionReviewResponse::refuse(ApiStatus::failure(422, "Invalid", reason))),
            None => Ok(AdmissionReviewResponse::allow()),
        }
    }
}

impl ConvertVersions for App {
    async fn convert_versions(
        &self,
        _cx: &AppContext,
        request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        let convert = |object: &VersionedObject| {
            let mut value = json(&object.raw)?;
            if let Some(fields) = value.as_object_mut() {
                let version = format!("{}/{}", object.kind.group, request.target_version);
                fields.insert("apiVersion".to_owned(), Value::from(version));
            }
            Ok::<_, CallError>(ConvertedObject { raw: value.to_string().into(), warnings: Vec::new() })
        };
        let converted = request.objects.iter().map(convert).collect::<Result<_, _>>()?;
        Ok(VersionConversionResponse { converted, ..VersionConversionResponse::default() })
    }
}

impl CallRoute for App {
    async fn call_route(
        &self,
        cx: &AppContext,
        request: RouteRequest,
    ) -> Result<ResourceResponse, CallError> {
        match request.path.trim_start_matches('/') {
            "echo" => Ok(ResourceResponse::new(200, "application/octet-stream", request.body)),
            "who" => {
                let who = cx.caller.as_ref().map_or("nobody", |caller| &caller.subject);
                Ok(ResourceResponse::text(200, who))
            }
            _ => Ok(ResourceResponse::text(201, format!("{request:?} {}", request.query_string()))),
        }
    }
}
