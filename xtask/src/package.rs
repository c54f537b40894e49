//! `cargo xtask package <plugin>`: builds a plugin and lays out the folder that Grafana loads.
//!
//! The folder is checked as a server would meet it, up to a start of the executable. It is not signed: a private
//! signature needs its owner's token, and the public catalogue takes Go back ends only.

mod advice;
mod checks;
mod layout;
pub(crate) mod manifest;
pub(crate) mod platform;
mod source;
mod start;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use self::layout::Content;
use self::manifest::Manifest;
use self::platform::Platform;
pub(crate) use self::source::Source;

/// What to package.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The plugin's folder below `plugins/`, such as `metrics`; without it the plugin in the current folder.
    plugin: Option<String>,
    /// The folder of a plugin outside of this repository, as `cargo xtask new` makes them.
    #[arg(long, value_name = "DIR", conflicts_with = "plugin")]
    path: Option<PathBuf>,
    /// Where the plugin's folder is put; a relative path starts at the root of the plugin's repository.
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
        plugin: Some(plugin.to_owned()),
        path: None,
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
    let source = Source::find(args.plugin.as_deref(), args.path.as_deref())?;
    let package = cargo_package(&source)?;
    let manifest = Manifest::read(&source.folder.join("plugin.json"))?
        .filled(&package.version, &source.release_date()?)?;
    let executables = executables(&args, &source, &package, &manifest)?;

    let folder = source.repository.join(&args.out).join(manifest.id());
    layout::write(
        &folder,
        &Content { source: &source.folder, licences: source.licences(), manifest: &manifest, executables },
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

fn cargo_package(source: &Source) -> anyhow::Result<CargoPackage> {
    let file = source.folder.join("Cargo.toml");
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(&source.folder).no_deps().exec()?;
    let package = metadata.packages.iter().find(|package| package.manifest_path == file);
    let package = package.with_context(|| format!("{} is no package of a workspace", file.display()))?;
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
    source: &Source,
    package: &CargoPackage,
    manifest: &Manifest,
) -> anyhow::Result<Vec<(Platform, PathBuf)>> {
    let host = platform::host_triple()?;
    if let Some(file) = &args.executable {
        return Ok(vec![(Platform::of_triple(&host)?, file.clone())]);
    }
    if args.targets.is_empty() {
        let built = build(args, source, package, manifest.executable(), None)?;
        return Ok(vec![(Platform::of_triple(&host)?, built)]);
    }
    let for_target = |triple: &String| {
        Ok((Platform::of_triple(triple)?, build(args, source, package, manifest.executable(), Some(triple))?))
    };
    args.targets.iter().map(for_target).collect()
}

fn build(
    args: &Args,
    source: &Source,
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
    let mut command = source.cargo().args(["build", "--package", &package.name, "--bin", name]);
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

/// All problems at once: mending one by one is tedious.
fn report<T>(result: Result<T, Vec<String>>, what: &str) -> anyhow::Result<T> {
    result.map_err(|problems| anyhow::anyhow!("{what}:\n  - {}", problems.join("\n  - ")))
}

#[cfg(test)]
mod tests;
