use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;

fn refusal(roots: &Roots, path: &Path) -> String {
    roots.open(path).map_or_else(|error| error.to_string(), |_| format!("{path:?} was opened"))
}

#[test]
fn only_regular_files_inside_of_the_roots_are_opened() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("logs");
    let outside = dir.path().join("secret");
    std::fs::create_dir_all(root.join("sub")).unwrap();
    std::fs::write(&outside, "secret").unwrap();
    std::fs::write(root.join("sub/a.log"), "a").unwrap();
    symlink(&outside, root.join("out.log")).unwrap();
    symlink(dir.path(), root.join("up")).unwrap();
    symlink(root.join("sub/a.log"), root.join("in.log")).unwrap();
    let _listener = UnixListener::bind(root.join("socket")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let roots = Roots::new([root.clone()]).unwrap();

    assert!(roots.open(&root.join("sub/a.log")).is_ok());
    assert!(roots.open(&root.join("in.log")).is_ok(), "a link that stays inside is fine");

    assert!(refusal(&roots, &outside).contains("is outside of the folders that may be read"));
    assert!(refusal(&roots, &root.join("out.log")).contains("is outside"));
    assert!(refusal(&roots, &root.join("up/secret")).contains("is outside"));
    assert!(refusal(&roots, &root.join("../secret")).contains("is outside"));
    assert!(refusal(&roots, Path::new("logs/sub/a.log")).contains("is outside"));
    assert!(refusal(&roots, &root.join("sub")).contains("is a folder, expected a regular file"));
    assert!(refusal(&roots, &root).contains("is a folder"));
    assert!(refusal(&roots, &root.join("pipe")).contains("is a pipe"));
    assert!(refusal(&roots, &root.join("socket")).contains("is a socket"));
    assert!(roots.open(&root.join("gone.log")).unwrap_err().is_gone());

    let devices = Roots::new([PathBuf::from("/dev")]).unwrap();
    assert!(refusal(&devices, Path::new("/dev/zero")).contains("is a device"));
}

#[test]
fn roots_are_absolute_and_straight() {
    for wrong in ["logs", "/var/log/../../etc"] {
        let error = Roots::new([PathBuf::from(wrong)]).unwrap_err().to_string();
        assert!(error.contains("roots is") && error.contains("expected absolute paths"), "{error}");
    }
}
