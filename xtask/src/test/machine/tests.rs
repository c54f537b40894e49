use super::*;

#[test]
fn a_folder_is_emptied_only_above_the_size() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [("debug/deps/a", 600), ("debug/b", 400), ("xtask-test/x.log", 10), ("kept", 1)] {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, vec![0; bytes]).unwrap();
    }
    keep_below(dir.path(), 1_011).unwrap();
    assert!(dir.path().join("debug/deps/a").exists());
    keep_below(dir.path(), 1_010).unwrap();
    assert!(!dir.path().join("debug").exists());
    assert!(dir.path().join("xtask-test/x.log").exists());
}

#[test]
fn what_is_not_installed_is_not_there() {
    assert!(is_there(&["cargo", "--version"]));
    assert!(!is_there(&["gw-no-such-program", "--version"]));
    assert!(!is_there(&["cargo", "no-such-chore"]));
    assert!(!is_there(&[]));
}
