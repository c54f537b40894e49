//! The table is whole, and names find their line in it.

use super::*;

#[test]
fn every_target_has_the_names_that_its_triple_gives() {
    for target in Target::all() {
        assert_eq!(Platform::of_triple(target.triple).unwrap(), target.platform, "{}", target.name);
        let usual = format!("{}-{}", target.platform.os, target.platform.arch);
        assert!(target.name == usual || target.name == "linux-armv7", "{}", target.name);
    }
}

#[test]
fn targets_are_found_by_each_of_their_names() {
    for name in ["linux-arm", "linux_arm", "Linux_ARM", "arm-unknown-linux-musleabihf"] {
        assert_eq!(Target::named(name).unwrap().name, "linux-arm");
    }
    let names = |list: &[&str]| {
        let list: Vec<String> = list.iter().map(|name| (*name).to_owned()).collect();
        Target::chosen(&list).unwrap().iter().map(|target| target.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&["linux-arm", "linux-amd64", "linux-arm"]), ["linux-amd64", "linux-arm"]);
    assert_eq!(names(&["all"]).len(), Target::all().len());
}

#[test]
fn an_unknown_target_names_near_ones_and_all() {
    for (wrong, near) in [
        ("linux-armv6", "linux-arm"),
        ("linux-x86_64", "linux-386"),
        ("aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"),
        ("windows", "windows-amd64"),
    ] {
        let error = Target::named(wrong).unwrap_err().to_string();
        assert!(error.contains(&format!("`{wrong}`")), "{error}");
        assert!(error.contains("did you mean") && error.contains(near), "{error}");
        assert!(error.contains("There are: linux-amd64, "), "{error}");
    }
    let error = Target::named("zzz").unwrap_err().to_string();
    assert!(!error.contains("did you mean"), "{error}");
}
