//! What becomes of processes in the middle of calls, and that nothing of them stays: tasks, file descriptors, child
//! processes and socket files are counted before and after.
//!
//! Counts are exact in a process that does nothing else. The tests here start this program again, with one test alone:
//! [`in_a_process_of_its_own`].

// What was measured is output.
#![allow(clippy::print_stdout)]

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use graftwire_host::{
    LaunchOptions, LinkOptions, LogBook, Plugin, PluginSpec, Pulse, SocketDirectory, Usage,
};
use graftwire_model::{
    Backend, CallContext, CallError, Code, Query, QueryRequest, ReplyStream, ResourceRequest,
    RunStreamRequest,
};
use graftwire_sdk::frame::Frame;
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinSet;

use crate::process::{is_running, odd_plugin, until};

const ROLE: &str = "FAULTS_ROLE";
const FOLDER: &str = "FAULTS_FOLDER";

/// This program again, with the test below alone.
fn again(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "leftovers::in_a_process_of_its_own", "--nocapture"])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .stdin(Stdio::null());
    command
}

/// Runs it to its end; what it measured is this test's output.
fn to_the_end(role: &str) {
    let folder = tempfile::tempdir().unwrap();
    let output = again(role, folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{role}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter(|line| line.starts_with("measured")).for_each(|line| println!("{line}"));
}

/// By hand it has nothing to do.
#[test]
fn in_a_process_of_its_own() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match role.as_str() {
            "killed" => counted(&folder, killed).await,
            "stopped" => counted(&folder, stopped).await,
            "late" => counted(&folder, late).await,
            "cancelled" => counted(&folder, cancelled).await,
            "unlinked" => counted(&folder, unlinked).await,
            "rows" => counted(&folder, rows).await,
            "host" => host(&folder).await,
            other => panic!("no role {other:?}"),
        }
    });
}

#[test]
fn a_process_killed_in_calls_leaves_nothing() {
    to_the_end("killed");
}

#[test]
fn a_process_stopped_in_calls_holds_none_and_leaves_nothing() {
    to_the_end("stopped");
}

#[test]
fn calls_beyond_their_deadline_leave_nothing() {
    to_the_end("late");
}

#[test]
fn cancelled_calls_leave_nothing() {
    to_the_end("cancelled");
}

#[test]
fn a_plugin_without_its_socket_file_works_on_and_leaves_nothing() {
    to_the_end("unlinked");
}

#[test]
fn ten_million_rows_take_little_memory_of_plugin_and_host() {
    to_the_end("rows");
}

#[tokio::test]
async fn a_host_killed_in_calls_takes_its_plugin_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = again("host", folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let ready = folder.path().join("ready");
    until("the calls are under way", || ready.exists()).await;
    let told = std::fs::read_to_string(&ready).unwrap();
    let (pid, socket) = told.split_once(' ').unwrap();
    let process = PathBuf::from(format!("/proc/{pid}"));
    assert!(is_running(&process) && Path::new(socket).exists(), "{told}");
    host.kill().unwrap();
    host.wait().unwrap();
    until("the plugin has left", || !is_running(&process)).await;
    assert!(!Path::new(socket).exists(), "the socket file stays");
}

/// A host in the middle of calls, until it is killed.
async fn host(folder: &Path) {
    let plugin = start(folder).await;
    let _calls = hold_all(&plugin, CallContext::new()).await;
    let part = folder.join("part");
    std::fs::write(&part, format!("{} {}", plugin.pid(), plugin.negotiated().address)).unwrap();
    std::fs::rename(part, folder.join("ready")).unwrap();
    std::future::pending().await
}

#[derive(Debug, PartialEq, Eq)]
struct Counts {
    tasks: usize,
    descriptors: usize,
    children: usize,
    sockets: usize,
}

