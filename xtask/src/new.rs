//! `cargo xtask new NAME`: a new data source made from the SDK, which is tested, packaged and released as it is made.
//!
//! Its files are those of `templates/datasource`, a plugin that is compiled, tested and loaded in Grafana's own
//! libraries with all others here; only names change. Nothing is downloaded, and no folder that exists is touched.

mod dependencies;
mod files;
mod names;
mod place;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use self::files::Files;
use self::names::Names;
use self::place::Place;
use crate::run;

/// What to make, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The plugin's name as organisation-name, such as `acme-weather`.
    name: String,
    /// The organisation, if NAME is without it.
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
    /// Make it a crate of this workspace, in this folder of it; `plugins` is the one that chores look in.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "git"])]
    into: Option<PathBuf>,
    /// Make it a repository of its own in this folder, from where you are; by default `../NAME`, beside this checkout.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Take Graftwire's crates from this git repository instead of this checkout. They are not published on crates.io.
    #[arg(long, value_name = "URL")]
    git: Option<String>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let names = Names::read(&args.name, args.org.as_deref())?;
    let current = std::env::current_dir().context("the current folder is gone")?;
    let place = match (&args.into, &args.out) {
        (Some(into), _) => Place::inside(&run::root().join(into).join(names.package()), &names)?,
        (None, Some(out)) => Place::outside(&current.join(out), args.git.as_deref())?,
        (None, None) => Place::outside(&run::root().join("..").join(names.package()), args.git.as_deref())?,
    };
    let files = Files::of(&names, &place)?;
    let count = files.write(&place.folder)?;
    if place.is_inside() {
        place::draw_arrows(&names)?;
    }
    println!("{}", text(&names, &place, count, &current));
    Ok(())
}

/// What was made, and what to type next.
fn text(names: &Names, place: &Place, count: usize, current: &Path) -> String {
    let folder = place.folder.strip_prefix(current).unwrap_or(&place.folder).display();
    let package = names.package();
    let head = format!("{folder}: {} in {count} files, for Grafana >=7.5.0\n", names.id());
    if place.is_inside() {
        return format!(
            "{head}
  cargo test --package {package}
  cargo xtask package {package}
  cargo xtask dist --plugin {package} --target linux-amd64

It has a row in ci/layers.toml; commit that and Cargo.lock along with it."
        );
    }
    let git = if place.git.is_some() {
        "\nChores need a checkout of Graftwire too, at the place that .cargo/config.toml names.\n"
    } else {
        ""
    };
    format!(
        "{head}
  cd {folder}
  cargo test
  cargo xtask package --debug
{git}
DEVELOPING.md there goes on from here."
    )
}

#[cfg(test)]
mod tests;
