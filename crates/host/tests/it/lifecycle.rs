//! Environment, stop, drop, and nothing left behind.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use graftwire_host::{LaunchOptions, Plugin, SocketDirectory};
use graftwire_model::{CallContext, Code, HealthRequest, QueryRequest};

use crate::fake::{Fake, alive, eventually, freeze};

fn below(folder: &std::path::Path) -> LaunchOptions {
    LaunchOptions::new().socket_directory(SocketDirectory::PrivateBelow(folder.to_owned()))
}

fn entries(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name() != "gpx_fake")
        .count()
}

#[tokio::test]
async fn the_plugin_sees_only_what_grafana_would_give_it() {
    let fake = Fake::plugin();
    let options = below(fake.folder()).setting("foo_bar", "baz").variable("RUST_BACKTRACE", "0");
    let plugin = Plugin::start(&fake.spec(), &options).await.unwrap();
    let answer = plugin.backend().check_health(CallContext::new(), HealthRequest::default()).await.unwrap();
    let mut names: Vec<&str> =
        answer.message.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    // A shell adds some of its own.
    names.retain(|name| {
        !["PWD", "OLDPWD", "SHLVL", "_"].contains(name) && !name.to_uppercase().ends_with("_PROXY")
    });
    assert_eq!(
        names,
        [
            "GF_EDITION",
            "GF_PLUGIN_FOO_BAR",
            "GF_VERSION",
            "PLUGIN_MAX_PORT",
            "PLUGIN_MIN_PORT",
            "PLUGIN_PROTOCOL_VERSIONS",
            "PLUGIN_UNIX_SOCKET_DIR",
            "RUST_BACKTRACE",
            "grafana_plugin_type",
        ]
    );
    plugin.stop().await;
}

#[tokio::test]
async fn no_arguments_no_input_and_the_working_directory_asked_for() {
    let fake = Fake::plugin_after("echo \"args=$# cwd=$(pwd) input=$(cat | wc -c)\" >&2");
    let home = tempfile::tempdir().unwrap();
    let home_path = home.path().canonicalize().unwrap();
    let options = LaunchOptions::new().working_directory(&home_path);
    let plugin = Plugin::start(&fake.spec(), &options).await.unwrap();
    let wanted = format!("args=0 cwd={} input=0", home_path.display());
    eventually("the line is there", || plugin.stderr_tail().lines().contains(&wanted)).await;
    plugin.stop().await;
}

#[tokio::test]
async fn a_stop_is_orderly_and_leaves_nothing() {
    let fake = Fake::plugin();
    let plugin = Plugin::start(&fake.spec(), &below(fake.folder())).await.unwrap();
    assert_eq!(entries(fake.folder()), 1);
    assert!(PathBuf::from(&plugin.negotiated().address).exists());
    let report = plugin.stop().await;
    assert!(report.orderly && report.exit.unwrap().is_success(), "{report:?}");
    assert!(report.took < Duration::from_secs(2), "{report:?}");
    assert_eq!(entries(fake.folder()), 0);
    assert!(!alive(plugin.pid()));
    let error = plugin.backend().query_data(CallContext::new(), QueryRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(!plugin.stop().await.orderly, "a second stop finds the work done");
}

#[tokio::test]
async fn who_does_not_leave_is_killed_after_two_seconds() {
    let fake = Fake::plugin();
    let options = below(fake.folder()).variable("FAKE_IGNORES_SHUTDOWN", "1");
    let plugin = Plugin::start(&fake.spec(), &options).await.unwrap();
    let report = plugin.stop().await;
    assert!(!report.orderly && report.exit.unwrap().signal() == Some(9), "{report:?}");
    assert!(report.took >= Duration::from_secs(2), "{report:?}");
    assert_eq!(entries(fake.folder()), 0);
}

#[tokio::test]
async fn a_stopped_process_does_not_hold_up_the_stop() {
    let fake = Fake::plugin();
    let plugin = Plugin::start(&fake.spec(), &below(fake.folder())).await.unwrap();
    freeze(plugin.pid()).await;
    let report = plugin.stop().await;
    assert_eq!(report.exit.unwrap().signal(), Some(9));
    assert!(report.took < Duration::from_secs(10), "{report:?}");
}

#[tokio::test]
async fn a_drop_kills_the_plugin_and_its_helpers() {
    let fake = Fake::plugin_after("sleep 600 & echo helper $! >&2");
    let plugin = Plugin::start(&fake.spec(), &below(fake.folder())).await.unwrap();
    let helper = || {
        let tail = plugin.stderr_tail();
        tail.lines().iter().find_map(|line| line.strip_prefix("helper ")?.parse::<u32>().ok())
    };
    eventually("the helper is there", || helper().is_some()).await;
    let (pid, helper) = (plugin.pid(), helper().unwrap());
    assert!(alive(pid) && alive(helper));
    drop(plugin);
    assert_eq!(entries(fake.folder()), 0);
    eventually("both are gone", || !alive(pid) && !alive(helper)).await;
}

#[tokio::test]
async fn a_start_that_is_given_up_kills_the_process() {
    let fake = Fake::script("echo $$ > \"$PLUGIN_UNIX_SOCKET_DIR/../pid\"; sleep 600");
    let pid_file = fake.folder().join("pid");
    let (spec, options) = (fake.spec(), below(fake.folder()));
    let start = tokio::spawn(async move { Plugin::start(&spec, &options).await });
    let pid = || std::fs::read_to_string(&pid_file).ok()?.trim().parse::<u32>().ok();
    eventually("it has started", || pid().is_some()).await;
    let pid = pid().unwrap();
    assert!(alive(pid));
    start.abort();
    eventually("it is gone", || !alive(pid)).await;
    eventually("so is its directory", || entries(fake.folder()) == 1).await;
}

/// Open descriptors of this process. Other tests run beside this one, so only many are proof of a leak.
#[cfg(target_os = "linux")]
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn many_starts_leave_no_descriptor_and_no_process() {
    const ROUNDS: usize = 40;
    let (good, bad) = (Fake::plugin(), Fake::script("exit 1"));
    let before = descriptors();
    let mut pids = Vec::new();
    for round in 0..ROUNDS {
        let plugin = Plugin::start(&good.spec(), &LaunchOptions::new()).await.unwrap();
        plugin.backend().query_data(CallContext::new(), QueryRequest::default()).await.unwrap();
        pids.push(plugin.pid());
        if round % 2 == 0 {
            plugin.stop().await;
        }
        drop(plugin);
        Plugin::start(&bad.spec(), &LaunchOptions::new()).await.unwrap_err();
    }
    eventually("every process is gone", || !pids.iter().any(|pid| alive(*pid))).await;
    // Each leaked start would leave at least one pipe, socket or process handle.
    eventually("every descriptor is closed", || descriptors() < before + ROUNDS / 2).await;
}

#[tokio::test]
async fn the_start_is_timed() {
    let fake = Fake::plugin_after("sleep 0.3");
    let begun = Instant::now();
    let plugin = Plugin::start(&fake.spec(), &LaunchOptions::new()).await.unwrap();
    assert!(plugin.start_time() >= Duration::from_millis(300) && plugin.start_time() <= begun.elapsed());
    assert!(plugin.started_at().elapsed().unwrap() >= plugin.start_time());
    plugin.stop().await;
}
