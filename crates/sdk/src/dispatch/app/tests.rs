//! The rules in front of an app, in their order, and what its answers must be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use graftwire_model::{
    AdmissionOperation, AdmissionReviewRequest, AdmissionReviewResponse, ApiStatus, BoxFuture, CallContext,
    CallError, Capability, Code, ConvertedObject, GroupVersion, GroupVersionKind, MultiHeaders, ReplyStream,
    RouteRequest, VersionConversionRequest, VersionConversionResponse, VersionedObject,
};

use crate::app::{AppContext, CallRoute, Caller, ConvertVersions, ReviewAdmission, TokenError, VerifyToken};
use crate::capability::{ResourceBody, ResourceResponse};
use crate::{Limits, Plugin};

/// An app that does as the object or path says, and counts how often it is reached.
#[derive(Default)]
struct App {
    reached: Arc<AtomicUsize>,
}

impl ReviewAdmission for App {
    async fn review_admission(
        &self,
        cx: &AppContext,
        request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        self.reached.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(&request.object).into_owned();
        if text.contains("panic") {
            panic!("as you wished");
        }
        if text.contains("grow") {
            return Ok(AdmissionReviewResponse::change(vec![b' '; 2_000]));
        }
        let who = cx.caller.as_ref().map_or("nobody", |caller| &caller.subject);
        Ok(AdmissionReviewResponse { warnings: vec![who.to_owned()], ..AdmissionReviewResponse::allow() })
    }
}

impl ConvertVersions for App {
    async fn convert_versions(
        &self,
        _cx: &AppContext,
        request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        self.reached.fetch_add(1, Ordering::Relaxed);
        let to = |object: &VersionedObject| ConvertedObject {
            raw: String::from_utf8_lossy(&object.raw).replace("a.ext/v1", "a.ext/v2").into(),
            warnings: Vec::new(),
        };
        let mut converted: Vec<_> = request.objects.iter().map(to).collect();
        let mut error = None;
        match request.api.version.as_str() {
            "few" => drop(converted.pop()),
            "reverse" => converted.reverse(),
            "same" => {
                converted.iter_mut().zip(&request.objects).for_each(|(to, from)| to.raw = from.raw.clone())
            }
            "text" => converted.iter_mut().for_each(|object| object.raw = Bytes::from_static(b"s3cret")),
            "long" => converted.iter_mut().for_each(|object| object.raw = vec![b' '; 2_000].into()),
            "refuse" => error = Some(ApiStatus::failure(422, "Invalid", "no way")),
            _ => {}
        }
        Ok(VersionConversionResponse { error, uid: "another".to_owned(), converted })
    }
}

impl CallRoute for App {
    async fn call_route(
        &self,
        cx: &AppContext,
        request: RouteRequest,
    ) -> Result<ResourceResponse, CallError> {
        self.reached.fetch_add(1, Ordering::Relaxed);
        let plain = |status: u16, body: &'static str| ResourceResponse {
            status,
            headers: MultiHeaders::new(),
            body: ResourceBody::Full(Bytes::from_static(body.as_bytes())),
        };
        Ok(match request.path.as_str() {
            "page" => plain(0, "<html>"),
            "empty" => plain(204, ""),
            "low" => plain(99, ""),
            "high" => plain(1_000, ""),
            "pieces" => ResourceResponse {
                body: ResourceBody::Pieces(ReplyStream::from_items(["%PDF-", "<html>"].map(Bytes::from))),
                ..plain(200, "")
            },
            "token" => ResourceResponse::text(200, cx.access_token().unwrap_or("none")),
            _ => ResourceResponse::new(200, "x/y", "<html>"),
        })
    }
}

/// Takes the tokens of a table: `AUDIENCE NAMESPACE`.
struct Table;

impl VerifyToken for Table {
    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller, TokenError>> {
        Box::pin(async move {
            let (audience, namespace) =
                token.split_once(' ').ok_or_else(|| TokenError::invalid("it is not of the table"))?;
            Ok(Caller {
                subject: "svc".to_owned(),
                audience: vec![audience.to_owned()],
                namespace: namespace.to_owned(),
                ..Caller::default()
            })
        })
    }
}

fn plugin(app: App) -> Plugin<App> {
    Plugin::single("p-app", app).review_admission().convert_versions().call_route()
}

fn with(token: &str) -> CallContext {
    let mut cx = CallContext::new();
    cx.add_metadata("x-access-token", token);
    cx
}

const OBJECT: &str = r#"{"apiVersion":"a.ext/v1","metadata":{"name":"n","namespace":"org-2"}}"#;

