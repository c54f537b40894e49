//! Files that can't or mustn't be opened.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::json;

use crate::world::World;

const TABLE: &str = "CREATE TABLE t (a); INSERT INTO t VALUES (1);";

async fn error_at(world: &mut World, path: &Path) -> String {
    world.settings["path"] = json!(path.to_str().unwrap());
    let answer = world.table("SELECT a FROM t").await;
    answer.response.error
}

#[tokio::test]
async fn each_wrong_place_has_its_message() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("empty.db"), b"").unwrap();
    std::fs::write(at("text.db"), b"this is no database at all, but long enough").unwrap();
    std::fs::write(at("encrypted.db"), (0..4096_u32).map(|n| (n * 37 % 251) as u8).collect::<Vec<_>>())
        .unwrap();
    std::fs::write(at("short.db"), b"SQLite format 3\0").unwrap();
    std::fs::create_dir(at("folder.db")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe.db"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    symlink(at("nowhere"), at("dangling.db")).unwrap();
    symlink(at("circle.db"), at("circle.db")).unwrap();
    for (path, expected) in [
        (at("missing.db"), "there is no such file"),
        (at("empty.db"), "the file is empty"),
        (at("text.db"), "does not begin as SQLite databases do: it is of another kind, or encrypted"),
        (at("encrypted.db"), "of another kind, or encrypted"),
        (at("short.db"), "the database is damaged"),
        (at("folder.db"), "found a folder, expected a database's file"),
        (at("pipe.db"), "found a device, socket or pipe"),
        ("/dev/zero".into(), "found a device, socket or pipe"),
        (at("dangling.db"), "there is no such file"),
        (at("circle.db"), "database "),
        (at("text.db").join("x.db"), "a part of it that should be a folder is a file"),
        (at("a/../text.db"), "without \"..\""),
        ("relative.db".into(), "expected an absolute path"),
        ("".into(), "path is empty"),
        (at(&"n".repeat(300)), "database "),
    ] {
        let mut world = World::new(TABLE).await;
        let error = error_at(&mut world, &path).await;
        assert!(error.contains(expected), "{}: {error}", path.display());
    }
}

#[tokio::test]
async fn the_operator_says_where_databases_may_lie() {
    let outside = World::new(TABLE).await;
    let inside = tempfile::tempdir().unwrap();
    let (allowed, good, link) =
        (inside.path().display().to_string(), inside.path().join("good.db"), inside.path().join("link.db"));
    std::fs::copy(&outside.file, &good).unwrap();
    symlink(&outside.file, &link).unwrap();
    symlink(&good, inside.path().join("fine.db")).unwrap();
    let try_at = async |path: &Path| {
        let settings = json!({"path": path.to_str().unwrap()});
        let world = World::with("", settings, &[("GF_PLUGIN_ALLOWED_PATHS", &allowed)]).await;
        world.table("SELECT a FROM t").await.response.error
    };
    assert_eq!(try_at(&good).await, "");
    assert_eq!(try_at(&inside.path().join("fine.db")).await, "", "a link that stays inside");
    let out = try_at(&link).await;
    assert!(
        out.contains("lies outside of") && out.contains("it leads to") && out.contains("allowed_paths"),
        "{out}"
    );
    assert!(try_at(&outside.file).await.contains("lies outside of"));
    let sibling = Path::new(&format!("{allowed}-more")).join("x.db");
    std::fs::create_dir(sibling.parent().unwrap()).unwrap();
    std::fs::copy(&outside.file, &sibling).unwrap();
    assert!(try_at(&sibling).await.contains("lies outside of"), "a name that begins alike is another folder");
    std::fs::remove_dir_all(sibling.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn grafanas_own_database_stays_closed() {
    let world = World::new(TABLE).await;
    let own = world.folder.path().join("grafana.db");
    std::fs::copy(&world.file, &own).unwrap();
    let settings = || json!({"path": own.to_str().unwrap()});
    let closed = World::with("", settings(), &[]).await;
    assert!(closed.table("SELECT a FROM t").await.error().contains("Grafana's own database"));
    let folder = world.folder.path().to_str().unwrap();
    let still = World::with("", settings(), &[("GF_PLUGIN_ALLOWED_PATHS", folder)]).await;
    assert!(still.table("SELECT a FROM t").await.error().contains("Grafana's own database"));
    let named = World::with("", settings(), &[("GF_PLUGIN_ALLOWED_PATHS", own.to_str().unwrap())]).await;
    assert_eq!(named.table("SELECT a FROM t").await.response.error, "");
}

/// A database in WAL mode on a disk that nobody can write to.
#[tokio::test]
async fn an_immutable_database_needs_no_files_beside_it() {
    let mut world =
        World::new("PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1);").await;
    let odd = world.folder.path().join("odd ?%#name.db");
    std::fs::rename(&world.file, &odd).unwrap();
    std::fs::set_permissions(world.folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    world.settings = json!({"path": odd.to_str().unwrap(), "immutable": true});
    let error = world.table("SELECT a FROM t").await.response.error;
    std::fs::set_permissions(world.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(error, "");
}

/// What was replaced is seen at once: nothing of the older file is kept.
#[tokio::test]
async fn a_replaced_file_is_read_anew() {
    let world = World::new(TABLE).await;
    assert_eq!(world.table("SELECT a FROM t").await.response.error, "");
    let other = World::new("CREATE TABLE u (b); INSERT INTO u VALUES (2);").await;
    std::fs::rename(&other.file, &world.file).unwrap();
    assert_eq!(world.table("SELECT b FROM u").await.response.error, "");
}
