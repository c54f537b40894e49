//! stdout and stderr of a plugin that prints too much, too long, or panics.

use std::time::Duration;

use graftwire_host::{Channel, LaunchOptions, Level, Plugin};
use graftwire_model::{CallContext, QueryRequest};

use crate::fake::{Fake, eventually};

async fn started(fake: &Fake) -> Plugin {
    Plugin::start(&fake.spec(), &LaunchOptions::new()).await.unwrap()
}

/// The plugin still answers.
async fn assert_answers(plugin: &Plugin) {
    plugin.backend().query_data(CallContext::new(), QueryRequest::default()).await.unwrap();
}

#[tokio::test]
async fn endless_stdout_is_drained_and_counted() {
    // The line goes out through descriptor 3, which is the real stdout; the flood follows it there.
    let fake =
        Fake::plugin_after("(sleep 0.3; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done) &");
    let plugin = started(&fake).await;
    // Far more than a pipe holds.
    eventually("a megabyte is drained", || plugin.discarded_stdout() > 1_000_000).await;
    assert_answers(&plugin).await;
    assert!(plugin.stop().await.exit.is_some());
}

#[tokio::test]
async fn endless_stderr_neither_blocks_nor_fills_memory() {
    let fake =
        Fake::plugin_after("(while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy >&2; done) &");
    let plugin = started(&fake).await;
    let mut feed = plugin.logs().subscribe();
    for _ in 0..50_000 {
        feed.next().await.unwrap();
    }
    assert_eq!(plugin.logs().recent().len(), 1000);
    assert_eq!(plugin.stderr_tail().lines().len(), 50);
    assert_answers(&plugin).await;
    plugin.stop().await;
}

#[tokio::test]
async fn a_line_of_a_megabyte_on_stderr_comes_in_pieces() {
    let fake =
        Fake::plugin_after("head -c 1000000 /dev/zero | tr '\\0' z >&2; echo >&2; echo '[WARN] after' >&2");
    let plugin = started(&fake).await;
    let has = |text: &str| plugin.logs().recent().iter().any(|record| record.message == text);
    eventually("the line after it is read", || has("[WARN] after")).await;
    let records = plugin.logs().recent();
    let pieces: Vec<_> = records.iter().filter(|record| record.message.starts_with('z')).collect();
    assert_eq!(pieces.iter().map(|piece| piece.message.len()).sum::<usize>(), 1_000_000);
    assert!(pieces.iter().all(|piece| piece.level == Level::Debug && piece.message.len() <= 64 * 1024));
    plugin.stop().await;
}

#[tokio::test]
async fn log_lines_and_panics_have_their_levels() {
    let fake = Fake::plugin_after(
        r#"echo '{"@level":"info","@message":"ready","@timestamp":"2026-01-02T03:04:05.000006Z","port":1}' >&2
echo '{"@message":5}' >&2
echo 'panic: out of luck' >&2
echo 'goroutine 1 [running]:' >&2"#,
    );
    let plugin = started(&fake).await;
    let find =
        |text: &str| plugin.logs().recent().iter().find(|record| record.message.contains(text)).cloned();
    eventually("all lines are read", || find("goroutine").is_some()).await;
    let ready = find("ready").unwrap();
    assert_eq!((ready.level, ready.channel), (Level::Info, Channel::Stderr));
    assert_eq!(ready.pairs, [("port".to_owned(), "1".to_owned())]);
    assert!(find("@message").unwrap().crashes_grafana);
    assert_eq!(find("goroutine").unwrap().level, Level::Error);
    plugin.stop().await;
}

#[tokio::test]
async fn what_the_connection_carries_is_put_together_to_lines() {
    let fake = Fake::plugin();
    let plugin = started(&fake).await;
    let printed = |record: &graftwire_host::LogRecord| {
        (record.channel, record.level, record.message.as_str())
            == (Channel::CarriedStdout, Level::Debug, "printed in pieces")
    };
    eventually("it is logged", || plugin.logs().recent().iter().any(|record| printed(record))).await;
    plugin.stop().await;
}

#[tokio::test]
async fn a_listener_hears_what_is_logged_from_now_on() {
    let fake = Fake::plugin_after("(sleep 0.2; echo '[INFO] later' >&2) &");
    let plugin = started(&fake).await;
    let mut feed = plugin.logs().subscribe();
    let heard = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            if feed.next().await.unwrap().message == "[INFO] later" {
                return;
            }
        }
    });
    heard.await.unwrap();
    plugin.stop().await;
}
