//! Everything that can be wrong with an executable or its handshake, and what the error says.

use std::error::Error;
use std::time::{Duration, Instant};

use graftwire_host::{LaunchError, LaunchOptions, Plugin, PluginSpec, goarch};

use crate::fake::Fake;

async fn refusal(spec: &PluginSpec, options: LaunchOptions) -> LaunchError {
    Plugin::start(spec, &options).await.expect_err("it must not start")
}

async fn refusal_of(fake: &Fake) -> LaunchError {
    refusal(&fake.spec(), LaunchOptions::new().start_timeout(Duration::from_secs(20))).await
}

/// The error's text must hold every part, the cause's text included.
fn assert_says(error: &LaunchError, parts: &[&str]) {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let text = format!("{error}{cause}");
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

#[tokio::test]
async fn a_missing_file() {
    let error = refusal(&PluginSpec::of_executable("/nowhere/gpx_x"), LaunchOptions::new()).await;
    assert!(matches!(error, LaunchError::NotFound { .. }), "{error:?}");
    assert_says(&error, &["/nowhere/gpx_x does not exist"]);
}

#[tokio::test]
async fn a_file_without_executable_bit() {
    let error = refusal_of(&Fake::file("#!/bin/sh\n", 0o640)).await;
    assert!(matches!(error, LaunchError::NotExecutable { mode: 0o640, .. }), "{error:?}");
    assert_says(&error, &["mode 0640", "chmod +x"]);
}

#[tokio::test]
async fn a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let error = refusal(&PluginSpec::of_executable(folder.path()), LaunchOptions::new()).await;
    assert_says(&error, &["can't be executed", "a folder"]);
}

