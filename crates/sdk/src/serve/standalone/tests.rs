use std::fs;
use std::path::Path;

use super::*;

/// Larger than any process number of Linux.
const NOBODY: &str = "2000000000";

fn manifest(folder: &Path, id: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("plugin.json"), format!("{{\"type\":\"datasource\",\"id\":\"{id}\"}}")).unwrap();
}

fn temporary(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("graftwire-standalone-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn the_folder_is_where_the_go_sdk_looks() {
    let root = temporary("folder");
    assert_eq!(folder::of_plugin("a-b-datasource", &root), None);
    manifest(&root.join("src"), "a-b-datasource");
    manifest(&root.join("node_modules/a"), "in-modules");
    fs::create_dir_all(root.join("broken")).unwrap();
    fs::write(root.join("broken/plugin.json"), "{").unwrap();
    assert_eq!(folder::of_plugin("a-b-datasource", &root), Some(root.join("src")));
    assert_eq!(folder::of_plugin("in-modules", &root), None);
    // What is built goes before the sources, also for who works in pkg/.
    manifest(&root.join("dist"), "a-b-app");
    manifest(&root.join("dist/datasource"), "a-b-datasource");
    fs::create_dir_all(root.join("pkg")).unwrap();
    for start in [root.clone(), root.join("pkg"), root.join("dist")] {
        assert_eq!(folder::of_plugin("a-b-datasource", &start), Some(root.join("dist/datasource")));
        assert_eq!(folder::of_plugin("a-b-app", &start), Some(root.join("dist")));
        assert_eq!(folder::of_plugin("other", &start), None);
    }
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn the_files_are_the_owners_alone_and_go_with_the_server() {
    let root = temporary("files");
    fs::write(root.join("standalone.txt"), "old").unwrap();
    let written = Files::in_folder(&root).write("127.0.0.1:1").unwrap();
    let files = Files::in_folder(&root);
    assert_eq!(
        (files.address().as_deref(), files.process()),
        (Some("127.0.0.1:1"), Named::Living(std::process::id()))
    );
    #[cfg(unix)]
    for name in ["standalone.txt", "pid.txt"] {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(root.join(name)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(written);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    // Who took the folder over by hand keeps the files.
    let written = Files::in_folder(&root).write("127.0.0.1:1").unwrap();
    fs::write(root.join("pid.txt"), "1").unwrap();
    drop(written);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 2);
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_server_is_found_unless_its_process_is_gone() {
    let root = temporary("found");
    let files = Files::in_folder(&root);
    let said = || Some("host:1".to_owned());
    assert_eq!((found(None, &files), found(said(), &files)), (None, said()));
    fs::write(root.join("standalone.txt"), ":7\n").unwrap();
    // Early servers wrote no pid.txt.
    assert_eq!((found(None, &files), found(said(), &files)), (Some(":7".to_owned()), said()));
    for (pid, lives) in [
        ("", true),
        (std::process::id().to_string().as_str(), true),
        (NOBODY, false),
        ("x", false),
        ("-1", false),
        ("0", false),
    ] {
        fs::write(root.join("pid.txt"), pid).unwrap();
        assert_eq!(found(None, &files).is_some(), lives, "{pid:?}");
        assert_eq!(found(said(), &files).is_some(), lives, "{pid:?}");
    }
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn the_variable_is_named_after_the_id() {
    assert_eq!(variable("acme-x1-datasource"), "GF_PLUGIN_GRPC_ADDRESS_ACME_X1_DATASOURCE");
}
