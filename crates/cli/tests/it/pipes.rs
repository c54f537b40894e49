//! Output that is cut short, output for terminals, and what must never be in it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::run::{bench_plugin, command, golden, run};

#[test]
fn a_reader_that_leaves_ends_the_program_quietly() {
    for args in [
        &["stream", bench_plugin(), "bench/1000000000"][..],
        &["query", bench_plugin(), "-q", r#"{"queryType":"bench","rows":200000}"#],
        &["resource", bench_plugin(), "blob?bytes=50000000"],
    ] {
        let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stderr.as_ref()), (Some(0), ""), "{args:?}");
    }
}

/// Runs the program with a terminal as its standard output, by util-linux' `script`.
fn on_a_terminal(args: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let quoted: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
    let line = format!("{} {}", env!("CARGO_BIN_EXE_graftwire"), quoted.join(" "));
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn script_is_there() -> bool {
    let there = Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("NOT RUN: no `script` (util-linux) to make a terminal");
    }
    there
}

#[test]
fn a_terminal_gets_tables_and_colours_but_no_bytes() {
    if !script_is_there() {
        return;
    }
    let arrow = golden("frames").join("single_cell.arrow");
    let (code, text) = on_a_terminal(&["frame", "convert", arrow.to_str().unwrap(), "--to", "arrow"], &[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("standard output is a terminal; add --out FILE or a pipe"), "{text}");
    assert!(!text.contains("ARROW1"), "{text}");

    let query = ["query", bench_plugin(), "-q", r#"{"queryType":"bench","rows":3}"#];
    assert!(on_a_terminal(&query, &[]).1.contains("time.Time"));
    let chart = [&query[..], &["-o", "chart"]].concat();
    assert!(on_a_terminal(&chart, &[]).1.contains("\x1b[38;2;"));
    let plain = on_a_terminal(&["frame", "show", "/nonexistent"], &[("NO_COLOR", "1")]).1;
    assert!(!plain.contains("\x1b[1;31m"), "{plain}");
    assert!(on_a_terminal(&["frame", "show", "/nonexistent"], &[]).1.contains("\x1b[1;31merror:"));
}

#[test]
fn packets_arrive_while_the_stream_runs() {
    // The stream never ends by itself, so a line can only come if it is not held back.
    let mut child =
        command(&["stream", bench_plugin(), "bench/1000000000"]).stdout(Stdio::piped()).spawn().unwrap();
    let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(line.starts_with("{\"schema\""), "{line}");
    child.wait().unwrap();
}

#[test]
fn secrets_are_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, secure) = (folder.path().join("settings.json"), folder.path().join("secure.json"));
    fs::write(&settings, r#"{"jsonData":{"a":1},"secureJsonData":{"token":"s3cr3t-one"}}"#).unwrap();
    fs::write(&secure, r#"{"password":"s3cr3t-two"}"#).unwrap();
    let files = ["--settings", settings.to_str().unwrap(), "--secure", secure.to_str().unwrap(), "-v"];
    for first in [
        &["inspect", bench_plugin()][..],
        &["--json", "inspect", bench_plugin()],
        &["health", bench_plugin()],
    ] {
        let ran = run(&[first, &files].concat()).expect_code(0);
        for secret in ["s3cr3t-one", "s3cr3t-two"] {
            assert!(!ran.text().contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
        }
    }
}
