//! Admission and conversion: settings as objects, sizes, and what answers leave unsaid.

use bytes::Bytes;
use graftwire_host::LinkOptions;
use graftwire_model::*;
use graftwire_sdk::prelude::{Plugin, RequestContext};
use graftwire_sdk::{Admission, Conversion, Limits, objects};
use graftwire_testkit::{Pair, Wire};

/// Refuses data sources without URL, and gives their URLs a slash at the end. Makes objects that are too large if their
/// content type is `grow`.
struct Keeper;

impl Admission for Keeper {
    async fn validate(
        &self,
        _cx: &RequestContext,
        request: AdmissionRequest,
    ) -> Result<ValidationResponse, CallError> {
        let settings = objects::read_data_source(&request.object)
            .map_err(|error| CallError::new(Code::InvalidArgument, error.to_string()).with_cause(error))?;
        let result = settings.url.is_empty().then(|| StatusResult {
            status: "Failure".to_owned(),
            message: "a url is needed".to_owned(),
            reason: "Invalid".to_owned(),
            code: 422,
        });
        Ok(ValidationResponse { allowed: result.is_none(), result, warnings: Vec::new() })
    }

    async fn mutate(
        &self,
        _cx: &RequestContext,
        request: AdmissionRequest,
    ) -> Result<MutationResponse, CallError> {
        let mut answer = MutationResponse { allowed: true, ..MutationResponse::default() };
        let mut settings = objects::read_data_source(&request.object).unwrap_or_default();
        if settings.url.starts_with("http") && !settings.url.ends_with('/') {
            settings.url.push('/');
            answer.object = objects::write_data_source(settings);
        }
        Ok(answer)
    }
}

impl Conversion for Keeper {
    async fn convert(
        &self,
        _cx: &RequestContext,
        request: ConversionRequest,
    ) -> Result<ConversionResponse, CallError> {
        let mut objects = request.objects;
        for object in objects.iter_mut().filter(|object| object.content_type == "grow") {
            object.raw = Bytes::from(vec![b' '; LIMIT + 1]);
        }
        Ok(ConversionResponse { objects, ..ConversionResponse::default() })
    }
}

const LIMIT: usize = 1000;

fn plugin() -> Plugin<Keeper> {
    let mut limits = Limits::default();
    limits.object_bytes = LIMIT;
    Plugin::single("keeper-datasource", Keeper).admission().conversion().limits(limits)
}

fn wires() -> impl Iterator<Item = Wire> {
    Wire::in_memory().filter(|wire| wire.carries(Capability::ConvertObjects))
}

fn asked(object: Bytes) -> AdmissionRequest {
    let kind = GroupVersionKind {
        group: "grafana-plugin-sdk-go".to_owned(),
        version: "v0alpha1".to_owned(),
        kind: "DataSourceInstanceSettings".to_owned(),
    };
    AdmissionRequest { kind, object, ..AdmissionRequest::default() }
}

fn settings(url: &str) -> DataSourceInstanceSettings {
    let mut settings =
        DataSourceInstanceSettings { url: url.to_owned(), ..DataSourceInstanceSettings::default() };
    settings.secrets.insert("password", "s3cret");
    settings
}

#[tokio::test]
async fn settings_are_judged_and_changed_as_objects() {
    for wire in wires() {
        let pair = Pair::open(plugin(), wire).await.unwrap();
        let backend = pair.backend();
        let validated = async |url| {
            let object = objects::write_data_source(settings(url));
            backend.validate_admission(CallContext::new(), asked(object)).await.unwrap()
        };
        assert!(validated("http://x").await.allowed, "{wire}");
        let refused = validated("").await;
        let result = refused.result.unwrap();
        assert_eq!((refused.allowed, result.code, result.message.as_str()), (false, 422, "a url is needed"));

        let object = objects::write_data_source(settings("http://x"));
        let changed = backend.mutate_admission(CallContext::new(), asked(object)).await.unwrap();
        assert_eq!(objects::read_data_source(&changed.object).unwrap(), settings("http://x/"), "{wire}");
    }
}

#[tokio::test]
async fn what_an_answer_leaves_out_is_the_requests_own() {
    for wire in wires() {
        let pair = Pair::open(plugin(), wire).await.unwrap();
        let backend = pair.backend();
        let object = objects::write_data_source(settings("http://x/"));
        let same = backend.mutate_admission(CallContext::new(), asked(object.clone())).await.unwrap();
        assert_eq!(same.object, object, "{wire}: nothing changed, so the object is stored as it came");
        let operation = AdmissionOperation::Delete;
        let removed = AdmissionRequest { operation, ..asked(Bytes::new()) };
        assert!(backend.mutate_admission(CallContext::new(), removed).await.unwrap().object.is_empty());
        let request = ConversionRequest { uid: "c7".to_owned(), ..ConversionRequest::default() };
        assert_eq!(backend.convert_objects(CallContext::new(), request).await.unwrap().uid, "c7", "{wire}");
    }
}

#[tokio::test]
async fn objects_above_the_limit_are_refused_with_both_numbers() {
    for wire in wires() {
        let pair = Pair::open(plugin(), wire).await.unwrap();
        let backend = pair.backend();
        let large = || Bytes::from(vec![b' '; LIMIT + 1]);
        let refused = |error: CallError, text: &str| {
            assert_eq!((error.code(), error.message()), (Code::ResourceExhausted, text), "{wire}");
        };
        let says = |name: &str| {
            format!("{name} has 1001 bytes, this plugin takes objects of at most 1000 (Limits::object_bytes)")
        };
        let error = backend.validate_admission(CallContext::new(), asked(large())).await.unwrap_err();
        refused(error, &says("object_bytes"));
        let old = AdmissionRequest { old_object: large(), ..asked(Bytes::new()) };
        let error = backend.mutate_admission(CallContext::new(), old).await.unwrap_err();
        refused(error, &says("old_object_bytes"));

        let object = |raw, kind: &str| RawObject { raw, content_type: kind.to_owned() };
        let convert = async |objects| {
            let request = ConversionRequest { objects, ..ConversionRequest::default() };
            backend.convert_objects(CallContext::new(), request).await
        };
        let fits = Bytes::from(vec![b' '; LIMIT]);
        let answer = convert(vec![object(fits.clone(), "x"), object(fits.clone(), "y")]).await.unwrap();
        assert_eq!(answer.objects.len(), 2, "each may be as large as the limit");
        let error = convert(vec![object(fits.clone(), "x"), object(large(), "y")]).await.unwrap_err();
        refused(error, &says("objects[1]"));
        let error = convert(vec![object(fits, "grow")]).await.unwrap_err();
        let text = format!("the plugin's answer: {}", says("objects[0]"));
        assert_eq!((error.code(), error.message()), (Code::Internal, text.as_str()), "{wire}");
    }
}

#[tokio::test]
async fn a_message_above_the_hosts_own_limit_is_refused_with_both_numbers() {
    for wire in wires() {
        let mut options = LinkOptions::default();
        options.limits.receive = 500;
        let pair = Pair::open_with(plugin(), wire, options).await.unwrap();
        let object = RawObject { raw: Bytes::from(vec![b' '; 900]), content_type: String::new() };
        let request = ConversionRequest { objects: vec![object], ..ConversionRequest::default() };
        let error = pair.backend().convert_objects(CallContext::new(), request).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted, "{wire}: {error}");
        assert!(error.message().contains("the receiver takes at most 500"), "{wire}: {error}");
    }
}
