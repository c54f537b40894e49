use std::fs;

use serde_json::json;

use super::platform::Linking;
use super::*;
use crate::run;

const MANIFEST: &str = include_str!("../../../plugins/metrics/plugin.json");

/// The manifest of the metrics plugin with one place changed (`null` removes it), and the problems that gives.
fn problems_with(pointer: &str, value: serde_json::Value) -> String {
    let mut manifest: serde_json::Value = serde_json::from_str(MANIFEST).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = manifest.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        serde_json::Value::Null => drop(parent.remove(key)),
        value => drop(parent.insert(key.to_owned(), value)),
    }
    Manifest::parse(&manifest.to_string()).map_or_else(|error| error.to_string(), |_| String::new())
}

#[test]
fn each_rule_of_plugin_json_is_told_with_its_place() {
    for (pointer, value, told) in [
        ("/id", json!("graftwire-metrics"), "id: found"),
        ("/id", json!("Graftwire-metrics-datasource"), "id: found"),
        ("/id", json!("graftwire-metrics-panel"), "expected organisation-name-datasource"),
        ("/type", json!("renderer"), "type: found \"renderer\""),
        ("/name", json!(null), "name: expected a text"),
        ("/backend", json!(false), "backend and executable"),
        ("/executable", json!("bin/gpx"), "expected a name without folders"),
        ("/streaming", json!("yes"), "streaming: expected true or false"),
        ("/category", json!("metrics"), "category: found"),
        ("/builtIn", json!(true), "builtIn: Grafana's schema has no such key"),
        ("/queryOptions/step", json!(true), "queryOptions.step: Grafana's schema"),
        ("/info/license", json!("MIT"), "info.license: Grafana's schema"),
        ("/info/keywords", json!([]), "info.keywords: expected at least one"),
        ("/info/logos/small", json!(null), "info.logos.small: expected a text"),
        ("/info/version", json!("1"), "info.version: found \"1\""),
        ("/info/updated", json!("today"), "info.updated: found \"today\""),
        ("/info/links", json!([{"name": "x"}]), "info.links[0].url: expected a text"),
        ("/includes", json!([{"type": "dashboard", "name": "x"}]), "includes[0].path: expected a text"),
        ("/dependencies/grafanaDependency", json!("7.5+"), "dependencies.grafanaDependency: found \"7.5+\""),
    ] {
        let found = problems_with(pointer, value);
        assert!(found.contains(told), "{pointer}: expected {told:?} in {found:?}");
    }
    for range in [">=7.5.0", ">=11.6.0 <14.0.0", ">=12.1.0-0", "^9.4.0", "8.x"] {
        assert_eq!(problems_with("/dependencies/grafanaDependency", json!(range)), "", "{range}");
    }
}

#[test]
fn filling_replaces_the_placeholders_and_checks_them() {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    let filled = manifest.filled("1.2.3", "2026-01-31").unwrap();
    assert_eq!(filled.version(), "1.2.3");
    assert!(!filled.text().contains('%'));
    assert!(manifest.filled("1.2.3", "yesterday").is_err());
}

#[test]
fn platforms_have_the_names_that_grafana_looks_for() {
    for (triple, file) in [
        ("x86_64-unknown-linux-musl", "gpx_a_linux_amd64"),
        ("aarch64-unknown-linux-gnu", "gpx_a_linux_arm64"),
        ("arm-unknown-linux-musleabihf", "gpx_a_linux_arm"),
        ("armv7-unknown-linux-musleabihf", "gpx_a_linux_arm"),
        ("aarch64-apple-darwin", "gpx_a_darwin_arm64"),
        ("x86_64-pc-windows-gnu", "gpx_a_windows_amd64.exe"),
        ("riscv64gc-unknown-linux-musl", "gpx_a_linux_riscv64"),
    ] {
        let platform = Platform::of_triple(triple).unwrap();
        assert_eq!(platform.file_name("gpx_a"), file);
        assert_eq!(Platform::of_file_name(file, "gpx_a"), Some(platform));
    }
    assert!(Platform::of_triple("wasm32-unknown-unknown").is_err());
    for wrong in ["gpx_a", "gpx_a_linux", "gpx_a_linux_x86_64", "gpx_a_windows_amd64", "gpx_b_linux_arm"] {
        assert_eq!(Platform::of_file_name(wrong, "gpx_a"), None, "{wrong}");
    }
}

/// A folder of the metrics plugin whose executable is this test's own.
struct Laid {
    out: tempfile::TempDir,
    manifest: Manifest,
}

