//! Restarts, states, calls meanwhile, and many plugins at once.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use graftwire_host::{
    LaunchError, LaunchOptions, LinkOptions, Pulse, RestartPolicy, State, Supervisor, start_all,
};
use graftwire_model::{Backend, CallContext, Code, Query, QueryRequest};

use crate::fake::{Behaviour, Fake, alive, eventually, freeze, signal};

fn with_policy(fake: &Fake, policy: RestartPolicy) -> Supervisor {
    Supervisor::with(fake.spec(), LaunchOptions::new(), LinkOptions::default(), policy)
}

fn request(query_type: &str) -> QueryRequest {
    let query = Query { query_type: query_type.to_owned(), ..Query::default() };
    QueryRequest { queries: vec![query], ..QueryRequest::default() }
}

async fn running_again(supervisor: &Supervisor, old: u32) -> u32 {
    let mut states = supervisor.states();
    let new = |state: &State| matches!(state, State::Running { pid, .. } if *pid != old);
    let state = tokio::time::timeout(Duration::from_secs(30), states.wait_for(new)).await.unwrap().unwrap();
    let State::Running { pid, .. } = state else { panic!("{state}") };
    pid
}

fn pid_of(supervisor: &Supervisor) -> u32 {
    supervisor.plugin().unwrap().pid()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_dies_is_started_again() {
    let fake = Fake::plugin();
    let supervisor = Supervisor::new(fake.spec(), LaunchOptions::new());
    assert_eq!(supervisor.state(), State::NotStarted);
    let error = supervisor.query_data(CallContext::new(), request("")).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "plugin fake-datasource is not started"));
    supervisor.start().await.unwrap();
    supervisor.start().await.unwrap();

    let mut old = pid_of(&supervisor);
    for restarts in 1..=2 {
        let error = supervisor.query_data(CallContext::new(), request(Behaviour::EXIT)).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        let new = running_again(&supervisor, old).await;
        assert!(matches!(supervisor.state(), State::Running { restarts: n, .. } if n == restarts));
        supervisor.query_data(CallContext::new(), request("")).await.unwrap();
        old = new;
    }
    let told = supervisor.logs().recent();
    assert!(told.iter().any(|record| record.message.contains("restarting in 0ns: the process of plugin")));

    assert!(supervisor.stop().await.unwrap().orderly);
    assert_eq!(supervisor.state(), State::Stopped);
    assert!(!alive(old));
    let error = supervisor.query_data(CallContext::new(), request("")).await.unwrap_err();
    assert_eq!(error.message(), "plugin fake-datasource is stopped");
    assert!(supervisor.stop().await.is_none());
    supervisor.start().await.unwrap();
    supervisor.query_data(CallContext::new(), request("")).await.unwrap();
}

#[tokio::test]
async fn a_failed_first_start_is_the_error_and_can_be_repeated() {
    let fake = Fake::script("echo no luck >&2; exit 1");
    let supervisor = Supervisor::new(fake.spec(), LaunchOptions::new());
    let error = supervisor.start().await.unwrap_err();
    assert!(matches!(error, LaunchError::ExitedEarly { .. }), "{error:?}");
    assert!(matches!(supervisor.state(), State::Failed { .. }));
    let error = supervisor.query_data(CallContext::new(), request("")).await.unwrap_err();
    assert!(error.message().contains("is failed: ") && error.message().contains("no luck"), "{error}");
    supervisor.start().await.unwrap_err();
}

/// A plugin that can only be started while a file is there.
fn fragile() -> Fake {
    let fake = Fake::plugin_after("[ -e \"${0%/*}/ok\" ] || { echo not ok >&2; exit 9; }");
    allow(&fake);
    fake
}

fn allow(fake: &Fake) {
    std::fs::write(fake.folder().join("ok"), "").unwrap();
}

fn forbid(fake: &Fake) {
    std::fs::remove_file(fake.folder().join("ok")).unwrap();
}

