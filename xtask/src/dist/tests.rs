//! The verdict of a run, and names that may have been meant.

use std::time::Duration;

use super::*;

fn rows(outcome: Outcome) -> Vec<Row> {
    let target = Target::named("linux-arm").unwrap();
    vec![Row { plugin: "metrics".to_owned(), target, time: Duration::ZERO, outcome }]
}

#[test]
fn a_build_that_failed_fails_the_run() {
    assert!(verdict(&rows(Outcome::Failed("why".to_owned()))).is_err());
    assert!(verdict(&rows(Outcome::Built { file: PathBuf::new(), bytes: 1 })).is_ok());
}

#[test]
fn near_names_come_first_and_far_ones_not_at_all() {
    let known = ["linux-arm", "linux-arm64", "linux-armv7", "linux-amd64", "darwin-arm64"];
    assert_eq!(near("linux-armv77", known.into_iter()).first(), Some(&"linux-armv7"));
    assert!(near("linux-armv6", known.into_iter()).len() <= 3);
    assert_eq!(near("q", known.into_iter()), [""; 0]);
}

#[test]
fn what_is_built_by_default_is_in_the_table() {
    let names = USUAL.map(str::to_owned);
    assert_eq!(Target::chosen(&names).unwrap().len(), USUAL.len());
}
