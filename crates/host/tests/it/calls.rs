//! Deadlines, metadata, limits, the wire's reports, and processes that die in a call.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use graftwire_host::{CallObserver, CallReport, LaunchOptions, LinkOptions, LogBook, Outcome, Plugin, Pulse};
use graftwire_model::{CallContext, CallError, Code, Query, QueryRequest, QueryResponse, RunStreamRequest};

use crate::fake::{Behaviour, Fake, eventually, freeze, signal};

async fn started(fake: &Fake) -> Plugin {
    Plugin::start(&fake.spec(), &LaunchOptions::new()).await.unwrap()
}

fn request(query_type: &str) -> QueryRequest {
    let query = Query { ref_id: "A".to_owned(), query_type: query_type.to_owned(), ..Query::default() };
    QueryRequest { queries: vec![query], ..QueryRequest::default() }
}

async fn query(plugin: &Plugin, cx: CallContext, query_type: &str) -> Result<QueryResponse, CallError> {
    plugin.backend().query_data(cx, request(query_type)).await
}

fn within(time: Duration) -> CallContext {
    CallContext::new().with_deadline(Instant::now() + time)
}

#[tokio::test]
async fn a_query_is_answered() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    let answer = query(&plugin, CallContext::new(), "").await.unwrap();
    assert_eq!(answer.responses["A"].status, 200);
    assert!(plugin.ping().await.unwrap());
    assert!(plugin.traffic().sent() > 100 && plugin.traffic().received() > 50);
    assert!(plugin.usage().unwrap().resident > 100_000);
    plugin.stop().await;
}

#[tokio::test]
async fn metadata_and_deadline_reach_the_plugin() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    let mut cx = within(Duration::from_secs(60));
    cx.add_metadata("traceparent", "00-abc");
    let error = query(&plugin, cx, Behaviour::METADATA).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::FailedPrecondition, r#"["00-abc"] true"#));
    let error = query(&plugin, CallContext::new(), Behaviour::METADATA).await.unwrap_err();
    assert_eq!(error.message(), "[] false");
    plugin.stop().await;
}

#[tokio::test]
async fn a_call_that_hangs_ends_at_its_deadline() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    let error = query(&plugin, within(Duration::from_millis(200)), Behaviour::HANG).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    query(&plugin, CallContext::new(), "").await.unwrap();
    plugin.stop().await;
}

#[tokio::test]
async fn a_stopped_process_keeps_nobody_beyond_the_deadline_and_can_go_on() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    freeze(plugin.pid()).await;
    let error = query(&plugin, within(Duration::from_millis(200)), "").await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    signal(plugin.pid(), "CONT");
    query(&plugin, within(Duration::from_secs(20)), "").await.unwrap();
    plugin.stop().await;
}

