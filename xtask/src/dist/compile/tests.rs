//! The command that a request becomes, what its failures say, and that a file is whole or not there.

use std::collections::BTreeSet;

use super::*;

fn request(target: &str) -> Request {
    Request::new("graftwire-x", "gpx_x", Target::named(target).unwrap(), Profile::Embedded)
}

#[test]
fn builds_that_differ_have_places_of_their_own() {
    let usual = request("linux-arm");
    assert_eq!(usual.place(Path::new("/t")), Path::new("/t/dist/embedded/linux-arm"));
    let other = Request { features: vec!["mimalloc".to_owned()], ..usual.clone() };
    let flags = Request { rustflags: vec!["-Ctarget-cpu=arm1176jzf-s".to_owned()], ..usual.clone() };
    let std = Request { std: Std::Shipped, ..usual.clone() };
    let places = [&usual, &other, &flags, &std].map(|request| request.place(Path::new("/t")));
    let different: BTreeSet<_> = places.iter().collect();
    assert_eq!(different.len(), places.len(), "{places:?}");
}

#[test]
fn windows_has_its_ending() {
    assert_eq!(request("windows-arm64").file_name(), "gpx_x.exe");
    assert_eq!(request("linux-arm64").file_name(), "gpx_x");
}

#[test]
fn flags_keep_the_machine_out_and_suit_the_library() {
    let flags = |target: &str| rustflags(&request(target), &run::root()).unwrap().join(" ");
    for target in ["linux-amd64", "linux-arm", "darwin-arm64"] {
        assert_eq!(flags(target).matches("--remap-path-prefix=").count(), 3, "{target}");
    }
    assert!(flags("linux-riscv64").contains("link-self-contained=no"));
    assert!(!flags("linux-amd64").contains("link-self-contained"));
}

#[test]
fn a_full_disk_and_a_stale_lock_file_say_what_to_do() {
    let said = |text: &str| failure("cargo-zigbuild zigbuild", Ending::TimedOut(LONGEST), &[text.to_owned()]);
    let full = said("error: failed to write: No space left on device (os error 28)");
    assert!(full.contains("CARGO_TARGET_DIR") && full.contains("same command again"), "{full}");
    let stale = said("error: cannot update the lock file because --locked was passed");
    assert!(stale.contains("cargo update --workspace"), "{stale}");
    let other = said("error[E0308]: mismatched types");
    assert!(other.ends_with("mismatched types"), "{other}");
}

#[test]
fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    std::fs::write(&from, "new").unwrap();
    let to = folder.path().join("a/b");
    std::fs::create_dir_all(&to).unwrap();
    std::fs::write(to.join("gpx_x"), "old").unwrap();
    let kept = keep(&from, &to, "gpx_x").unwrap();
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "new");
    // What can't be copied leaves what was there.
    assert!(keep(&folder.path().join("absent"), &to, "gpx_x").is_err());
    let left: Vec<_> = std::fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["gpx_x"]);
}
