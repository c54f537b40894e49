//! The verdict of a run, and names that may have been meant.

use std::time::Duration;

use super::*;

fn rows(outcome: Outcome) -> Vec<Row> {
    let target = Target::named("linux-arm").unwrap();
    vec![Row { plugin: "metrics".to_owned(), target, time: Duration::ZERO, outcome }]
}

#[test]
fn a_refusal_fails_a_run_that_asked_for_that_target() {
    let refused = || rows(Outcome::Refused("why".to_owned()));
    assert!(verdict(&refused(), false).is_ok());
    assert!(verdict(&refused(), true).is_err());
    assert!(verdict(&rows(Outcome::Failed("why".to_owned())), false).is_err());
    assert!(verdict(&rows(Outcome::Built { file: PathBuf::new(), bytes: 1 }), true).is_ok());
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
