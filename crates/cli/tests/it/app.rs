//! Calls to an app's API group.

use std::fs;

use serde_json::json;

use crate::run::{app_plugin, bench_plugin, run, run_with_input};

const OBJECT: &str = r#"{"apiVersion":"a.ext/v1","kind":"K","metadata":{"name":"n","namespace":"default"}}"#;
const OPEN: [&str; 2] = ["--env", "GF_PLUGIN_INSECURE=true"];

#[test]
fn inspect_tells_what_an_app_can_do() {
    let seen = run(&["--json", "inspect", app_plugin(), OPEN[0], OPEN[1]]).expect_code(0).json();
    for capability in ["reviewAdmission", "convertVersions", "callRoute"] {
        assert_eq!(seen["capabilities"][capability], "yes", "{capability}");
    }
    // Who asks for tokens is found out as well: the methods are there.
    let seen = run(&["--json", "inspect", app_plugin()]).expect_code(0).json();
    assert_eq!(seen["capabilities"]["callRoute"], "yes");
    let seen = run(&["--json", "inspect", bench_plugin()]).expect_code(0).json();
    assert_eq!(seen["capabilities"]["callRoute"], "no");
}

#[test]
fn admission_says_whether_and_why_not() {
    let ran = run(&["admission", app_plugin(), OBJECT, OPEN[0], OPEN[1]]).expect_code(0);
    assert_eq!(ran.text(), "allowed\n");
    let refused = OBJECT.replace("\"kind\"", "\"spec\":{\"refuse\":\"too\\u001b[31m loud\"},\"kind\"");
    let ran = run(&["admission", app_plugin(), &refused, OPEN[0], OPEN[1]]).expect_code(1);
    assert!(ran.text().starts_with("refused  422 Invalid: too"), "{ran:?}");
    assert!(!ran.text().contains('\x1b'), "{ran:?}");
    let ran = run_with_input(
        &["--json", "admission", app_plugin(), "@-", "--operation", "delete", OPEN[0], OPEN[1]],
        OBJECT.as_bytes(),
    );
    assert_eq!(
        ran.expect_code(0).json(),
        json!({"allowed": true, "error": null, "warnings": [], "object": null})
    );
}

#[test]
fn conversion_prints_the_objects() {
    let arguments = ["conversion", app_plugin(), OBJECT, OBJECT, "--to", "v2", OPEN[0], OPEN[1]];
    let ran = run(&[&["--json"][..], &arguments].concat()).expect_code(0).json();
    assert_eq!(ran["converted"][1]["object"]["apiVersion"], "a.ext/v2");
    assert_eq!(run(&arguments).expect_code(0).text().matches("\"a.ext/v2\"").count(), 2);
}

#[test]
fn route_prints_the_body() {
    let call = |arguments: &[&str]| run(&[&["route", app_plugin(), "--group", "a.ext"], arguments].concat());
    let ran = call(&["echo", "--body", "hello", OPEN[0], OPEN[1]]).expect_code(0);
    assert_eq!(ran.text(), "hello");
    let ran =
        call(&["a/b?x=1", "--parent", "songs/s", "--namespace", "", "-i", OPEN[0], OPEN[1]]).expect_code(0);
    assert!(ran.text().starts_with("HTTP 201\nContent-Type: text/plain; charset=utf-8\n\n"), "{ran:?}");
    for seen in
        ["namespace: \"\"", "resource: \"songs\", name: \"s\"", "path: \"a/b\"", "method: \"GET\"", " x=1"]
    {
        assert!(ran.text().contains(seen), "{seen}: {ran:?}");
    }
}

#[test]
fn tokens_come_from_files_and_never_show() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "s3cret\n").unwrap();
    let keys = r#"GRAFANA_AUTHENTICATION_JWKS={"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;
    let with = ["route", app_plugin(), "who", "--group", "a.ext", "-v", "--token", token.to_str().unwrap()];
    let ran = run(&[&with[..], &["--env", keys]].concat()).expect_code(1);
    assert!(ran.stderr.contains("the access token is not valid"), "{ran:?}");
    assert!(!ran.stderr.contains("s3cret"), "{ran:?}");
    // Without any decision the plugin says what is missing.
    let ran = run(&with).expect_code(1);
    assert!(ran.stderr.contains("can't check access tokens"), "{ran:?}");
}

#[test]
fn what_is_no_object_or_no_app_is_said() {
    for object in ["{", "{}", "[]", r#"{"apiVersion":1,"kind":"K"}"#] {
        let ran = run(&["admission", app_plugin(), object]).expect_code(5);
        assert!(ran.stderr.contains("an object must be JSON with apiVersion"), "{ran:?}");
    }
    let ran = run(&["admission", bench_plugin(), OBJECT]).expect_code(1);
    assert!(ran.stderr.contains("gRPC 12: not implemented"), "{ran:?}");
}
