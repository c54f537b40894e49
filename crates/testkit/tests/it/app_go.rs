//! Apps and the other implementation: a Go host calls our app with tokens it signs, our host calls a Go app. Without Go
//! these say so.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use graftwire_host::{LaunchOptions, LinkOptions, LogBook, Plugin, PluginSpec, Support};
use graftwire_model::*;
use graftwire_testkit::go;
use serde_json::{Value, json};

const REVIEW: &str = "/grafana.plugin.v3.AdmissionService/AdmissionReview";
const CONVERT: &str = "/grafana.plugin.v3.ConversionService/ConvertObjects";
const ROUTE: &str = "/grafana.plugin.v3.RouteService/CallRoute";

const OBJECT: &str = r#"{"apiVersion":"a.ext/v1","metadata":{"name":"n","namespace":"org-2"}}"#;

fn app_plugin() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/app_plugin")
}

fn descriptors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/src/descriptors.bin")
}

/// What `apphost` says of each call to our app.
fn call_from_go(arguments: &[&str], calls: &[Value]) -> Option<Vec<Value>> {
    let mut host = Command::new(go::program("apphost")?)
        .arg("--plugin")
        .arg(app_plugin())
        .args(arguments)
        .env("GRAFTWIRE_DESCRIPTORS", descriptors())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = host.stdin.take().unwrap();
    for call in calls {
        writeln!(input, "{call}").unwrap();
    }
    drop(input);
    let output = host.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let outcomes: Vec<Value> =
        serde_json::Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(outcomes.len(), calls.len(), "{said}");
    // Nothing that is signed may show in what the plugin logs.
    assert!(!said.contains("eyJ"), "{said}");
    Some(outcomes)
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text.as_bytes()
        .chunks(3)
        .map(|three| {
            let number = three.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
                << (8 * (3 - three.len()));
            (0..4)
                .map(|at| match at <= three.len() {
                    true => char::from(DIGITS[(number >> (18 - 6 * at)) as usize & 63]),
                    false => '=',
                })
                .collect::<String>()
        })
        .collect()
}

fn review(object: &str) -> Value {
    json!({"operation": "OPERATION_CREATE", "kind": {"group": "a.ext", "version": "v1", "kind": "K"}, "objectBytes": base64(object)})
}

fn conversion() -> Value {
    let object = json!({"gvk": {"group": "a.ext", "version": "v1", "kind": "K"}, "raw": base64(OBJECT)});
    json!({"uid": "u1", "targetVersion": "v2", "objects": [object]})
}

fn route(path: &str) -> Value {
    json!({"group": "a.ext", "version": "v1", "namespace": "org-2", "path": path, "method": "POST", "body": base64("body")})
}

/// A call with a token of these claims.
fn call(path: &str, claims: Value, request: Value) -> Value {
    json!({"path": path, "claims": claims, "request": request})
}

fn good() -> Value {
    json!({"aud": ["a.ext"], "namespace": "org-2"})
}

#[test]
fn a_go_host_calls_our_app_with_tokens_it_signs() {
    let refuse = r#"{"metadata":{"namespace":"org-2"},"spec":{"refuse":"no"}}"#;
    let without = |path: &str, metadata: Value, request: Value| json!({"path": path, "metadata": metadata, "request": request});
    let mut twice = call(ROUTE, good(), route("who"));
    twice["metadata"] = json!({"x-access-token": ["another"]});
    let mut with_id = call(ROUTE, good(), route("who"));
    with_id["metadata"] = json!({"x-id-token": ["any"]});
    let calls = [
        (call(REVIEW, good(), review(OBJECT)), "OK"),
        (call(REVIEW, good(), review(refuse)), "OK"),
        (call(CONVERT, good(), conversion()), "OK"),
        (call(ROUTE, good(), route("who")), "OK"),
        (call(ROUTE, json!({"aud": "graftwire-odd-app", "namespace": "*"}), route("echo")), "OK"),
        (without(ROUTE, json!({}), route("who")), "Unauthenticated"),
        (without(ROUTE, json!({"x-access-token": ["forged"]}), route("who")), "Unauthenticated"),
        (twice, "Unauthenticated"),
        (with_id, "Unauthenticated"),
        (
            call(ROUTE, json!({"aud": ["a.ext"], "namespace": "org-2", "exp": 1000}), route("who")),
            "Unauthenticated",
        ),
        (call(ROUTE, json!({"aud": ["b.ext"], "namespace": "org-2"}), route("who")), "Unauthenticated"),
        (call(ROUTE, json!({"aud": ["a.ext"], "namespace": "org-3"}), route("who")), "PermissionDenied"),
        (call(REVIEW, json!({"aud": ["a.ext"], "namespace": "org-3"}), review(OBJECT)), "PermissionDenied"),
        (call(REVIEW, good(), json!({"kind": {"group": "a.ext"}})), "InvalidArgument"),
        (call(CONVERT, good(), json!({})), "InvalidArgument"),
        (call(ROUTE, good(), json!({"namespace": "org-2"})), "InvalidArgument"),
    ];
    let (asked, codes): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
    let Some(outcomes) = call_from_go(&["--sign"], &asked) else { return };
    let found: Vec<_> = outcomes.iter().map(|outcome| outcome["code"].as_str().unwrap()).collect();
    assert_eq!(found, codes, "{outcomes:#?}");

    let answer = |at: usize| &outcomes[at]["answers"][0];
    assert_eq!(answer(0), &json!({"allowed": true}));
    assert_eq!(
        answer(1)["error"],
        json!({"status": "Failure", "message": "no", "reason": "Invalid", "code": 422})
    );
    assert_eq!(answer(2)["uid"], "u1");
    assert_eq!(answer(2)["converted"][0]["raw"], base64(&OBJECT.replace("/v1", "/v2")));
    assert_eq!(answer(3)["body"], base64("access-policy:apphost"));
    assert_eq!((&answer(4)["code"], &answer(4)["body"]), (&json!(200), &json!(base64("body"))));
}