impl Counts {
    fn take(folder: &Path) -> Self {
        let entries = |path: &Path| std::fs::read_dir(path).unwrap().count();
        let children = |thread: std::io::Result<std::fs::DirEntry>| {
            let list = std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap();
            list.split_whitespace().count()
        };
        Self {
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            descriptors: entries("/proc/self/fd".as_ref()),
            children: std::fs::read_dir("/proc/self/task").unwrap().map(children).sum(),
            sockets: entries(folder),
        }
    }
}

/// Runs a scenario between two counts. A start before it makes what the runtime keeps for good.
async fn counted<'a, F: Future<Output = ()>>(folder: &'a Path, scenario: impl Fn(&'a Path) -> F) {
    start(folder).await.stop().await;
    let is_gone = |counts: &Counts| counts.children == 0 && counts.tasks == 0;
    until("the first plugin is gone", || is_gone(&Counts::take(folder))).await;
    let before = Counts::take(folder);
    scenario(folder).await;
    let mut after = Counts::take(folder);
    for _ in 0..100 {
        if after == before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        after = Counts::take(folder);
    }
    assert_eq!(after, before);
}

async fn start(folder: &Path) -> Plugin {
    let spec = PluginSpec::of_executable(odd_plugin()).with_id("graftwire-odd-datasource");
    let options = LaunchOptions::new().socket_directory(SocketDirectory::PrivateBelow(folder.to_owned()));
    let mut calls = LinkOptions::default();
    let pulse = Pulse::default().with_every(Duration::from_millis(50)).with_patience(Duration::from_secs(1));
    calls.pulse = Some(pulse);
    Plugin::start_with(&spec, &options, &calls, LogBook::new("odd", 100)).await.unwrap()
}

fn signal(plugin: &Plugin, signal: Signal) {
    kill_process(Pid::from_raw(plugin.pid().cast_signed()).unwrap(), signal).unwrap();
}

fn request(query_type: &str) -> QueryRequest {
    let query = Query { ref_id: "A".to_owned(), query_type: query_type.to_owned(), ..Query::default() };
    QueryRequest { queries: vec![query], ..QueryRequest::default() }
}

const KINDS: usize = 4;

/// One call of a kind that never ends by itself: gives its error.
async fn hold(plugin: std::sync::Arc<dyn Backend>, cx: CallContext, kind: usize) -> CallError {
    async fn end_of<T>(stream: Result<ReplyStream<T>, CallError>) -> CallError {
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(error) => return error,
        };
        loop {
            if let Err(error) = stream.next().await.expect("a stream that hangs has no end") {
                return error;
            }
        }
    }
    match kind {
        0 => plugin.query_data(cx, request("hang")).await.expect_err("a query that hangs"),
        1 => end_of(plugin.query_chunked(cx, request("hang")).await).await,
        2 => {
            let asked = ResourceRequest { path: "hang".to_owned(), ..ResourceRequest::default() };
            end_of(plugin.call_resource(cx, asked).await).await
        }
        _ => {
            let asked = RunStreamRequest { path: "hang".to_owned(), ..RunStreamRequest::default() };
            end_of(plugin.run_stream(cx, asked).await).await
        }
    }
}

/// One call of each kind, under way in the plugin.
async fn hold_all(plugin: &Plugin, cx: CallContext) -> JoinSet<CallError> {
    let mut calls = JoinSet::new();
    for kind in 0..KINDS {
        calls.spawn(hold(plugin.backend(), cx.clone(), kind));
    }
    under_way(plugin, KINDS).await;
    calls
}