#[tokio::test]
async fn calls_meanwhile_fail_at_once_with_the_reason() {
    let fake = fragile();
    let supervisor = Supervisor::new(fake.spec(), LaunchOptions::new());
    supervisor.start().await.unwrap();
    forbid(&fake);
    let old = pid_of(&supervisor);
    signal(old, "KILL");
    let mut states = supervisor.states();
    let failing =
        |state: &State| matches!(state, State::BackingOff { reason, .. } if reason.contains("not ok"));
    states.wait_for(failing).await.unwrap();
    // Between two tries the state may be "being started" for a moment; then the text has no reason in it.
    let mut reasons = Vec::new();
    for _ in 0..100 {
        let begun = Instant::now();
        let error = supervisor.query_data(CallContext::new(), request("")).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        assert!(begun.elapsed() < Duration::from_secs(1));
        reasons.push(error.message().to_owned());
        if error.message().contains("not ok") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let last = reasons.last().unwrap();
    assert!(last.contains("restarting in") && last.contains("exit code 9"), "{reasons:?}");
    allow(&fake);
    running_again(&supervisor, old).await;
    supervisor.query_data(CallContext::new(), request("")).await.unwrap();
}

#[tokio::test]
async fn calls_wait_for_a_restart_if_told_to() {
    let fake = fragile();
    let mut policy = RestartPolicy::default();
    policy.calls_wait = Duration::from_secs(30);
    let supervisor = with_policy(&fake, policy);
    supervisor.start().await.unwrap();
    forbid(&fake);
    signal(pid_of(&supervisor), "KILL");
    supervisor.states().wait_for(|state| matches!(state, State::BackingOff { .. })).await.unwrap();
    let short = CallContext::new().with_deadline(Instant::now() + Duration::from_millis(150));
    let error = supervisor.query_data(short, request("")).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "the deadline is shorter than the wait");
    allow(&fake);
    supervisor.query_data(CallContext::new(), request("")).await.unwrap();
}

#[tokio::test]
async fn giving_up_is_possible_and_ends_the_waiting() {
    let fake = fragile();
    let mut policy = RestartPolicy::default();
    policy.give_up_after = Some(2);
    policy.calls_wait = Duration::from_secs(60);
    let supervisor = with_policy(&fake, policy);
    supervisor.start().await.unwrap();
    forbid(&fake);
    signal(pid_of(&supervisor), "KILL");
    supervisor.states().wait_for(|state| matches!(state, State::BackingOff { .. })).await.unwrap();
    let error = supervisor.query_data(CallContext::new(), request("")).await.unwrap_err();
    assert!(error.message().contains("is failed") && error.message().contains("not ok"), "{error}");
    allow(&fake);
    supervisor.start().await.unwrap();
    supervisor.query_data(CallContext::new(), request("")).await.unwrap();
}

#[tokio::test]
async fn a_binary_that_cannot_be_executed_for_a_while_is_tried_again() {
    let fake = Fake::plugin();
    let supervisor = Supervisor::new(fake.spec(), LaunchOptions::new());
    supervisor.start().await.unwrap();
    let old = pid_of(&supervisor);
    let mode = |mode| std::fs::set_permissions(fake.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o600);
    signal(old, "KILL");
    let not_executable =
        |state: &State| matches!(state, State::BackingOff { reason, .. } if reason.contains("chmod"));
    supervisor.states().wait_for(not_executable).await.unwrap();
    mode(0o755);
    running_again(&supervisor, old).await;
}

fn quick_pulse() -> LinkOptions {
    let mut calls = LinkOptions::default();
    let pulse = Pulse::default().with_every(Duration::from_millis(50)).with_patience(Duration::from_secs(1));
    calls.pulse = Some(pulse);
    calls
}

