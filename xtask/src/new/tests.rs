use std::fs;

use super::*;
use crate::package::Source;

fn names(text: &str) -> Names {
    Names::read(text, None).unwrap()
}

fn refusal(text: &str, org: Option<&str>) -> String {
    Names::read(text, org).unwrap_err().to_string()
}

/// A repository of its own in a temporary folder.
fn made(git: Option<&str>) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::outside(&dir.path().join("acme-rain"), git).unwrap();
    Files::of(&names("acme-rain"), &place).unwrap().write(&place.folder).unwrap();
    (dir, place.folder)
}

#[test]
fn names_are_read_with_and_without_their_ending() {
    for (text, org) in [("acme-rain", None), ("acme-rain-datasource", None), ("rain", Some("acme"))] {
        let names = Names::read(text, org).unwrap();
        assert_eq!((names.package().as_str(), names.id().as_str()), ("acme-rain", "acme-rain-datasource"));
    }
    assert_eq!(names("acme-4g").fill("example-wave EXAMPLE_WAVE Example Wave"), "acme-4g ACME_4G Acme 4g");
}

#[test]
fn names_that_grafana_or_cargo_would_refuse_are_refused_with_one_that_does() {
    for (text, near) in [
        ("Acme-Rain", "acme-rain"),
        ("acme_rain", "acme-rain"),
        ("acme-heavy-rain", "acme-heavyrain"),
        ("AcmeRain", "acme-rain"),
        ("3acme-rain", "acme-rain"),
        ("acme--rain", "acme-rain"),
        (" acme-rain", "acme-rain"),
        ("acme-rain/../..", "acme-rain"),
    ] {
        let found = refusal(text, None);
        assert!(found.contains(&format!("did you mean {near:?}?")), "{text}: {found}");
    }
    assert!(refusal("rain", None).contains("--org"));
    assert!(refusal("", None).contains("--org"));
    assert!(refusal("-rain", None).contains("expected organisation-name"));
    assert!(refusal(&format!("acme-{}", "a".repeat(41)), None).contains("at most 40 long"));
    assert!(refusal("acme-rain-panel", None).contains("data source"));
    assert!(refusal("rain", Some("grafana")).contains("Grafana's own"));
    assert!(refusal("example-wave", None).contains("the template itself"));
}

#[test]
fn a_folder_that_exists_is_refused_and_stays_as_it_is() {
    let (dir, folder) = made(None);
    fs::write(folder.join("README.md"), "mine").unwrap();
    let error = Place::outside(&folder, None).unwrap_err().to_string();
    assert!(error.contains("exists already; nothing was changed"), "{error}");
    assert_eq!(fs::read_to_string(folder.join("README.md")).unwrap(), "mine");
    let error = Place::outside(&dir.path().join("none/acme-rain"), None).unwrap_err().to_string();
    assert!(error.contains("where the folder should go"), "{error}");
    let error = Place::outside(&run::root().join("target-acme-rain"), None).unwrap_err().to_string();
    assert!(error.contains("--into plugins"), "{error}");
    let error = Place::inside(&run::root().join("crates/acme-rain"), &names("acme-rain")).unwrap_err();
    assert!(error.to_string().contains("no folder of plugins"), "{error}");
}

#[test]
fn nothing_half_made_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("acme-rain");
    // A file where another one needs a folder: the writing ends in the middle.
    let files = [("a/b", "1"), ("c", "2"), ("c/d", "3")];
    let files = Files(files.map(|(path, text)| (path.into(), text.to_owned())).into());
    let error = format!("{:#}", files.write(&folder).unwrap_err());
    assert!(error.contains("nothing is left of it"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

    // A folder that came meanwhile is nobody's to replace.
    fs::create_dir(&folder).unwrap();
    let files = Files([("a".into(), "1".to_owned())].into());
    let error = format!("{:#}", files.write(&folder).unwrap_err());
    assert!(error.contains("meanwhile"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn no_name_of_the_template_is_left() {
    let (_dir, folder) = made(None);
    let mut open = vec![folder];
    let mut files = 0;
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
                continue;
            }
            files += 1;
            let path = entry.path();
            let text = fs::read_to_string(&path).unwrap();
            // The lock file is cut down by Cargo at the first build.
            let lock = path.ends_with("Cargo.lock");
            for word in ["example-wave", "example_wave", "EXAMPLE_WAVE", "Example Wave", "The Example"] {
                let left = text.contains(word) || path.to_string_lossy().contains(word);
                assert!(lock || !left, "{} holds {word}", path.display());
            }
        }
    }
    assert!(files > 30, "{files} files");
}

/// What is checked in was built from the template's sources; a name in it would make it differ from the new sources'.
#[test]
fn the_built_front_end_holds_no_name() {
    let module = fs::read_to_string(run::root().join("templates/datasource/ui/module.js")).unwrap();
    assert_eq!(names("acme-rain").fill(&module), module);
}

#[test]
fn a_repository_of_its_own_is_one_to_cargo_and_to_our_chores() {
    let (_dir, folder) = made(None);
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(&folder).no_deps().exec().unwrap();
    let package = metadata.root_package().unwrap();
    assert_eq!(package.name.as_str(), "acme-rain");
    assert_eq!(metadata.workspace_root.as_std_path(), folder);
    let sdk = package.dependencies.iter().find(|one| one.name == "graftwire-sdk").unwrap();
    let sdk = sdk.path.as_ref().unwrap().as_std_path().canonicalize().unwrap();
    assert_eq!(sdk, run::root().join("crates/sdk").canonicalize().unwrap());
    let source = Source::find(None, Some(&folder)).unwrap();
    assert_eq!(source.licences(), folder);

    let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    for profile in ["release", "embedded"] {
        assert!(manifest["profile"][profile].get("package").is_some_and(|all| all.get("prost").is_some()));
        assert!(manifest["profile"][profile]["package"].get("redb").is_none(), "it has no redb");
    }
    assert!(!text.contains("workspace = true"), "{text}");
}

#[test]
fn with_git_the_crates_come_from_there() {
    let (_dir, folder) = made(Some("https://git.example.org/graftwire"));
    let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert!(text.contains("graftwire-sdk = { git = \"https://git.example.org/graftwire\" }"), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let error = Place::outside(&dir.path().join("a"), Some("a \"b")).unwrap_err().to_string();
    assert!(error.contains("expected an URL"), "{error}");
}