#[tokio::test]
async fn a_stopped_process_keeps_no_call_without_a_deadline_beyond_the_pulse() {
    let fake = Fake::plugin();
    let mut calls = LinkOptions::default();
    calls.pulse =
        Some(Pulse::default().with_every(Duration::from_millis(50)).with_patience(Duration::from_secs(1)));
    let book = LogBook::new("fake", 10);
    let plugin = Plugin::start_with(&fake.spec(), &LaunchOptions::new(), &calls, book).await.unwrap();
    let mut stream =
        plugin.backend().run_stream(CallContext::new(), RunStreamRequest::default()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    freeze(plugin.pid()).await;
    let begun = Instant::now();
    let says = "the plugin does not answer any more";
    let error = query(&plugin, CallContext::new(), "").await.unwrap_err();
    assert!(error.code() == Code::Unavailable && error.message().starts_with(says), "{error}");
    let error = loop {
        if let Err(error) = stream.next().await.unwrap() {
            break error;
        }
    };
    assert!(error.code() == Code::Unavailable && error.message().starts_with(says), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // While it is silent, calls fail at once; then it answers again.
    let begun = Instant::now();
    query(&plugin, CallContext::new(), "").await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    signal(plugin.pid(), "CONT");
    eventually("it is told that it answers again", || {
        plugin.logs().recent().iter().any(|record| record.message == "the plugin answers again")
    })
    .await;
    query(&plugin, CallContext::new(), "").await.unwrap();
    plugin.stop().await;
}

#[tokio::test]
async fn a_call_that_takes_long_is_left_alone_while_the_plugin_answers() {
    let fake = Fake::plugin();
    let mut calls = LinkOptions::default();
    calls.pulse = Some(
        Pulse::default().with_every(Duration::from_millis(10)).with_patience(Duration::from_millis(400)),
    );
    let book = LogBook::new("fake", 10);
    let plugin = Plugin::start_with(&fake.spec(), &LaunchOptions::new(), &calls, book).await.unwrap();
    let error = query(&plugin, within(Duration::from_secs(2)), Behaviour::HANG).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error}");
    plugin.stop().await;
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    let cx = within(Duration::from_millis(300));
    let mut stream = plugin.backend().run_stream(cx, RunStreamRequest::default()).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert!(stream.next().await.is_none());
    plugin.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_in_a_call_tells_code_and_last_words() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    let error = query(&plugin, CallContext::new(), Behaviour::EXIT).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    let text = error.message();
    assert!(text.contains("plugin fake-datasource has ended with exit code 3"), "{text}");
    assert!(text.contains("last words of the fake"), "{text}");
    assert!(error.source().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_in_a_call_and_in_a_stream_is_told_as_such() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    let mut stream =
        plugin.backend().run_stream(CallContext::new(), RunStreamRequest::default()).await.unwrap();
    let (backend, pid) = (plugin.backend(), plugin.pid());
    let call =
        tokio::spawn(async move { backend.query_data(CallContext::new(), request(Behaviour::HANG)).await });
    stream.next().await.unwrap().unwrap();
    signal(pid, "KILL");
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("signal 9 (SIGKILL)"), "{error}");
    let error = loop {
        if let Err(error) = stream.next().await.unwrap() {
            break error;
        }
    };
    assert!(error.message().contains("signal 9 (SIGKILL)"), "{error}");
    // Later calls hear the same.
    let error = query(&plugin, CallContext::new(), "").await.unwrap_err();
    assert!(error.message().contains("signal 9 (SIGKILL)"), "{error}");
    assert!(plugin.usage().is_none());
}

#[tokio::test]
async fn messages_beyond_the_limit_are_refused_with_the_size() {
    let fake = Fake::plugin();
    let mut calls = LinkOptions::default();
    calls.limits.send = 1000;
    let book = LogBook::new("fake", 10);
    let plugin = Plugin::start_with(&fake.spec(), &LaunchOptions::new(), &calls, book).await.unwrap();
    let mut big = request("");
    big.queries[0].json = vec![b'x'; 2000].into();
    let error = plugin.backend().query_data(CallContext::new(), big).await.unwrap_err();
    assert!(matches!(error.code(), Code::OutOfRange | Code::ResourceExhausted), "{error:?}");
    assert!(error.message().contains("1000"), "{error}");
    query(&plugin, CallContext::new(), "").await.unwrap();
    plugin.stop().await;
}

#[tokio::test]
async fn a_large_message_passes_by_default() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    let mut big = request("");
    // Above tonic's own 4 MiB, below the plugin's 16 MiB.
    big.queries[0].json = vec![b'x'; 8 * 1024 * 1024].into();
    plugin.backend().query_data(CallContext::new(), big).await.unwrap();
    plugin.stop().await;
}

#[derive(Default)]
struct Reports(Mutex<Vec<CallReport>>);

impl CallObserver for Reports {
    fn ended(&self, report: CallReport) {
        self.0.lock().unwrap().push(report);
    }
}

impl Reports {
    fn of(&self, path: &str) -> Vec<CallReport> {
        self.0.lock().unwrap().iter().filter(|report| report.path == path).cloned().collect()
    }
}

#[tokio::test]
async fn every_call_is_reported_once_with_sizes_and_outcome() {
    let fake = Fake::plugin();
    let reports = Arc::new(Reports::default());
    let mut calls = LinkOptions::default();
    calls.observer = Some(reports.clone());
    let book = LogBook::new("fake", 10);
    let plugin = Plugin::start_with(&fake.spec(), &LaunchOptions::new(), &calls, book).await.unwrap();

    query(&plugin, CallContext::new(), "").await.unwrap();
    query(&plugin, CallContext::new(), Behaviour::METADATA).await.unwrap_err();
    query(&plugin, within(Duration::from_millis(100)), Behaviour::HANG).await.unwrap_err();
    let mut stream =
        plugin.backend().run_stream(CallContext::new(), RunStreamRequest::default()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);

    let queries = reports.of("/pluginv2.Data/QueryData");
    let outcomes: Vec<Outcome> = queries.iter().map(|report| report.outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Failed(Code::FailedPrecondition), Outcome::Dropped]);
    assert!(queries[0].sent > 5 && queries[0].received > 5, "{:?}", queries[0]);
    assert!(queries[0].first_answer.unwrap() <= queries[0].took);
    assert!(queries[2].first_answer.is_none() && queries[2].took >= Duration::from_millis(100));
    assert_eq!(reports.of("/pluginv2.Stream/RunStream")[0].outcome, Outcome::Dropped);

    plugin.stop().await;
    eventually("the host's own streams are reported", || {
        !reports.of("/plugin.GRPCStdio/StreamStdio").is_empty()
            && !reports.of("/plugin.GRPCBroker/StartStream").is_empty()
    })
    .await;
}
