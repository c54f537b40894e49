//! Failures: codes and texts.

use std::io;

use graftwire_model::{CallError, Code, ErrorSource};

use super::{EXIT_CODES, Exit, Failure};

#[test]
fn every_code_is_in_the_help() {
    for exit in
        [Exit::Fine, Exit::Answer, Exit::Usage, Exit::Start, Exit::Lost, Exit::File, Exit::Interrupted]
    {
        let number = (exit as u8).to_string();
        assert!(EXIT_CODES.lines().any(|line| line.split_whitespace().next() == Some(&number)), "{number}");
    }
}

#[test]
fn causes_are_told_once_each() {
    let failure = Failure::file("x.json can't be read").because(io::Error::other("no such file"));
    assert_eq!(format!("{failure:#}"), "x.json can't be read: no such file");
    assert_eq!(failure.to_json()["error"]["exitCode"], 5);
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let failure = Failure::stdout(io::ErrorKind::BrokenPipe.into());
    assert!(failure.is_silent());
    assert_eq!(failure.exit(), Exit::Fine);
    assert!(!Failure::stdout(io::ErrorKind::StorageFull.into()).is_silent());
}

#[test]
fn a_lost_plugin_is_told_from_a_failed_call() {
    let call = |code| Failure::call("query", CallError::new(code, "why"));
    assert_eq!(call(Code::Unavailable).exit(), Exit::Lost);
    assert_eq!(call(Code::DeadlineExceeded).exit(), Exit::Lost);
    assert_eq!(call(Code::Unknown).exit(), Exit::Answer);
    let marked =
        Failure::call("query", CallError::new(Code::Unknown, "why").with_origin(ErrorSource::Downstream));
    assert_eq!(format!("{marked:#}"), "query failed (gRPC 2: unknown error, source downstream): why");
}
