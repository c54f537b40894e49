use super::*;

const LONG: Duration = Duration::from_secs(60);

fn sh(script: &str) -> Run {
    Run::new("sh").args(["-c", script]).quiet()
}

/// A process that was killed takes a moment, and stays as a zombie until its new parent looks at it.
fn assert_goes(process: &str) {
    let until = Instant::now() + LONG;
    let stat = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    while !stat().is_empty() && !stat().contains(") Z ") {
        assert!(Instant::now() < until, "still there: {}", stat());
        std::thread::sleep(TICK);
    }
}

#[test]
fn both_streams_come_line_by_line() {
    let mut lines = Vec::new();
    let ending = sh("echo one; echo two >&2; printf 'a\\rb'; exit 3")
        .bounded(LONG, |line| lines.push(line.to_owned()));
    let ending = ending.unwrap();
    assert_eq!(lines, ["one", "two", "b"]);
    assert!(!ending.succeeded());
    assert_eq!(ending.to_string(), "exit status: 3");
}

#[test]
fn the_bound_ends_the_whole_group() {
    let mut lines = Vec::new();
    let bound = Duration::from_secs(1);
    let ending = sh("sleep 1000 & echo $!; wait").bounded(bound, |line| lines.push(line.to_owned())).unwrap();
    assert_eq!(ending, Ending::TimedOut(bound));
    assert_goes(&lines[0]);
}

#[test]
fn what_the_program_leaves_behind_is_ended_too() {
    let mut lines = Vec::new();
    let started = Instant::now();
    let ending = sh("sleep 1000 & echo $!").bounded(LONG, |line| lines.push(line.to_owned())).unwrap();
    assert!(ending.succeeded());
    assert!(started.elapsed() < LONG, "it waited for a process that holds the pipe");
    assert_goes(&lines[0]);
}