#[test]
fn a_go_host_is_let_in_by_an_open_app_alone_and_under_both_names() {
    let plain = |path: &str, request: Value| json!({"path": path, "request": request});
    let mut draft = plain(ROUTE, route("who"));
    draft["as"] = json!("/plugin.v3.RouteService/CallRoute");
    let calls =
        [plain(ROUTE, route("who")), plain(REVIEW, review(OBJECT)), plain(CONVERT, conversion()), draft];
    let open = ["--env", "GF_PLUGIN_INSECURE=true"];
    let both = ["--env", "GF_PLUGIN_INSECURE=true", "--env", "GF_PLUGIN_DRAFT=true"];
    for (arguments, codes) in [
        (&[][..], ["FailedPrecondition", "FailedPrecondition", "FailedPrecondition", "Unimplemented"]),
        (&open, ["OK", "OK", "OK", "Unimplemented"]),
        (&both, ["OK", "OK", "OK", "OK"]),
    ] {
        let Some(outcomes) = call_from_go(arguments, &calls) else { return };
        let found: Vec<_> = outcomes.iter().map(|outcome| outcome["code"].as_str().unwrap()).collect();
        assert_eq!(found, codes, "{arguments:?}: {outcomes:#?}");
    }
}

/// The Go app, in one of its ways.
async fn go_app(way: &str, calls: LinkOptions) -> Option<Plugin> {
    let spec = PluginSpec::of_executable(go::program("appplugin")?).with_id("graftwire-goapp-app");
    let options = LaunchOptions::new()
        .variable("GRAFTWIRE_DESCRIPTORS", descriptors().display().to_string())
        .variable("GRAFTWIRE_APP", way);
    Some(Plugin::start_with(&spec, &options, &calls, LogBook::new("app", 100)).await.unwrap())
}

fn model_review() -> AdmissionReviewRequest {
    AdmissionReviewRequest {
        operation: Some(AdmissionOperation::Delete),
        kind: GroupVersionKind { group: "a.ext".to_owned(), version: "v1".to_owned(), kind: "K".to_owned() },
        object: Bytes::from_static(OBJECT.as_bytes()),
        old_object: Bytes::from_static(b"{}"),
    }
}

fn model_conversion(uid: &str) -> VersionConversionRequest {
    let object = VersionedObject { kind: model_review().kind, raw: Bytes::from_static(OBJECT.as_bytes()) };
    VersionConversionRequest {
        api: GroupVersion { group: "a.ext".to_owned(), version: "v1".to_owned() },
        uid: uid.to_owned(),
        objects: vec![object; 2],
        target_version: "v2".to_owned(),
    }
}

async fn call_route(plugin: &Plugin, path: &str) -> Result<Vec<ResourcePiece>, CallError> {
    let request = RouteRequest {
        group: "a.ext".to_owned(),
        path: path.to_owned(),
        url: "/p?q=1".to_owned(),
        parent: Some(RouteParent { resource_version: "7".to_owned(), ..RouteParent::default() }),
        ..RouteRequest::default()
    };
    let mut pieces = plugin.backend().call_route(CallContext::new(), request).await?;
    let mut all = Vec::new();
    while let Some(piece) = pieces.next().await {
        all.push(piece?);
    }
    Ok(all)
}

