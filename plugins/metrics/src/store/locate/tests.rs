//! The rule of places, against folders that can and can't be written.

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_setting_wins_as_it_is() {
    let (path, warning) = locate(Some(Path::new("/nowhere/at/all")), Some(folder().path()));
    assert_eq!((path, warning), (PathBuf::from("/nowhere/at/all"), None));
}

#[test]
fn without_a_setting_it_lies_beside_the_executable() {
    let folder = folder();
    for setting in [None, Some(Path::new(""))] {
        assert_eq!(locate(setting, Some(folder.path())), (folder.path().join("data"), None));
    }
    assert!(!folder.path().join("data/.writable").exists());
}

#[test]
fn the_last_resort_is_temporary_and_says_so() {
    let (file, temporary) = (tempfile::NamedTempFile::new().unwrap(), folder());
    // A folder below a file can't exist, for root neither.
    for executable in [Some(file.path()), None] {
        let (path, warning) = locate_among(None, executable, &[file.path(), temporary.path()]);
        assert_eq!(path, temporary.path().join(FOLDER));
        let text = warning.unwrap().to_string();
        assert!(text.contains(&path.display().to_string()) && text.contains("set a folder"), "{text}");
    }
}

#[test]
fn with_no_place_at_all_one_is_named_still() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (path, warning) = locate_among(None, None, &[file.path()]);
    assert!(path.starts_with(file.path()) && warning.is_some());
}
