//! Any environment as a host's offer: the step *handshake*, on the plugin's side.
//!
//! The input is lines `KEY=VALUE`. An offer that was read must read back from the environment that a host would make
//! of it, and a version must come out of it. No environment of a process takes part.
#![no_main]

use graftwire_protocol::handshake::{COOKIE_KEY, COOKIE_VALUE, environment_of, negotiate, read_offer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let given: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let find = |key: &str| given.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
    let _ = read_offer(find);

    // Inputs rarely guess the cookie, and behind it is what there is to find.
    let with_cookie = |key: &str| if key == COOKIE_KEY { Some(COOKIE_VALUE.to_owned()) } else { find(key) };
    let Ok(mut offer) = read_offer(with_cookie) else { return };
    negotiate(&offer.versions, &[]);
    let environment = environment_of(&offer);
    let again = |key: &str| environment.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
    // What is no version is reported once and not passed on.
    offer.rejected_versions.clear();
    assert_eq!(read_offer(again), Ok(offer));
});