fn kind(group: &str) -> GroupVersionKind {
    GroupVersionKind { group: group.to_owned(), version: "v1".to_owned(), kind: "K".to_owned() }
}

fn review(group: &str, object: impl Into<Bytes>) -> AdmissionReviewRequest {
    AdmissionReviewRequest {
        operation: Some(AdmissionOperation::Create),
        kind: kind(group),
        object: object.into(),
        ..AdmissionReviewRequest::default()
    }
}

/// API groups and texts.
type Objects<'a> = &'a [(&'a str, &'a str)];

fn conversion(way: &str, objects: Objects<'_>) -> VersionConversionRequest {
    VersionConversionRequest {
        api: GroupVersion { group: "not.trusted".to_owned(), version: way.to_owned() },
        uid: "u1".to_owned(),
        objects: objects
            .iter()
            .map(|(group, raw)| VersionedObject {
                kind: kind(group),
                raw: Bytes::copy_from_slice(raw.as_bytes()),
            })
            .collect(),
        target_version: "v2".to_owned(),
    }
}

fn route(group: &str, namespace: &str, path: &str) -> RouteRequest {
    RouteRequest {
        group: group.to_owned(),
        namespace: namespace.to_owned(),
        path: path.to_owned(),
        ..RouteRequest::default()
    }
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (Code, String) {
    let error = answer.unwrap_err();
    (error.code(), error.message().to_owned())
}

#[tokio::test]
async fn without_a_decision_nobody_is_let_in() {
    let app = App::default();
    let (reached, backend) = (Arc::clone(&app.reached), plugin(app).into_backend());
    let cx = || with("a.ext org-2");
    let codes = [
        refusal(backend.review_admission(cx(), review("a.ext", OBJECT)).await).0,
        refusal(backend.convert_versions(cx(), conversion("", &[("a.ext", OBJECT)])).await).0,
        refusal(backend.call_route(cx(), route("a.ext", "org-2", "")).await).0,
    ];
    assert_eq!(codes, [Code::FailedPrecondition; 3]);
    assert_eq!(reached.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_missing_handler_is_said_before_anything_is_asked() {
    let backend = Plugin::single("p-app", App::default()).call_route().into_backend();
    let request = AdmissionReviewRequest::default();
    assert_eq!(refusal(backend.review_admission(CallContext::new(), request).await).0, Code::Unimplemented);
    let request = VersionConversionRequest::default();
    assert_eq!(refusal(backend.convert_versions(CallContext::new(), request).await).0, Code::Unimplemented);
    let request = RouteRequest::default();
    assert_eq!(refusal(backend.call_route(CallContext::new(), request).await).0, Code::FailedPrecondition);
}

#[tokio::test]
async fn an_admission_passes_each_rule_or_fails_by_its_code() {
    let app = App::default();
    let reached = Arc::clone(&app.reached);
    let backend = plugin(app).authenticate(Table).into_backend();
    let mut id = with("a.ext org-2");
    id.add_metadata("x-id-token", "any");
    let mut twice = with("a.ext org-2");
    twice.add_metadata("x-access-token", "a.ext org-2");
    let cases = [
        (CallContext::new(), review("a.ext", OBJECT), Code::Unauthenticated),
        (id, review("a.ext", OBJECT), Code::Unauthenticated),
        (twice, review("a.ext", OBJECT), Code::Unauthenticated),
        (with("forged"), review("a.ext", OBJECT), Code::Unauthenticated),
        // Whoever has no valid token learns nothing about the request.
        (with("forged"), review("", ""), Code::Unauthenticated),
        (with("a.ext org-2"), review("", OBJECT), Code::InvalidArgument),
        (with("a.ext org-2"), review("a.ext", ""), Code::InvalidArgument),
        (with("a.ext org-2"), review("a.ext", "not JSON"), Code::InvalidArgument),
        (with("b.ext org-2"), review("a.ext", OBJECT), Code::PermissionDenied),
        (with("a.ext org-3"), review("a.ext", OBJECT), Code::PermissionDenied),
        (with("a.ext org-2"), review("a.ext", "{}"), Code::PermissionDenied),
    ];
    for (cx, request, code) in cases {
        let seen = format!("{request:?}");
        assert_eq!(refusal(backend.review_admission(cx, request).await).0, code, "{seen}");
    }
    // Both objects must be of the token's namespace.
    let moved = AdmissionReviewRequest {
        old_object: Bytes::from(OBJECT.replace("org-2", "org-3")),
        ..review("a.ext", OBJECT)
    };
    let code = refusal(backend.review_admission(with("a.ext org-2"), moved.clone()).await).0;
    assert_eq!((code, reached.load(Ordering::Relaxed)), (Code::PermissionDenied, 0));

    for cx in [with("a.ext *"), with("p-app *")] {
        let answer = backend.review_admission(cx, moved.clone()).await.unwrap();
        assert_eq!((answer.allowed, answer.warnings), (true, vec!["svc".to_owned()]));
    }
    let gone = AdmissionReviewRequest { object: Bytes::new(), ..moved };
    assert!(backend.review_admission(with("a.ext org-3"), gone).await.unwrap().allowed);
    assert_eq!(reached.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_conversion_passes_each_rule_or_fails_by_its_code() {
    let backend = plugin(App::default()).authenticate(Table).into_backend();
    let elsewhere = OBJECT.replace("org-2", "org-3");
    let cases: [(&str, Objects<'_>, Code); 6] = [
        ("a.ext org-2", &[], Code::InvalidArgument),
        ("a.ext org-2", &[("", OBJECT)], Code::InvalidArgument),
        ("a.ext org-2", &[("a.ext", OBJECT), ("b.ext", OBJECT)], Code::InvalidArgument),
        ("a.ext org-2", &[("a.ext", OBJECT), ("a.ext", "")], Code::InvalidArgument),
        // What the request itself says of its group doesn't count.
        ("not.trusted org-2", &[("a.ext", OBJECT)], Code::PermissionDenied),
        ("a.ext org-2", &[("a.ext", OBJECT), ("a.ext", &elsewhere)], Code::PermissionDenied),
    ];
    for (token, objects, code) in cases {
        let answer = backend.convert_versions(with(token), conversion("", objects)).await;
        assert_eq!(refusal(answer).0, code, "{token} {objects:?}");
    }
    let request = conversion("", &[("a.ext", OBJECT)]);
    let answer = backend.convert_versions(with("a.ext org-2"), request).await.unwrap();
    assert_eq!((answer.uid.as_str(), answer.converted.len()), ("u1", 1));
}

#[tokio::test]
async fn a_route_passes_each_rule_or_fails_by_its_code() {
    let backend = plugin(App::default()).authenticate(Table).into_backend();
    let cases = [
        ("forged", route("a.ext", "org-2", ""), Code::Unauthenticated),
        ("a.ext org-2", route("", "org-2", ""), Code::InvalidArgument),
        ("b.ext org-2", route("a.ext", "org-2", ""), Code::PermissionDenied),
        ("a.ext org-2", route("a.ext", "org-3", ""), Code::PermissionDenied),
        ("a.ext org-2", route("a.ext", "", ""), Code::PermissionDenied),
    ];
    for (token, request, code) in cases {
        let seen = format!("{request:?}");
        assert_eq!(refusal(backend.call_route(with(token), request).await).0, code, "{seen}");
    }
    for (token, namespace) in [("a.ext org-2", "org-2"), ("a.ext *", "org-2"), ("p-app *", "")] {
        let request = route("a.ext", namespace, "token");
        let mut pieces = backend.call_route(with(token), request).await.unwrap();
        assert_eq!(
            pieces.next().await.unwrap().unwrap().body,
            token,
            "handed on for calls on the caller's behalf"
        );
    }
}

#[tokio::test]
async fn without_authentication_the_rules_about_requests_stay() {
    let backend = plugin(App::default()).without_authentication().into_backend();
    let cx = CallContext::new;
    assert_eq!(refusal(backend.review_admission(cx(), review("", OBJECT)).await).0, Code::InvalidArgument);
    assert_eq!(refusal(backend.review_admission(cx(), review("a.ext", "")).await).0, Code::InvalidArgument);
    let answer = backend.review_admission(cx(), review("a.ext", "{}")).await.unwrap();
    assert_eq!(answer.warnings, ["nobody"]);
    let mut pieces = backend.call_route(with("unchecked"), route("a.ext", "", "token")).await.unwrap();
    assert_eq!(
        pieces.next().await.unwrap().unwrap().body,
        "none",
        "a token nobody has checked is no identity"
    );
}

#[tokio::test]
async fn objects_above_the_limit_are_refused_with_both_numbers() {
    let limits = Limits { object_bytes: 1_000, ..Limits::default() };
    let backend = plugin(App::default()).without_authentication().limits(limits).into_backend();
    let cx = CallContext::new;
    let large = format!("{{\"spec\":\"{}\"}}", "x".repeat(1_000));
    let cases = [
        (review("a.ext", large.clone()), "object has 1011 bytes"),
        (
            AdmissionReviewRequest { old_object: large.clone().into(), ..review("a.ext", OBJECT) },
            "old_object has 1011",
        ),
    ];
    for (request, expected) in cases {
        let (code, text) = refusal(backend.review_admission(cx(), request).await);
        assert_eq!(code, Code::ResourceExhausted);
        assert!(text.contains(expected) && text.contains("at most 1000 (Limits::object_bytes)"), "{text}");
    }
    let request = conversion("", &[("a.ext", OBJECT), ("a.ext", &large)]);
    let (code, text) = refusal(backend.convert_versions(cx(), request).await);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(text.contains("objects[1] has 1011 bytes"), "{text}");
    // The plugin's own answers have the same limit.
    let (code, text) = refusal(backend.review_admission(cx(), review("a.ext", r#"{"grow":1}"#)).await);
    assert_eq!(code, Code::Internal);
    assert!(text.contains("object has 2000 bytes"), "{text}");
    let request = conversion("long", &[("a.ext", OBJECT)]);
    let (code, text) = refusal(backend.convert_versions(cx(), request).await);
    assert_eq!(code, Code::Internal);
    assert!(text.contains("converted[0] has 2000 bytes"), "{text}");
}

#[tokio::test]
async fn converted_objects_are_the_asked_ones() {
    let backend = plugin(App::default()).without_authentication().into_backend();
    let second = OBJECT.replace("\"n\"", "\"m\"");
    let convert = async |way| {
        let request = conversion(way, &[("a.ext", OBJECT), ("a.ext", &second)]);
        backend.convert_versions(CallContext::new(), request).await
    };
    let answer = convert("").await.unwrap();
    assert_eq!(answer.converted[1].raw, second.replace("v1", "v2"));
    let refused = convert("refuse").await.unwrap();
    assert_eq!((refused.error.unwrap().code, refused.converted.len()), (422, 0), "none on failure");
    for (way, expected) in [
        ("few", "1 objects, expected 2"),
        ("reverse", "converted[0] is \"m\" of namespace \"org-2\", expected \"n\" of \"org-2\""),
        ("same", "converted[0] has apiVersion \"a.ext/v1\", expected \"a.ext/v2\""),
        ("text", "converted[0] is no JSON object"),
    ] {
        let (code, text) = refusal(convert(way).await);
        assert_eq!(code, Code::Internal, "{way}");
        assert!(text.contains(expected) && !text.contains("s3cret"), "{way}: {text}");
    }
}

#[tokio::test]
async fn a_route_answers_with_a_status_and_a_content_type() {
    let backend = plugin(App::default()).without_authentication().into_backend();
    let call = async |path| backend.call_route(CallContext::new(), route("a.ext", "", path)).await;
    for (path, status, content_type) in [
        ("page", 200, Some("text/html; charset=utf-8")),
        ("pieces", 200, Some("application/pdf")),
        ("empty", 204, None),
        ("", 200, Some("x/y")),
    ] {
        let mut pieces = call(path).await.unwrap();
        let first = pieces.next().await.unwrap().unwrap();
        assert_eq!((first.status, first.headers.get("content-type")), (status, content_type), "{path}");
        while let Some(piece) = pieces.next().await {
            assert_eq!(piece.unwrap().headers, MultiHeaders::new(), "{path}");
        }
    }
    for (path, found) in [("low", "99"), ("high", "1000")] {
        let (code, text) = refusal(call(path).await);
        assert_eq!(code, Code::Internal);
        assert!(text.contains(found) && text.contains("100 to 999"), "{text}");
    }
}

#[tokio::test]
async fn a_panic_is_that_calls_error() {
    let backend = plugin(App::default()).without_authentication().into_backend();
    let request = review("a.ext", r#"{"panic":1}"#);
    let (code, text) = refusal(backend.review_admission(CallContext::new(), request).await);
    assert_eq!((code, text.as_str()), (Code::Unknown, "panic triggered: as you wished"));
    assert!(backend.review_admission(CallContext::new(), review("a.ext", OBJECT)).await.unwrap().allowed);
}

#[tokio::test]
async fn a_plugin_with_instances_gets_one_of_an_app_without_settings() {
    let plugin = Plugin::with_instances("p-app", async |cx| {
        assert!(cx.data_source.is_none() && cx.app.is_some());
        Ok(App::default())
    });
    let (backend, capabilities, _) = plugin.review_admission().without_authentication().into_parts();
    assert!(
        capabilities.contains(&Capability::ReviewAdmission) && !capabilities.contains(&Capability::CallRoute)
    );
    for _ in 0..2 {
        assert!(backend.review_admission(CallContext::new(), review("a.ext", OBJECT)).await.unwrap().allowed);
    }
}
