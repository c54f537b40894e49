//! The private environment: whole or made again, and what is said where it can't be made.

use super::*;

#[test]
fn a_complete_environment_is_taken_as_it_is() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("tools").join(format!("{ZIG}+{ZIGBUILD}").replace("==", "-"));
    fs::create_dir_all(&folder).unwrap();
    File::create(folder.join(COMPLETE)).unwrap();
    let tools = environment(cache.path(), &mut |line| panic!("it was made again: {line}")).unwrap();
    assert!(tools.programs.starts_with(&folder));
}

#[test]
fn what_cannot_be_fetched_says_how_to_bring_it() {
    let offline = not_fetched("ERROR: No matching distribution found for ziglang==0.17.1");
    assert!(offline.contains("pip download ziglang==0.17.1 cargo-zigbuild==0.24.1"), "{offline}");
    assert!(offline.contains("PIP_FIND_LINKS") && offline.ends_with("ziglang==0.17.1"), "{offline}");
    let full = not_fetched("ERROR: Could not install: [Errno 28] No space left on device");
    assert!(full.contains("the disk is full") && full.contains("XDG_CACHE_HOME"), "{full}");
    for pinned in [ZIG, ZIGBUILD] {
        assert!(offline.contains(&format!(" {pinned}")), "the advice names another version than {pinned}");
    }
}
