//! An app's API group over every wire: every field both ways, missing handlers, limits, the draft's names.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use graftwire_host::{LinkOptions, Support};
use graftwire_model::*;
use graftwire_sdk::app::{
    AppContext, CallRoute, Caller, ConvertVersions, ReviewAdmission, TokenError, VerifyToken,
};
use graftwire_sdk::prelude::{Plugin, ResourceResponse};
use graftwire_testkit::{Pair, Wire};

/// Answers with what it was asked, printed, so that a test sees every field.
struct App;

impl ReviewAdmission for App {
    async fn review_admission(
        &self,
        _cx: &AppContext,
        request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        let kind = &request.kind;
        let seen = format!("{:?} {}/{} {}", request.operation, kind.group, kind.version, kind.kind);
        let cause = ApiStatusCause {
            reason: "FieldValueInvalid".to_owned(),
            message: "too large".to_owned(),
            field: "spec.a".to_owned(),
        };
        let details = ApiStatusDetails {
            name: "n".to_owned(),
            group: "g".to_owned(),
            kind: "k".to_owned(),
            uid: "u".to_owned(),
            causes: vec![cause],
            retry_after: Duration::from_secs(7),
        };
        let mut error = ApiStatus::failure(422, "Invalid", "not so");
        error.details = Some(details);
        Ok(AdmissionReviewResponse {
            warnings: vec![seen, String::from_utf8_lossy(&request.old_object).into_owned()],
            object: request.object,
            ..AdmissionReviewResponse::refuse(error)
        })
    }
}

impl ConvertVersions for App {
    async fn convert_versions(
        &self,
        _cx: &AppContext,
        request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        let api = format!("{}/{}", request.api.group, request.api.version);
        let converted = request.objects.iter().map(|object| ConvertedObject {
            raw: String::from_utf8_lossy(&object.raw).replace("/v1", "/v2").into(),
            warnings: vec![api.clone(), object.kind.kind.clone()],
        });
        Ok(VersionConversionResponse {
            converted: converted.collect(),
            ..VersionConversionResponse::default()
        })
    }
}

impl CallRoute for App {
    async fn call_route(
        &self,
        cx: &AppContext,
        request: RouteRequest,
    ) -> Result<ResourceResponse, CallError> {
        match request.path.as_str() {
            "large" => {
                let pieces = (0..64).map(|_| Bytes::from(vec![b'x'; 64 * 1024]));
                return Ok(ResourceResponse::pieces(200, "x/y", ReplyStream::from_items(pieces)));
            }
            "fail" => return Err(CallError::new(Code::NotFound, "no such song ✗")),
            _ => {}
        }
        let parent = request.parent.unwrap_or_default();
        let seen = format!(
            "{} {}/{} ns={} {}/{}@{} {} {} {} {} {:?}",
            request.method,
            request.group,
            request.version,
            request.namespace,
            parent.resource,
            parent.name,
            parent.resource_version,
            String::from_utf8_lossy(&parent.raw),
            request.path,
            request.url,
            request.headers.get_all("x-in").collect::<Vec<_>>().join("+"),
            cx.call.metadata("x-trace"),
        );
        let mut response = ResourceResponse::new(201, "x/y", request.body);
        response.headers.append("X-Seen", seen);
        response.headers.append("X-Two", "1");
        response.headers.append("X-Two", "2");
        Ok(response)
    }
}

fn app() -> Plugin<App> {
    Plugin::single("p-app", App).review_admission().convert_versions().call_route().without_authentication()
}

/// Whether apps can be reached over a wire at all: their services stand beside those of version 2.
fn carries_apps(wire: Wire) -> bool {
    wire.carries(Capability::CallRoute)
}

const OBJECT: &str = r#"{"apiVersion":"a.ext/v1","metadata":{"name":"n"}}"#;

fn kind() -> GroupVersionKind {
    GroupVersionKind { group: "a.ext".to_owned(), version: "v1".to_owned(), kind: "K".to_owned() }
}

fn review() -> AdmissionReviewRequest {
    AdmissionReviewRequest {
        operation: Some(AdmissionOperation::Update),
        kind: kind(),
        object: Bytes::from_static(OBJECT.as_bytes()),
        old_object: Bytes::from_static(b"{ }"),
    }
}

fn conversion() -> VersionConversionRequest {
    VersionConversionRequest {
        api: GroupVersion { group: "g".to_owned(), version: "v".to_owned() },
        uid: "u1".to_owned(),
        objects: vec![VersionedObject { kind: kind(), raw: Bytes::from_static(OBJECT.as_bytes()) }; 2],
        target_version: "v2".to_owned(),
    }
}

