//! One case per exit code of `--help`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::run::{bench_plugin, command, run, script};

#[test]
fn help_names_every_code_and_command() {
    let help = run(&["--help"]).expect_code(0);
    for word in ["inspect", "query", "resource", "stream", "health", "metrics", "smoke", "frame", "130"] {
        assert!(help.text().contains(word), "{word}");
    }
    for name in ["inspect", "query", "resource", "stream", "health", "metrics", "smoke"] {
        let help = run(&[name, "--help"]).expect_code(0);
        assert!(help.text().contains("--json"), "{name}");
    }
}

#[test]
fn the_documentation_has_the_codes_of_the_help() {
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md")).unwrap();
    let help = run(&["--help"]).expect_code(0);
    let (_, codes) = help.text().split_once("Exit codes:").unwrap();
    // Long lines of the help are wrapped for the terminal.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows: Vec<String> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .filter(|row| row.starts_with(|first: char| first.is_ascii_digit()))
        .map(|row| words(&row.replace(" | ", " ")))
        .collect();
    assert_eq!(rows.join(" "), words(codes));
}

#[test]
fn one_is_an_error_that_the_plugin_answered() {
    run(&["query", bench_plugin(), "-q", "{}"]).expect_code(1);
    run(&["stream", bench_plugin(), "unknown"]).expect_code(1);
}

#[test]
fn two_is_wrong_usage() {
    for args in [
        &["query"][..],
        &["nonsense"],
        &["query", bench_plugin(), "-q", "not json"],
        &["query", bench_plugin(), "-q", "{}", "--from", "yesterday"],
        &["query", bench_plugin(), "-q", "{}", "--interval", "-1s"],
        &["query", bench_plugin(), "-q", "{}", "--repeat", "2", "--out", "x"],
        &["--json", "query", bench_plugin(), "-q", "{}", "-o", "table"],
        &["frame", "convert", "x", "--to", "xml"],
    ] {
        let ran = run(args).expect_code(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{ran:?}");
    }
}

#[test]
fn three_is_a_plugin_that_can_not_be_started() {
    let folder = tempfile::tempdir().unwrap();
    let early = script(folder.path(), "early", "echo 'no licence' >&2; exit 3");
    let talkative = script(folder.path(), "talkative", "echo hello; sleep 5");
    let silent = script(folder.path(), "silent", "sleep 60");
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (plugin, told) in [
        (early.as_path(), "no licence"),
        (&talkative, "hello"),
        (&silent, "no handshake line"),
        (&empty, "no plugin.json"),
        (&folder.path().join("missing"), "does not exist"),
    ] {
        let plugin = plugin.to_str().unwrap();
        let ran = run(&["--json", "health", plugin, "--start-timeout", "2s"]).expect_code(3);
        let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["error"]["exitCode"], 3);
        assert!(error["error"]["message"].as_str().unwrap().contains(told), "{ran:?}");
    }
}

#[test]
fn four_is_a_plugin_that_was_lost() {
    // It prints for ever, until its process is killed.
    let mut child = command(&["stream", bench_plugin(), "bench/1000000000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let plugin = only_child_of(child.id());
    kill_process(plugin, Signal::KILL).unwrap();
    for line in lines {
        line.unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("SIGKILL"), "{stderr}");
}

#[test]
fn four_is_a_plugin_that_does_not_answer_in_time() {
    // A stopped process takes calls and never answers.
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let body = format!("echo $$ > {}; exec {}", pid_file.display(), bench_plugin());
    let plugin = script(folder.path(), "wrapped", &body);
    let args = ["query", plugin.to_str().unwrap(), "-q", r#"{"queryType":"bench","rows":1}"#];
    let rest = ["--timeout", "500ms", "--repeat", "1000", "--every", "20ms"];
    let mut child =
        command(&[&args[..], &rest].concat()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let pid = fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::STOP).unwrap();
    for line in lines {
        line.unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
}

#[test]
fn five_is_a_file_that_is_not_what_it_should_be() {
    run(&["frame", "show", "/nonexistent"]).expect_code(5);
    run(&["frame", "show", "/"]).expect_code(5);
    run(&["query", bench_plugin(), "-q", "@/nonexistent"]).expect_code(5);
    run(&["health", bench_plugin(), "--settings", "/nonexistent"]).expect_code(5);
}

#[test]
fn an_interrupt_stops_the_plugin_and_says_130() {
    let mut child = command(&["stream", bench_plugin(), "bench/1000000000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let plugin = only_child_of(child.id());
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    for line in lines {
        line.unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(rustix::process::test_kill_process(plugin).is_err(), "the plugin is gone too");
}

fn only_child_of(parent: u32) -> Pid {
    let listed = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    let pids: Vec<i32> = listed.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 1, "{listed}");
    Pid::from_raw(pids[0]).unwrap()
}