/// An ELF header for another machine, and nothing behind it.
fn foreign_elf(loader: &str, machine: u16) -> Vec<u8> {
    let mut bytes = Vec::from(*b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    [2u16, machine].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend(1u32.to_le_bytes());
    [0x1000u64, 64, 0].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend(0u32.to_le_bytes());
    [64u16, 56, 1, 64, 0, 0].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    [3u32, 4].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    let length = loader.len() as u64 + 1;
    [120u64, 0, 0, length, length, 1].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend(loader.as_bytes());
    bytes.push(0);
    bytes
}

#[tokio::test]
async fn a_program_for_another_machine() {
    // No emulator is ever registered for SPARC's number 43 with this byte order.
    let error = refusal_of(&Fake::file(foreign_elf("/x", 43), 0o755)).await;
    assert!(matches!(error, LaunchError::WrongArchitecture { .. }), "{error:?}");
    assert_says(&error, &["a program for linux/ELF machine 43 (ELF)", goarch()]);
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[tokio::test]
async fn a_program_whose_loader_is_missing() {
    let machine = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
    let error = refusal_of(&Fake::file(foreign_elf("/lib/ld-nowhere.so.9", machine), 0o755)).await;
    assert!(matches!(error, LaunchError::MissingLoader { .. }), "{error:?}");
    assert_says(&error, &["/lib/ld-nowhere.so.9", "no such file or directory", "musl"]);
}

#[tokio::test]
async fn a_script_whose_interpreter_is_missing() {
    let error = refusal_of(&Fake::file("#!/bin/sh\r\necho hi\r\n", 0o755)).await;
    assert!(matches!(error, LaunchError::MissingInterpreter { .. }), "{error:?}");
    assert_says(&error, &["carriage return"]);
}

#[tokio::test]
async fn files_that_are_no_programs() {
    for (content, what) in [("", "empty"), ("hello", "neither a program"), ("\x7fELF", "neither a program")] {
        let error = refusal_of(&Fake::file(content, 0o755)).await;
        assert!(matches!(error, LaunchError::NotAProgram { .. }), "{error:?}");
        assert_says(&error, &["can't be executed", what]);
    }
}

#[tokio::test]
async fn a_file_still_being_written() {
    let fake = Fake::script("exit 0");
    let writer = std::fs::OpenOptions::new().append(true).open(fake.path()).unwrap();
    let error = refusal_of(&fake).await;
    assert!(matches!(error, LaunchError::Busy { .. }), "{error:?}");
    assert_says(&error, &["still being written"]);
    drop(writer);
}

#[tokio::test]
async fn a_working_directory_that_is_missing() {
    let fake = Fake::script("exit 0");
    let error = refusal(&fake.spec(), LaunchOptions::new().working_directory("/nowhere")).await;
    assert!(matches!(error, LaunchError::WorkingDirectory { .. }), "{error:?}");
    assert_says(&error, &["/nowhere can't be entered"]);
}

#[tokio::test]
async fn an_end_before_the_line_comes_with_code_and_stderr() {
    let error = refusal_of(&Fake::script("echo 'no database' >&2; exit 7")).await;
    let LaunchError::ExitedEarly { exit, stderr, .. } = &error else { panic!("{error:?}") };
    assert_eq!((exit.code(), stderr.lines()), (Some(7), ["no database".to_owned()].as_slice()));
    assert_says(&error, &["exit code 7 before it wrote the handshake line", "\nstderr:\n  no database"]);
}

#[tokio::test]
async fn an_end_by_a_signal_is_named_and_explained() {
    let error = refusal_of(&Fake::script("kill -ILL $$")).await;
    assert_says(&error, &["signal 4 (SIGILL)", "ARMv6"]);
    assert_says(
        &refusal_of(&Fake::script("kill -KILL $$")).await,
        &["signal 9 (SIGKILL)", "memory runs out"],
    );
    assert_says(
        &refusal_of(&Fake::script("no-such-command-here")).await,
        &["exit code 127", "no-such-command-here"],
    );
}

#[tokio::test]
async fn only_the_last_lines_of_stderr_are_kept() {
    let error =
        refusal_of(&Fake::script("i=0; while [ $i -lt 200 ]; do echo line $i >&2; i=$((i+1)); done; exit 1"))
            .await;
    let LaunchError::ExitedEarly { stderr, .. } = &error else { panic!("{error:?}") };
    assert_eq!((stderr.lines().len(), stderr.lines().last().map(String::as_str)), (50, Some("line 199")));
}

#[tokio::test]
async fn an_end_is_seen_although_a_helper_holds_the_outputs_open() {
    let started = Instant::now();
    let error = refusal_of(&Fake::script("sleep 15 & exit 3")).await;
    assert!(matches!(error, LaunchError::ExitedEarly { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn stdout_closed_by_a_process_that_goes_on() {
    let error = refusal_of(&Fake::script("exec >&-; sleep 30")).await;
    assert!(matches!(error, LaunchError::StdoutClosed { .. }), "{error:?}");
    assert_says(&error, &["closed its stdout without a handshake line"]);
}

#[tokio::test]
async fn silence_until_the_timeout() {
    let fake = Fake::script("echo waiting for the database >&2; sleep 30");
    let error = refusal(&fake.spec(), LaunchOptions::new().start_timeout(Duration::from_millis(500))).await;
    assert!(matches!(error, LaunchError::NoLineInTime { .. }), "{error:?}");
    assert_says(&error, &["no handshake line within 500ms", "waiting for the database"]);
}

#[tokio::test]
async fn an_endless_line_ends_at_the_limit() {
    let error = refusal_of(&Fake::script(
        "while :; do printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
    ))
    .await;
    let LaunchError::Handshake { line, .. } = &error else { panic!("{error:?}") };
    assert!(line.len() <= 200 && line.starts_with("xxx"), "{line}");
}

#[tokio::test]
async fn lines_a_host_cannot_accept() {
    for (line, parts) in [
        ("hello world", ["hello world", "unrecognized remote plugin message"]),
        ("", ["\"\"", "unrecognized remote plugin message"]),
        ("1|2|unix", ["1|2|unix", "unrecognized remote plugin message"]),
        ("1|0|unix|/tmp/x|grpc", ["plugin version 0", "client versions [1, 2]"]),
        ("1|3|unix|/tmp/x|grpc", ["plugin version 3", "client versions [1, 2]"]),
        ("2|2|unix|/tmp/x|grpc", ["core API version", "core version 1"]),
        ("1|2|udp|/tmp/x|grpc", ["\"udp\"", "unix or tcp"]),
        ("1|2|unix|/tmp/x", ["\"netrpc\"", "grpc"]),
        ("1|2|unix|/tmp/x|http", ["\"http\"", "grpc"]),
    ] {
        let error = refusal_of(&Fake::script(&format!("echo on stderr >&2; echo '{line}'; sleep 30"))).await;
        assert!(matches!(error, LaunchError::Handshake { .. }), "{error:?}");
        assert_says(&error, &parts);
        assert_says(&error, &["on stderr"]);
    }
}

#[tokio::test]
async fn what_was_asked_for_and_not_confirmed() {
    let fake = Fake::script("echo '1|2|unix|/tmp/x|grpc|'; sleep 30");
    let mut offer = graftwire_protocol::handshake::HostOffer::of_host();
    offer.client_cert = Some("a certificate".to_owned());
    assert_says(&refusal(&fake.spec(), LaunchOptions::new().offer(offer)).await, &["holds no certificate"]);
    let mut offer = graftwire_protocol::handshake::HostOffer::of_host();
    offer.multiplex = graftwire_protocol::handshake::Multiplex { announced: true, wanted: true };
    assert_says(&refusal(&fake.spec(), LaunchOptions::new().offer(offer)).await, &["seventh field"]);
}

#[tokio::test]
async fn an_address_where_nobody_answers() {
    let error = refusal_of(&Fake::script("echo '1|2|unix|/nowhere/socket|grpc'; sleep 30")).await;
    assert!(matches!(error, LaunchError::Connect { exit: None, .. }), "{error:?}");
    assert_says(&error, &["announced unix:/nowhere/socket, which can't be reached"]);
    let error = refusal_of(&Fake::script("echo '1|2|unix|/nowhere/socket|grpc'; exit 5")).await;
    assert_says(&error, &["the process has ended with exit code 5"]);
}

#[tokio::test]
async fn an_own_address_is_used_as_it_stands() {
    let error = refusal_of(&Fake::script("echo '1|2|tcp|127.0.0.1:1|grpc'; sleep 30")).await;
    assert_says(&error, &["tcp:127.0.0.1:1"]);
}