fn route(path: &str) -> RouteRequest {
    RouteRequest {
        group: "a.ext".to_owned(),
        version: "v1".to_owned(),
        namespace: "org-2".to_owned(),
        parent: Some(RouteParent {
            resource: "songs".to_owned(),
            name: "s".to_owned(),
            resource_version: "7".to_owned(),
            raw: Bytes::from_static(b"raw"),
        }),
        path: path.to_owned(),
        method: "PUT".to_owned(),
        url: "/x?y=1".to_owned(),
        headers: BTreeMap::from([("X-In".to_owned(), vec!["1".to_owned(), "2".to_owned()])]).into(),
        body: Bytes::from_static(b"body"),
    }
}

/// The pieces of a route's answer.
async fn pieces(backend: &dyn Backend, request: RouteRequest) -> Result<Vec<ResourcePiece>, CallError> {
    let mut cx = CallContext::new();
    cx.add_metadata("X-Trace", "abc");
    let mut stream = backend.call_route(cx, request).await?;
    let mut pieces = Vec::new();
    while let Some(piece) = stream.next().await {
        pieces.push(piece?);
    }
    Ok(pieces)
}

#[tokio::test]
async fn every_field_reaches_the_app_and_comes_back() {
    for wire in Wire::all() {
        let pair = Pair::open(app(), wire).await.unwrap();
        let backend = pair.backend();
        let cx = CallContext::new;
        if !carries_apps(wire) {
            let error = backend.review_admission(cx(), review()).await.unwrap_err();
            assert_eq!(error.code(), Code::Unimplemented, "{wire}");
            continue;
        }
        let reviewed = backend.review_admission(cx(), review()).await.unwrap();
        assert_eq!(reviewed.warnings, ["Some(Update) a.ext/v1 K", "{ }"], "{wire}");
        assert_eq!((reviewed.allowed, reviewed.object.as_ref()), (false, OBJECT.as_bytes()), "{wire}");
        let error = reviewed.error.unwrap();
        let seen = (error.status.as_str(), error.code, error.reason.as_str(), error.message.as_str());
        assert_eq!(seen, ("Failure", 422, "Invalid", "not so"), "{wire}");
        let details = error.details.unwrap();
        assert_eq!(details.retry_after, Duration::from_secs(7), "{wire}");
        assert_eq!([details.name, details.group, details.kind, details.uid], ["n", "g", "k", "u"], "{wire}");
        let cause = &details.causes[0];
        assert_eq!(
            [&cause.reason, &cause.message, &cause.field],
            ["FieldValueInvalid", "too large", "spec.a"]
        );

        let converted = backend.convert_versions(cx(), conversion()).await.unwrap();
        assert_eq!((converted.uid.as_str(), converted.converted.len()), ("u1", 2), "{wire}");
        assert_eq!(converted.converted[1].raw, OBJECT.replace("/v1", "/v2"), "{wire}");
        assert_eq!(converted.converted[1].warnings, ["g/v", "K"], "{wire}");

        let answer = pieces(backend.as_ref(), route("a/b c")).await.unwrap();
        assert_eq!((answer.len(), answer[0].status, answer[0].body.as_ref()), (1, 201, b"body".as_slice()));
        assert_eq!(
            answer[0].headers.get("x-seen"),
            Some("PUT a.ext/v1 ns=org-2 songs/s@7 raw a/b c /x?y=1 1+2 Some(\"abc\")"),
            "{wire}"
        );
        assert_eq!(answer[0].headers.get_all("X-Two").collect::<Vec<_>>(), ["1", "2"], "{wire}");
    }
}

#[tokio::test]
async fn a_route_streams_and_fails_as_it_says() {
    for wire in Wire::all().filter(|wire| carries_apps(*wire)) {
        let pair = Pair::open(app(), wire).await.unwrap();
        let answer = pieces(pair.backend().as_ref(), route("large")).await.unwrap();
        assert_eq!(answer.iter().map(|piece| piece.body.len()).sum::<usize>(), 4 * 1024 * 1024, "{wire}");
        assert_eq!((answer.len(), answer[0].status, answer[1].status), (64, 200, 0), "{wire}");
        let error = pieces(pair.backend().as_ref(), route("fail")).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::NotFound, "no such song ✗"), "{wire}");
    }
}