impl Laid {
    fn new() -> Self {
        let laid = Self {
            out: tempfile::tempdir().unwrap(),
            manifest: Manifest::parse(MANIFEST).unwrap().filled("0.1.0", "2026-01-31").unwrap(),
        };
        laid.write().unwrap();
        laid
    }

    fn write(&self) -> anyhow::Result<()> {
        let content = Content {
            source: &run::root().join("plugins/metrics"),
            licences: &run::root(),
            manifest: &self.manifest,
            executables: vec![(here(), std::env::current_exe()?)],
        };
        layout::write(&self.folder(), &content)
    }

    fn folder(&self) -> PathBuf {
        self.out.path().join(self.manifest.id())
    }

    fn executable(&self) -> PathBuf {
        self.folder().join(here().file_name(self.manifest.executable()))
    }

    fn problems(&self) -> String {
        checks::folder(&self.folder(), &self.manifest)
            .map_or_else(|found| found.join("\n"), |_| String::new())
    }
}

fn here() -> Platform {
    Platform::of_triple(&platform::host_triple().unwrap()).unwrap()
}

#[test]
fn a_folder_as_laid_out_has_no_problems() {
    let laid = Laid::new();
    let facts = checks::folder(&laid.folder(), &laid.manifest).unwrap();
    assert_eq!(facts.executables.len(), 1);
    assert!(facts.bytes > facts.executables[0].2);
    let text = advice::text(&laid.folder(), &laid.manifest, &facts);
    assert!(text.contains("allow_loading_unsigned_plugins = graftwire-metrics-datasource"), "{text}");
    assert!(
        text.contains("GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS=graftwire-metrics-datasource"),
        "{text}"
    );
}

