//! Much output on standard output, and hosts that read it slowly or not at all.

use std::time::{Duration, Instant};

use graftwire_host::{Channel, LaunchOptions, LinkOptions, LogBook, Plugin, PluginSpec};
use graftwire_protocol::goplugin::{self, StdioChannel};

use crate::broker::{executable, resource, start};

/// How much memory more than before a plugin may need for any amount of output.
const MOST_KIB: u64 = 4 * 1024;

async fn peak(plugin: &Plugin) -> u64 {
    resource(plugin, "peak").await.1.parse().unwrap_or_default()
}

/// A plugin whose output the test reads itself, if at all.
async fn unread() -> Plugin {
    let spec = PluginSpec::of_executable(executable()).with_id("graftwire-broker-datasource");
    let mut calls = LinkOptions::default();
    calls.attends = false;
    Plugin::start_with(&spec, &LaunchOptions::new(), &calls, LogBook::new("printing", 10)).await.unwrap()
}

#[tokio::test]
async fn twenty_megabytes_arrive_whole_in_bounded_memory() {
    let plugin = start(LaunchOptions::new()).await;
    let before = peak(&plugin).await;
    assert_eq!(resource(&plugin, "print?bytes=20000000").await.1, "printed");
    let last = format!("{:099}", 20_000_000 / 100 - 1);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !plugin.logs().recent().iter().any(|record| record.message == last) {
        assert!(Instant::now() < deadline, "the last line arrives");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let records = plugin.logs().recent();
    let carried = records.iter().filter(|record| record.channel == Channel::CarriedStdout);
    assert!(carried.clone().all(|record| record.message.len() == 99), "no line is lost or cut");
    let grown = peak(&plugin).await.saturating_sub(before);
    assert!(grown < MOST_KIB, "the plugin grew by {grown} KiB");
    plugin.stop().await;
}

#[tokio::test]
async fn output_that_nobody_reads_stops_nobody() {
    let plugin = unread().await;
    let before = peak(&plugin).await;
    for target in ["print?bytes=5000000", "print-here?bytes=5000000"] {
        assert_eq!(resource(&plugin, target).await.1, "printed", "{target}");
    }
    let grown = peak(&plugin).await.saturating_sub(before);
    assert!(grown < MOST_KIB, "the plugin grew by {grown} KiB");
    assert!(plugin.stop().await.orderly);
}

#[tokio::test]
async fn a_reader_that_stands_still_stops_nobody_and_is_told_what_it_missed() {
    let plugin = unread().await;
    let mut output = goplugin::client::stdio(plugin.channel()).await.unwrap();
    // More than a stream's window and every buffer, printed by the thread that would have to send it.
    assert_eq!(resource(&plugin, "print-here?bytes=5000000").await.1, "printed");
    let mut text = String::new();
    while !text.contains("bytes of output were dropped") {
        let (channel, piece) = output.next().await.unwrap().unwrap();
        assert!(channel == StdioChannel::Stdout && piece.len() <= 1024);
        text.push_str(&String::from_utf8_lossy(&piece));
    }
    assert!(plugin.stop().await.orderly);
}
