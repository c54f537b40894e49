//! The host against a plugin of Grafana's Go SDK (`ci/interop/cmd/goplugin`), built here. Without Go these say so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use graftwire_host::{Channel, GrpcHealth, LaunchOptions, Level, Plugin, PluginSpec, Support};
use graftwire_model::{
    CallContext, CallError, Capability, Code, DataSourceInstanceSettings, PluginContext, Query, QueryRequest,
    QueryResponse,
};

use crate::fake::eventually;

/// The executable, built once; `None` without Go, which is an error on CI only.
pub(crate) fn executable() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(build).as_deref()
}

fn build() -> Option<PathBuf> {
    if Command::new("go").arg("version").output().is_err() {
        assert!(
            std::env::var_os("CI").is_none_or(|value| value != "true"),
            "Go is not installed, and CI=true"
        );
        crate::fake::tell("NOT RUN: the host against a Go plugin: Go is not installed");
        return None;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("interop/gpx_gopeer");
    let built = Command::new("go")
        .args(["build", "-buildvcs=false", "-trimpath", "-o"])
        .arg(&target)
        .arg("./cmd/goplugin")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ci/interop"))
        .output()
        .unwrap();
    assert!(built.status.success(), "go build: {}", String::from_utf8_lossy(&built.stderr));
    Some(target)
}

pub(crate) fn spec() -> Option<PluginSpec> {
    Some(PluginSpec::of_executable(executable()?).with_id("graftwire-gopeer-datasource"))
}

async fn started() -> Option<Plugin> {
    Some(Plugin::start(&spec()?, &LaunchOptions::new()).await.unwrap())
}

/// The Go SDK makes an instance per data source, so one must be named.
pub(crate) fn context() -> PluginContext {
    let settings =
        DataSourceInstanceSettings { uid: "u".to_owned(), json_data: "{}".into(), ..Default::default() };
    PluginContext {
        org_id: 1,
        plugin_id: "graftwire-gopeer-datasource".to_owned(),
        data_source: Some(settings),
        ..PluginContext::default()
    }
}

async fn query(
    plugin: &Plugin,
    cx: CallContext,
    kind: &str,
    json: &'static str,
) -> Result<QueryResponse, CallError> {
    let query =
        Query { ref_id: "A".to_owned(), query_type: kind.to_owned(), json: json.into(), ..Query::default() };
    let request = QueryRequest { context: context(), queries: vec![query], ..QueryRequest::default() };
    plugin.backend().query_data(cx, request).await
}

#[tokio::test]
async fn it_starts_answers_and_leaves() {
    let Some(plugin) = started().await else { return };
    let answer = query(&plugin, CallContext::new(), "types", "{}").await.unwrap();
    assert_eq!((answer.responses["A"].status, answer.responses["A"].frames.len()), (200, 1));
    assert!(plugin.ping().await.unwrap());
    assert!(plugin.usage().is_none_or(|usage| usage.threads > 1));
    let report = plugin.stop().await;
    assert!(report.orderly && report.exit.unwrap().is_success(), "{report:?}");
}

#[tokio::test]
async fn its_capabilities_are_all_found() {
    let Some(plugin) = started().await else { return };
    let found = plugin.capabilities_for(&context()).await;
    // Grafana's Go SDK has no services of an app's API group; images are made by plugins of another kind.
    let others =
        [Capability::ReviewAdmission, Capability::ConvertVersions, Capability::CallRoute, Capability::Render];
    for one in Capability::ALL {
        let expected = if others.contains(&one) { Support::No } else { Support::Yes };
        assert_eq!(found.support[&one], expected, "{one}: {found:?}");
    }
    assert_eq!(found.grpc_health, GrpcHealth::Serving);
    plugin.stop().await;
}

#[tokio::test]
async fn its_failures_are_told_apart() {
    let Some(plugin) = started().await else { return };
    let error = query(&plugin, CallContext::new(), "panic", "{}").await.unwrap_err();
    assert_eq!(error.code(), Code::Unknown);
    let soon = CallContext::new().with_deadline(Instant::now() + Duration::from_millis(200));
    let error = query(&plugin, soon, "sleep", r#"{"ms":60000}"#).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    eventually("the plugin has noticed that the caller left", || {
        plugin.logs().recent().iter().any(|record| record.message == "the caller left during sleep")
    })
    .await;
    let error = query(&plugin, CallContext::new(), "exit", r#"{"code":5}"#).await.unwrap_err();
    assert!(error.message().contains("has ended with exit code 5"), "{error}");
}

#[tokio::test]
async fn its_crash_is_an_error_in_the_log_and_in_the_answer() {
    let Some(plugin) = started().await else { return };
    let error = query(&plugin, CallContext::new(), "crash", "{}").await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("exit code 2"), "{error}");
    assert!(error.message().contains("goroutine"), "{error}");
    let panicked = |record: &graftwire_host::LogRecord| {
        record.level == Level::Error && record.message.starts_with("panic: asked to crash")
    };
    assert!(plugin.logs().recent().iter().any(|record| panicked(record)));
}

#[tokio::test]
async fn its_log_arrives_as_written() {
    let Some(plugin) = started().await else { return };
    query(&plugin, CallContext::new(), "log", "{}").await.unwrap();
    let find = |text: &str| plugin.logs().recent().iter().find(|record| record.message == text).cloned();
    for (text, level, channel) in [
        ("a debug line", Level::Debug, Channel::Stderr),
        ("an info line", Level::Info, Channel::Stderr),
        ("a warn line", Level::Warn, Channel::Stderr),
        ("an error line", Level::Error, Channel::Stderr),
        ("a plain line", Level::Debug, Channel::Stderr),
        ("[ERROR] a tagged error", Level::Error, Channel::Stderr),
        ("no timestamp", Level::Info, Channel::Stderr),
        ("text for GRPCStdio, channel stdout", Level::Debug, Channel::CarriedStdout),
        ("text for GRPCStdio, channel stderr", Level::Debug, Channel::CarriedStderr),
    ] {
        eventually(&format!("{text:?} is logged"), || find(text).is_some()).await;
        let record = find(text).unwrap();
        assert_eq!((record.level, record.channel), (level, channel), "{text}");
    }
    let info = find("an info line").unwrap();
    assert!(info.pairs.contains(&("float".to_owned(), "1.5".to_owned())), "{info:?}");
    plugin.stop().await;
}