#[test]
fn what_is_wrong_with_a_folder_is_told() {
    let edit = |name: &'static str, from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            assert!(text.contains(from), "{name} holds {from}");
            fs::write(folder.join(name), text.replace(from, to)).unwrap();
        }
    };
    let add = |name: &'static str| move |folder: &Path| fs::write(folder.join(name), "{}").unwrap();
    let remove = |name: &'static str| move |folder: &Path| fs::remove_file(folder.join(name)).unwrap();
    type Damage = Box<dyn Fn(&Path)>;
    let cases: Vec<(Damage, &str)> = vec![
        (Box::new(remove("module.js")), "module.js: No such file"),
        (
            Box::new(edit("module.js", "define([", "System.register([")),
            "module.js: expected one anonymous define",
        ),
        (Box::new(remove("img/logo.svg")), "img/logo.svg: named in plugin.json, not in the folder"),
        (Box::new(edit("img/logo.svg", "<path", "<script/><path")), "img/logo.svg: holds <script"),
        (Box::new(edit("plugin.json", "2026-01-31", "%TODAY%")), "plugin.json: a placeholder is left"),
        (Box::new(edit("CHANGELOG.md", "## 0.1.0", "## 0.0.9")), "found no heading \"## 0.1.0\""),
        (Box::new(remove("LICENSE")), "LICENSE: No such file"),
        (Box::new(add("pid.txt")), "pid.txt: must not be shipped"),
        (Box::new(add("img/plugin.json")), "img/plugin.json: Grafana would load it as a second plugin"),
        (Box::new(add("gpx_graftwire_metrics_linux_x64")), "gpx_graftwire_metrics_linux_x64: expected gpx_"),
        (
            Box::new(edit("dashboards/this-machine.json", "\"schemaVersion\": 27", "\"schemaVersion\": 41")),
            "41 is newer",
        ),
        (Box::new(edit("dashboards/this-machine.json", "\"id\": null", "\"id\": 7")), "id must be null"),
        (Box::new(edit("dashboards/this-machine.json", "\"panels\"", "\"panel\"")), "expected panels"),
    ];
    for (damage, told) in cases {
        let laid = Laid::new();
        damage(&laid.folder());
        let problems = laid.problems();
        assert!(problems.contains(told), "expected {told:?} in {problems:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_executable_must_have_its_mode_and_its_platform() {
    use std::os::unix::fs::PermissionsExt as _;
    let laid = Laid::new();
    fs::set_permissions(laid.executable(), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(laid.problems().contains("found mode 644, expected 755"), "{}", laid.problems());

    let laid = Laid::new();
    let other = Platform { os: "linux", arch: if here().arch == "s390x" { "amd64" } else { "s390x" } };
    fs::rename(laid.executable(), laid.folder().join(other.file_name(laid.manifest.executable()))).unwrap();
    assert!(laid.problems().contains("expected it to run on linux/"), "{}", laid.problems());

    let laid = Laid::new();
    fs::remove_file(laid.executable()).unwrap();
    assert!(laid.problems().contains("no executable in the folder"), "{}", laid.problems());

    let laid = Laid::new();
    std::os::unix::fs::symlink("/etc/hostname", laid.folder().join("link")).unwrap();
    assert!(laid.problems().contains("link: expected a file or a folder, no link"), "{}", laid.problems());
}

#[test]
fn a_dynamic_executable_is_recognised() {
    let linking = platform::inspect(&std::env::current_exe().unwrap(), here()).unwrap();
    let is_static = cfg!(all(target_os = "linux", target_env = "musl"));
    assert_eq!(linking, if is_static { Linking::Static } else { Linking::Dynamic });
}

#[test]
fn a_second_run_replaces_its_own_folder_and_no_other() {
    let laid = Laid::new();
    fs::write(laid.folder().join("left-over.txt"), "").unwrap();
    laid.write().unwrap();
    assert!(!laid.folder().join("left-over.txt").exists());

    fs::remove_file(laid.folder().join("plugin.json")).unwrap();
    let error = laid.write().unwrap_err().to_string();
    assert!(error.contains("is not the folder of graftwire-metrics-datasource"), "{error}");
    assert!(laid.folder().join("module.js").exists(), "nothing was removed");
}

#[cfg(unix)]
mod starting {
    use super::*;

    /// Starts a shell script as a plugin and gives the error's text, empty when it started well.
    fn start(script: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("plugin");
        // Another process writes it: were it open for writing here, a fork of another test could keep it so
        // ("text file busy").
        let write = "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod 755 \"$0\"";
        run::Run::new("sh").args(["-c", write]).arg(&file).arg(script).quiet().silent().unwrap();
        start::as_grafana_does(&file).map_or_else(|error| format!("{error:#}"), |()| String::new())
    }

    #[test]
    fn a_handshake_line_is_enough_and_the_process_is_ended() {
        assert_eq!(start("echo '1|2|unix|/nowhere/plugin1|grpc'; exec sleep 60"), "");
        assert_eq!(start("echo '1|2|tcp|127.0.0.1:10000|grpc||true'; exec sleep 60"), "");
    }

    #[test]
    fn the_environment_is_that_of_a_server() {
        let script = "[ \"$grafana_plugin_type\" = datasource ] && [ -z \"$HOME$CARGO\" ] && echo '1|2|unix|/nowhere|grpc'";
        assert_eq!(start(script), "");
    }

    #[test]
    fn other_lines_are_refused_with_what_was_found() {
        for line in
            ["hello", "1|1|unix|/nowhere|grpc", "1|2|unix|/nowhere", "1|2|unix||grpc", "2|2|tcp|a:1|grpc"]
        {
            let error = start(&format!("echo '{line}'"));
            assert!(error.contains(&format!("found {line:?} on stdout")), "{error}");
        }
    }

    #[test]
    fn a_process_that_ends_is_told_with_its_last_words() {
        let error = start("echo 'no store here' >&2; exit 3");
        assert!(error.contains("before it wrote a line"), "{error}");
        assert!(error.contains("on stderr it said:\nno store here"), "{error}");
    }
}

mod sources {
    use super::*;

    #[test]
    fn a_plugin_is_found_by_name_or_by_folder() {
        let ours = Source::find(Some("sql"), None).unwrap();
        assert_eq!((&ours.repository, ours.licences()), (&run::root(), run::root().as_path()));
        let same = Source::find(None, Some(&ours.folder)).unwrap();
        assert_eq!(same.repository, run::root(), "a folder of this repository belongs to it");
        let error = Source::find(Some("nothing"), None).unwrap_err().to_string();
        assert!(error.contains("no plugin `nothing`") && error.contains("logs, metrics, sql"), "{error}");
        let error = Source::find(None, None).unwrap_err().to_string();
        assert!(error.contains("with --path"), "{error}");
    }

    #[test]
    fn a_plugin_elsewhere_has_a_repository_and_a_day_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let error = Source::find(None, Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("holds no plugin.json"), "{error}");
        fs::write(folder.path().join("plugin.json"), MANIFEST).unwrap();
        let source = Source::find(None, Some(folder.path())).unwrap();
        assert_eq!(source.repository, source.folder);
        assert_eq!(source.licences(), source.folder, "it has none, which the checks of the folder tell");
        let day = source.release_date().unwrap();
        assert!(day.len() == 10 && day.as_str() > "2025", "{day}");
    }
}
