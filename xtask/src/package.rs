//! `cargo xtask package <plugin>`: builds a plugin and lays out the folder that Grafana loads.
//!
//! The folder is checked as a server would meet it, up to a start of the executable. It is not signed: a private
//! signature needs its owner's token, and the public catalogue takes Go back ends only.

mod advice;
mod checks;
mod layout;
mod manifest;
mod platform;
mod start;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use self::layout::Content;
use self::manifest::Manifest;
use self::platform::Platform;
use crate::run;

/// What to package.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The plugin's folder below `plugins/`, such as `metrics`.
    plugin: String,
    /// Where the plugin's folder is put; a relative path starts at the repository's root.
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// Build without optimisation: quicker, larger, slower.
    #[arg(long)]
    debug: bool,
    /// Rust target to build for, once or several times; this machine's by default.
    #[arg(long = "target", value_name = "TRIPLE")]
    targets: Vec<String>,
    /// Take this executable for this machine instead of building one.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "debug"])]
    executable: Option<PathBuf>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let packaged = lay_out(args)?;
    println!("{}", advice::text(&packaged.folder, &packaged.manifest, &packaged.facts));
    Ok(())
}

/// Builds a plugin without optimisation into a folder and gives that folder: for chores that try the plugin.
pub(crate) fn for_trial(plugin: &str, out: &Path) -> anyhow::Result<PathBuf> {
    let args = Args {
        plugin: plugin.to_owned(),
        out: out.to_owned(),
        debug: true,
        targets: Vec::new(),
        executable: None,
    };
    lay_out(args).map(|packaged| packaged.folder)
}

/// A plugin's folder that has been checked.
struct Packaged {
    folder: PathBuf,
    manifest: Manifest,
    facts: checks::FolderFacts,
}

fn lay_out(args: Args) -> anyhow::Result<Packaged> {
    let source = run::root().join("plugins").join(&args.plugin);
    let plugin_json = source.join("plugin.json");
    if !plugin_json.is_file() {
        bail!(
            "no plugin `{}`: {} does not exist; there are: {}",
            args.plugin,
            plugin_json.display(),
            known_plugins()
        );
    }
    let package = cargo_package(&source)?;
    let manifest = Manifest::read(&plugin_json)?.filled(&package.version, &release_date()?)?;
    let executables = executables(&args, &package, &manifest)?;

    let folder = run::root().join(&args.out).join(manifest.id());
    layout::write(
        &folder,
        &Content { source: &source, licences: &run::root(), manifest: &manifest, executables },
    )?;
    let facts = report(checks::folder(&folder, &manifest), "the folder is not what Grafana needs")?;
    if let Some(executable) = start::runnable_here(&folder, &manifest)? {
        start::as_grafana_does(&executable)?;
    }
    Ok(Packaged { folder, manifest, facts })
}

/// The Cargo package of a plugin, as far as packaging needs it.
#[derive(Debug)]
struct CargoPackage {
    name: String,
    version: String,
    executables: Vec<String>,
    target_directory: PathBuf,
}

fn cargo_package(source: &Path) -> anyhow::Result<CargoPackage> {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(run::root()).no_deps().exec()?;
    let file = source.join("Cargo.toml");
    let package = metadata.packages.iter().find(|package| package.manifest_path == file);
    let package = package.with_context(|| format!("{} is not a package of the workspace", file.display()))?;
    let executables =
        package.targets.iter().filter(|target| target.is_bin()).map(|target| target.name.clone());
    Ok(CargoPackage {
        name: package.name.to_string(),
        version: package.version.to_string(),
        executables: executables.collect(),
        target_directory: metadata.target_directory.into_std_path_buf(),
    })
}

/// The executables to lay in, each with the platform it is for.
fn executables(
    args: &Args,
    package: &CargoPackage,
    manifest: &Manifest,
) -> anyhow::Result<Vec<(Platform, PathBuf)>> {
    let host = platform::host_triple()?;
    if let Some(file) = &args.executable {
        return Ok(vec![(Platform::of_triple(&host)?, file.clone())]);
    }
    if args.targets.is_empty() {
        let built = build(args, package, manifest.executable(), None)?;
        return Ok(vec![(Platform::of_triple(&host)?, built)]);
    }
    let for_target = |triple: &String| {
        Ok((Platform::of_triple(triple)?, build(args, package, manifest.executable(), Some(triple))?))
    };
    args.targets.iter().map(for_target).collect()
}

fn build(
    args: &Args,
    package: &CargoPackage,
    name: &str,
    target: Option<&String>,
) -> anyhow::Result<PathBuf> {
    if !package.executables.iter().any(|known| known == name) {
        bail!(
            "plugin.json names the executable `{name}`, but the package {} has {:?}",
            package.name,
            package.executables
        );
    }
    let mut command = run::cargo().args(["build", "--package", &package.name, "--bin", name]);
    let mut file = package.target_directory.clone();
    if let Some(triple) = target {
        command = command.args(["--target", triple]);
        file.push(triple);
    }
    if !args.debug {
        command = command.arg("--release");
    }
    command.run()?;
    file.push(if args.debug { "debug" } else { "release" });
    let windows = target.map_or(cfg!(windows), |triple| triple.contains("windows"));
    Ok(file.join(if windows { format!("{name}.exe") } else { name.to_owned() }))
}

/// The day the packaged state was committed, so that packaging it again gives the same bytes.
fn release_date() -> anyhow::Result<String> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => seconds,
        Err(_) => run::Run::new("git").args(["log", "-1", "--format=%ct"]).quiet().stdout()?,
    };
    let seconds = seconds.trim();
    let moment =
        seconds.parse().ok().and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    let moment =
        moment.with_context(|| format!("found {seconds:?} as the date, expected seconds since 1970"))?;
    Ok(moment.date().to_string())
}

fn known_plugins() -> String {
    let folders = std::fs::read_dir(run::root().join("plugins")).into_iter().flatten().flatten();
    let mut names: Vec<String> = folders
        .filter(|entry| entry.path().join("plugin.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names.join(", ")
}

/// All problems at once: mending one by one is tedious.
fn report<T>(result: Result<T, Vec<String>>, what: &str) -> anyhow::Result<T> {
    result.map_err(|problems| anyhow::anyhow!("{what}:\n  - {}", problems.join("\n  - ")))
}

#[cfg(test)]
mod tests;