#[tokio::test]
async fn our_host_calls_a_go_app() {
    let Some(plugin) = go_app("", LinkOptions::default()).await else { return };
    let backend = plugin.backend();
    let mut cx = CallContext::new();
    cx.add_metadata("x-access-token", "a-token");
    let answer = backend.review_admission(cx, model_review()).await.unwrap();
    let seen: Value = serde_json::from_str(&answer.warnings[0]).unwrap();
    let kind = json!({"group": "a.ext", "version": "v1", "kind": "K"});
    assert_eq!((&seen["operation"], &seen["kind"]), (&json!("OPERATION_DELETE"), &kind));
    assert_eq!(
        (seen["oldObjectBytes"].as_str().unwrap(), answer.warnings[1].as_str()),
        (base64("{}").as_str(), "a-token")
    );
    assert_eq!((answer.allowed, answer.object.as_ref()), (false, OBJECT.as_bytes()));
    let error = answer.error.unwrap();
    let details = error.details.unwrap();
    assert_eq!(
        (error.code, error.reason.as_str(), details.retry_after),
        (422, "Invalid", Duration::from_secs(7))
    );
    assert_eq!(details.causes[0].field, "spec.a");

    let answer = backend.convert_versions(CallContext::new(), model_conversion("u1")).await.unwrap();
    assert_eq!((answer.uid.as_str(), answer.converted.len()), ("u1", 2));
    assert_eq!(answer.converted[1].raw, OBJECT.replace("/v1", "/v2"));
    for (uid, expected) in [
        ("few", "converted: 1 objects; expected 2"),
        ("other", "uid: \"another\"; expected the request's, \"other\""),
    ] {
        let error = backend.convert_versions(CallContext::new(), model_conversion(uid)).await.unwrap_err();
        assert_eq!(error.code(), Code::Internal);
        assert!(error.message().contains(expected), "{error}");
    }

    let pieces = call_route(&plugin, "songs").await.unwrap();
    assert_eq!((pieces.len(), pieces[0].status, pieces[0].headers.get_all("X-Two").count()), (2, 201, 2));
    assert_eq!((pieces[1].status, pieces[1].headers.is_empty()), (0, true), "later heads don't count");
    let seen: Value = serde_json::from_slice(&pieces[1].body).unwrap();
    assert_eq!(
        (&seen["path"], &seen["url"], &seen["parent"]),
        (&json!("songs"), &json!("/p?q=1"), &json!({"rv": "7"}))
    );
    assert_eq!(call_route(&plugin, "code/0").await.unwrap()[0].status, 200);
    assert_eq!(call_route(&plugin, "code/999").await.unwrap()[0].status, 999);
    for code in ["42", "1000", "-1"] {
        let error = call_route(&plugin, &format!("code/{code}")).await.unwrap_err();
        assert!(error.message().contains(&format!("code: {code} is no HTTP status")), "{error}");
    }
    assert_eq!(call_route(&plugin, "fail").await.unwrap_err().code(), Code::NotFound);
    assert!(call_route(&plugin, "none").await.unwrap().is_empty());

    let context = PluginContext { app: Some(AppInstanceSettings::default()), ..PluginContext::default() };
    let health = HealthRequest { context: context.clone(), ..HealthRequest::default() };
    assert_eq!(backend.check_health(CallContext::new(), health).await.unwrap().message, "the Go app is well");
    let found = plugin.capabilities_for(&context).await;
    for capability in [Capability::ReviewAdmission, Capability::ConvertVersions, Capability::CallRoute] {
        assert_eq!(found.support[&capability], Support::Yes, "{capability}");
    }
    assert!(plugin.stop().await.orderly);
}

#[tokio::test]
async fn what_a_go_app_lacks_is_one_answer_however_it_is_absent() {
    let Some(plugin) = go_app("route", LinkOptions::default()).await else { return };
    let error = plugin.backend().review_admission(CallContext::new(), model_review()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented, "{error}");
    let found = plugin.capabilities().await;
    assert_eq!(found.support[&Capability::CallRoute], Support::Yes);
    assert_eq!(found.support[&Capability::ReviewAdmission], Support::No);
    plugin.stop().await;

    let mut drafted = LinkOptions::default();
    drafted.draft_names = true;
    let Some(plugin) = go_app("draft", drafted).await else { return };
    assert_eq!(call_route(&plugin, "songs").await.unwrap()[0].status, 201);
    plugin.stop().await;
    let Some(plugin) = go_app("draft", LinkOptions::default()).await else { return };
    assert_eq!(call_route(&plugin, "songs").await.unwrap_err().code(), Code::Unimplemented);
    plugin.stop().await;
}