/// Waits until so many handlers are under way in the plugin, which thereby is seen to answer.
async fn under_way(plugin: &Plugin, wanted: usize) {
    let begun = Instant::now();
    loop {
        let answer = plugin.backend().query_data(CallContext::new(), request("under-way")).await.unwrap();
        let name = Frame::decode(&answer.responses["A"].frames[0]).unwrap().name;
        if name == wanted.to_string() {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{name} handlers are under way, expected {wanted}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Every call ends in time, in the way that `fits`.
async fn all_end(mut calls: JoinSet<CallError>, within: Duration, fits: impl Fn(&CallError) -> bool) {
    let ended = tokio::time::timeout(within, async {
        while let Some(error) = calls.join_next().await {
            let error = error.unwrap();
            assert!(fits(&error), "{error:?}");
        }
    });
    ended.await.expect("a call hangs");
}

async fn killed(folder: &Path) {
    let plugin = start(folder).await;
    let calls = hold_all(&plugin, CallContext::new()).await;
    signal(&plugin, Signal::KILL);
    let fits = |error: &CallError| {
        error.code() == Code::Unavailable && error.message().contains("signal 9 (SIGKILL)")
    };
    all_end(calls, Duration::from_secs(5), fits).await;
    assert!(!plugin.stop().await.orderly);
}

async fn stopped(folder: &Path) {
    let plugin = start(folder).await;
    let calls = hold_all(&plugin, CallContext::new()).await;
    signal(&plugin, Signal::STOP);
    let silent = |error: &CallError| error.message().starts_with("the plugin does not answer any more");
    all_end(calls, Duration::from_secs(5), silent).await;
    signal(&plugin, Signal::CONT);
    until("it is told that the plugin answers again", || {
        plugin.logs().recent().iter().any(|record| record.message == "the plugin answers again")
    })
    .await;
    under_way(&plugin, 0).await;
    signal(&plugin, Signal::STOP);
    let report = plugin.stop().await;
    assert!(!report.orderly && report.took < Duration::from_secs(4), "{report:?}");
}

async fn late(folder: &Path) {
    let plugin = start(folder).await;
    let deadline = Instant::now() + Duration::from_millis(500);
    let calls = hold_all(&plugin, CallContext::new().with_deadline(deadline)).await;
    all_end(calls, Duration::from_secs(5), |error| error.code() == Code::DeadlineExceeded).await;
    under_way(&plugin, 0).await;
    assert!(plugin.stop().await.orderly);
}

async fn cancelled(folder: &Path) {
    let plugin = start(folder).await;
    drop(hold_all(&plugin, CallContext::new()).await);
    under_way(&plugin, 0).await;
    assert!(plugin.stop().await.orderly);
}

async fn unlinked(folder: &Path) {
    let plugin = start(folder).await;
    let calls = hold_all(&plugin, CallContext::new()).await;
    std::fs::remove_file(&plugin.negotiated().address).unwrap();
    under_way(&plugin, KINDS).await;
    drop(calls);
    under_way(&plugin, 0).await;
    assert!(plugin.stop().await.orderly);
}

/// 80 MB pass; neither side may come near that.
const MOST: u64 = 24 << 20;

async fn rows(folder: &Path) {
    let plugin = start(folder).await;
    let peaks = || {
        (plugin.usage().unwrap().resident_peak, Usage::of_process(std::process::id()).unwrap().resident_peak)
    };
    let before = peaks();
    let (mut bytes, mut chunks) = (0, 0);
    let mut stream =
        plugin.backend().query_chunked(CallContext::new(), request("ten-million")).await.unwrap();
    while let Some(chunk) = stream.next().await {
        bytes += chunk.unwrap().frame.unwrap().len();
        chunks += 1;
    }
    let after = peaks();
    let grown = (after.0 - before.0, after.1 - before.1);
    println!(
        "measured: {chunks} chunks of {bytes} bytes; VmHWM of the plugin {} + {} bytes, of the host {} + {} bytes",
        before.0, grown.0, before.1, grown.1
    );
    assert!(bytes > 80_000_000 && chunks == 1000, "{bytes} bytes in {chunks} chunks");
    assert!(grown.0 < MOST && grown.1 < MOST, "the peaks grew by {grown:?} bytes");
    drop(stream);
    assert!(plugin.stop().await.orderly);
}