#[tokio::test]
async fn a_missing_handler_and_a_missing_service_look_the_same() {
    for wire in Wire::all() {
        let one = Pair::open(Plugin::single("p-app", App).call_route(), wire).await.unwrap();
        let none = Pair::open(Plugin::single("p-app", App), wire).await.unwrap();
        for pair in [&one, &none] {
            let backend = pair.backend();
            let review = backend.review_admission(CallContext::new(), review()).await.unwrap_err();
            let convert = backend.convert_versions(CallContext::new(), conversion()).await.unwrap_err();
            assert_eq!([review.code(), convert.code()], [Code::Unimplemented; 2], "{wire}");
        }
        let context = PluginContext::default();
        let found = one.capabilities(&context).await;
        let route = if carries_apps(wire) { Support::Yes } else { Support::No };
        assert_eq!(found.support[&Capability::CallRoute], route, "{wire}");
        assert_eq!(found.support[&Capability::ReviewAdmission], Support::No, "{wire}");
        assert_eq!(found.support[&Capability::ConvertVersions], Support::No, "{wire}");
        assert_eq!(none.capabilities(&context).await.support[&Capability::CallRoute], Support::No, "{wire}");
    }
}

#[tokio::test]
async fn a_request_above_the_limit_is_refused_with_both_numbers() {
    for wire in Wire::all().filter(|wire| carries_apps(*wire)) {
        let backend = Pair::open(app(), wire).await.unwrap();
        let backend = backend.backend();
        // Above what an object may have, and above what a message may have.
        for (bytes, found, limit) in [
            (3 * 1024 * 1024 + 1, "3145729 bytes", "at most 3145728"),
            (16 * 1024 * 1024, "16777", "at most 16777216"),
        ] {
            let request = AdmissionReviewRequest { object: vec![b' '; bytes].into(), ..review() };
            let error = backend.review_admission(CallContext::new(), request).await.unwrap_err();
            assert_eq!(error.code(), Code::ResourceExhausted, "{wire}: {error}");
            assert!(error.message().contains(found) && error.message().contains(limit), "{error}");
        }
        assert!(
            backend.review_admission(CallContext::new(), review()).await.is_ok(),
            "{wire}: as good as before"
        );
    }
}

/// Takes one word.
struct Word;

impl VerifyToken for Word {
    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller, TokenError>> {
        Box::pin(async move {
            match token {
                "s3cret" => Ok(Caller {
                    audience: vec!["p-app".to_owned()],
                    namespace: "*".to_owned(),
                    ..Caller::default()
                }),
                _ => Err(TokenError::invalid("it is another word")),
            }
        })
    }
}

#[tokio::test]
async fn tokens_travel_as_metadata_and_come_through_once_each() {
    for wire in Wire::all().filter(|wire| carries_apps(*wire)) {
        let plugin = Plugin::single("p-app", App).review_admission().authenticate(Word);
        let pair = Pair::open(plugin, wire).await.unwrap();
        let call = async |tokens: &[(&str, &str)]| {
            let mut cx = CallContext::new();
            for (key, token) in tokens {
                cx.add_metadata(key, *token);
            }
            assert!(!format!("{cx:?}").contains("s3cret"));
            let answer = pair.backend().review_admission(cx, review()).await;
            answer.map(|answer| answer.allowed).map_err(|error| {
                assert!(!format!("{error:?} {error}").contains("s3cret"), "{error}");
                error.code()
            })
        };
        let (access, id) = ("x-access-token", "x-id-token");
        assert_eq!(call(&[(access, "s3cret")]).await, Ok(false), "{wire}: refused by the app itself");
        assert_eq!(call(&[]).await, Err(Code::Unauthenticated), "{wire}");
        assert_eq!(
            call(&[(access, "s3cret"), (access, "s3cret")]).await,
            Err(Code::Unauthenticated),
            "{wire}"
        );
        assert_eq!(call(&[(access, "s3cret"), (id, "any")]).await, Err(Code::Unauthenticated), "{wire}");
        assert_eq!(call(&[(access, "s3cret2")]).await, Err(Code::Unauthenticated), "{wire}");
    }
}

#[tokio::test]
async fn the_drafts_names_are_served_and_asked_for_on_request() {
    for wire in Wire::in_memory().filter(|wire| carries_apps(*wire)) {
        for (serves, asks, works) in
            [(false, false, true), (true, false, true), (true, true, true), (false, true, false)]
        {
            let plugin = if serves { app().draft_names() } else { app() };
            let mut options = LinkOptions::default();
            options.draft_names = asks;
            let pair = Pair::open_with(plugin, wire, options).await.unwrap();
            let answer = pair.backend().review_admission(CallContext::new(), review()).await;
            assert_eq!(answer.is_ok(), works, "{wire}: served {serves}, asked for {asks}");
            let found = pair.capabilities(&PluginContext::default()).await;
            assert_eq!(found.has(Capability::CallRoute), works, "{wire}: served {serves}, asked for {asks}");
            assert!(found.has(Capability::CollectMetrics), "{wire}: version 2 has the names it always had");
        }
    }
}