#[tokio::test]
async fn a_silent_plugin_is_told_as_such_and_may_come_back() {
    let fake = Fake::plugin();
    let policy = RestartPolicy::default();
    let supervisor = Supervisor::with(fake.spec(), LaunchOptions::new(), quick_pulse(), policy);
    supervisor.start().await.unwrap();
    let (old, mut states) = (pid_of(&supervisor), supervisor.states());
    freeze(old).await;
    let silent = |state: &State| matches!(state, State::NotAnswering { pid, .. } if *pid == old);
    let state =
        tokio::time::timeout(Duration::from_secs(20), states.wait_for(silent)).await.unwrap().unwrap();
    assert_eq!(state.to_string(), format!("not answering, as process {old}"));
    let error = supervisor.query_data(CallContext::new(), request("")).await.unwrap_err();
    assert!(error.message().starts_with("the plugin does not answer any more"), "{error}");
    signal(old, "CONT");
    let running = |state: &State| matches!(state, State::Running { pid, .. } if *pid == old);
    tokio::time::timeout(Duration::from_secs(20), states.wait_for(running)).await.unwrap().unwrap();
    supervisor.query_data(CallContext::new(), request("")).await.unwrap();
    assert!(supervisor.stop().await.unwrap().orderly);
}

#[tokio::test]
async fn a_plugin_that_stays_silent_is_replaced() {
    let fake = Fake::plugin();
    let mut policy = RestartPolicy::default();
    policy.replace_silent_after = Some(Duration::from_millis(100));
    let supervisor = Supervisor::with(fake.spec(), LaunchOptions::new(), quick_pulse(), policy);
    supervisor.start().await.unwrap();
    let old = pid_of(&supervisor);
    freeze(old).await;
    running_again(&supervisor, old).await;
    assert!(!alive(old));
    supervisor.query_data(CallContext::new(), request("")).await.unwrap();
    let told = supervisor.logs().recent();
    assert!(
        told.iter().any(|record| record.message.contains("did not answer for another 100ms; it was killed"))
    );
    supervisor.stop().await;
}

#[tokio::test]
async fn a_process_that_hangs_up_and_lives_on_is_replaced() {
    let fake = Fake::plugin();
    let options = LaunchOptions::new().variable("FAKE_HANGS_UP_AFTER_MS", "300");
    let supervisor = Supervisor::new(fake.spec(), options);
    supervisor.start().await.unwrap();
    let old = pid_of(&supervisor);
    running_again(&supervisor, old).await;
    assert!(!alive(old));
    let told = supervisor.logs().recent();
    assert!(told.iter().any(|record| record.message.contains("closed its connection and went on running")));
}

#[tokio::test]
async fn a_dropped_supervisor_leaves_no_process_even_if_its_states_are_followed() {
    let fake = Fake::plugin();
    let supervisor = Supervisor::new(fake.spec(), LaunchOptions::new());
    supervisor.start().await.unwrap();
    let pid = pid_of(&supervisor);
    let mut states = supervisor.states();
    drop(supervisor);
    eventually("the process is gone", || !alive(pid)).await;
    assert_eq!(states.current(), State::Stopped);
    while states.changed().await.is_some() {}
}

#[tokio::test]
async fn many_plugins_start_side_by_side_and_one_failure_stops_no_other() {
    let slow: Vec<Fake> = (0..4).map(|_| Fake::plugin_after("sleep 0.5")).collect();
    let bad = Fake::script("exit 1");
    let supervisors =
        slow.iter().chain([&bad]).map(|fake| Supervisor::new(fake.spec(), LaunchOptions::new()));
    let results = start_all(supervisors.collect::<Vec<_>>(), 8).await;
    let worked: Vec<bool> = results.iter().map(|(_, result)| result.is_ok()).collect();
    assert_eq!(worked, [true, true, true, true, false]);
    // Started side by side, each began before the first one was ready.
    let starts: Vec<_> = results
        .iter()
        .filter_map(|(one, _)| one.plugin())
        .map(|plugin| (plugin.started_at(), plugin.start_time()))
        .collect();
    let first_ready = starts.iter().map(|(at, took)| *at + *took).min().unwrap();
    assert!(starts.iter().all(|(at, _)| *at < first_ready), "{starts:?}");
    for (supervisor, _) in &results {
        supervisor.stop().await;
    }
}
