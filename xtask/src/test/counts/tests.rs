use super::*;

fn counted(counter: Counter, succeeded: bool, output: &str) -> Tally {
    let mut tally = Tally::default();
    output.lines().for_each(|line| counter.read(line, &mut tally));
    counter.finish(succeeded, tally)
}

#[test]
fn libtest_counts_are_summed_and_not_run_counts_as_skipped() {
    let output = "running 3 tests\n\
        test a ... ok\n\
        NOT RUN: b: no Go here\n\
        test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
        test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
    let tally = counted(Counter::Libtest, false, output);
    let expected = Tally { passed: 6, failed: 2, skipped: 2, not_run: vec!["b: no Go here".to_owned()] };
    assert_eq!(tally, expected);
}

#[test]
fn a_runner_that_fails_without_a_failing_test_counts_as_one_failure() {
    let tally = counted(Counter::Libtest, false, "error[E0425]: cannot find value\n");
    assert_eq!((tally.passed, tally.failed), (0, 1));
}

#[test]
fn a_runner_that_ran_nothing_has_failed() {
    assert_eq!(counted(Counter::Libtest, true, "running 0 tests\n").failed, 1);
    assert_eq!(counted(Counter::Plain, true, "0 passed, 0 failed\n").failed, 1);
    assert_eq!(counted(Counter::GoJson, true, "").failed, 1);
    // One that says why it ran nothing has not.
    assert_eq!(counted(Counter::Plain, true, "NOT RUN: all: no node\n0 passed, 0 failed\n").failed, 0);
}

#[test]
fn plain_counts_stand_alone_on_their_line() {
    let output = "2 passed, 1 failed\nall 3 passed, 4 failed\n1 passed, 2 failed, 3 skipped\n7 passed\n";
    let tally = counted(Counter::Plain, false, output);
    assert_eq!((tally.passed, tally.failed, tally.skipped), (3, 3, 3));
}

#[test]
fn go_events_count_tests_and_not_packages() {
    let output = r#"{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}
not json"#;
    let tally = counted(Counter::GoJson, false, output);
    assert_eq!((tally.passed, tally.failed, tally.skipped), (1, 1, 1));
}

#[test]
fn a_whole_check_counts_its_exit_code() {
    assert_eq!(counted(Counter::Whole, true, "NOT RUN: it only says so\n"), Tally::one(true));
    assert_eq!(counted(Counter::Whole, false, ""), Tally::one(false));
}

#[test]
fn criterion_successes_are_counted() {
    let tally = counted(Counter::Criterion, true, "Testing frame/encode\nSuccess\nTesting b\nSuccess\n");
    assert_eq!(tally.passed, 2);
}
