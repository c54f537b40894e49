//! `graftwire conformance`: does a plugin keep the protocol? A list of checks, each a run of the plugin's process.
//!
//! Some checks work with any plugin; those of answers need one that keeps the contract of `docs/conformance.md`. It
//! deliberately looks at what a host can see alone, so it holds for plugins of every SDK.

mod answers;
mod handshake;
mod life;
mod objects;
mod process;
mod services;
mod streams;

use clap::Args;
use futures_util::future::BoxFuture;
use graftwire_model::CallError;
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use process::Subject;

/// Check that a plugin keeps the protocol: handshake, life, go-plugin's services, limits, answers.
#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// The plugin: a folder with plugin.json in or below it, a plugin.json, or an executable.
    #[arg(value_name = "PLUGIN")]
    plugin: std::path::PathBuf,
    /// The plugin keeps the contract of docs/conformance.md: check its answers too.
    #[arg(long)]
    contract: bool,
    /// Run these checks alone, such as cookie-absent.
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    only: Vec<String>,
}

/// Why a check is not passed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Miss {
    /// The plugin does something else.
    No(String),
    /// It could not be tried here.
    Untried(String),
}

type Kept = Result<(), Miss>;

impl From<String> for Miss {
    fn from(text: String) -> Self {
        Self::No(text)
    }
}

impl From<&str> for Miss {
    fn from(text: &str) -> Self {
        Self::No(text.to_owned())
    }
}

impl From<CallError> for Miss {
    fn from(error: CallError) -> Self {
        Self::No(match error.code() {
            graftwire_model::Code::Unimplemented => "not implemented".to_owned(),
            code => format!("gRPC {code:?}"),
        })
    }
}

/// A miss with this text, unless it holds.
fn expect(holds: bool, otherwise: impl Into<String>) -> Kept {
    if holds { Ok(()) } else { Err(Miss::No(otherwise.into())) }
}

/// One thing that must hold.
struct Check {
    group: &'static str,
    name: &'static str,
    about: &'static str,
    /// Whether the plugin must keep the contract.
    contract: bool,
    run: for<'a> fn(&'a Subject) -> BoxFuture<'a, Kept>,
}

macro_rules! checks {
    ($group:literal, $contract:literal: $($name:literal, $about:literal => $run:path;)*) => {
        vec![$(Check {
            group: $group,
            name: $name,
            about: $about,
            contract: $contract,
            run: |subject| Box::pin($run(subject)),
        }),*]
    };
}
use checks;

fn all() -> Vec<Check> {
    [
        handshake::checks(),
        life::checks(),
        services::checks(),
        answers::checks(),
        streams::checks(),
        objects::checks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(crate) fn run(args: &ConformanceArgs, as_json: bool) -> Result<Exit, Failure> {
    if cfg!(not(unix)) {
        return Err(Failure::usage("the checks send signals, which this system does not have"));
    }
    let spec = graftwire_host::PluginSpec::resolve(&args.plugin).map_err(Failure::start)?;
    let subject =
        Subject::new(spec).map_err(|cause| Failure::file("no folder for sockets").because(cause))?;
    let checks = all();
    if let Some(name) = args.only.iter().find(|name| !checks.iter().any(|check| check.name == *name)) {
        return Err(Failure::usage(format!("no check is called {name:?}")));
    }
    let wanted = |check: &Check| {
        (args.contract || !check.contract)
            && (args.only.is_empty() || args.only.iter().any(|name| name == check.name))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Failure::file("the system gives no event loop").because(cause))?;
    let progress = Progress::begin(false);
    let mut rows = Vec::new();
    for check in checks.into_iter().filter(wanted) {
        progress.say(check.about);
        let kept = runtime.block_on(async {
            tokio::select! {
                kept = tokio::time::timeout(process::PATIENCE, (check.run)(&subject)) => Some(kept),
                () = crate::plugin::interrupted() => None,
            }
        });
        let kept = match kept {
            None => return Err(Failure::interrupted()),
            Some(Ok(kept)) => kept,
            Some(Err(_)) => Err(Miss::No("no end in time".to_owned())),
        };
        rows.push((check, kept));
    }
    progress.clear();
    print(&rows, as_json)?;
    let missed = rows.iter().any(|(_, kept)| matches!(kept, Err(Miss::No(_))));
    Ok(if missed { Exit::Answer } else { Exit::Fine })
}

fn print(rows: &[(Check, Kept)], as_json: bool) -> Result<(), Failure> {
    let mut output = Output::stdout();
    if as_json {
        let checks: Vec<_> = rows
            .iter()
            .map(|(check, kept)| {
                let (verdict, detail) = words(kept);
                json!({"group": check.group, "name": check.name, "about": check.about, "verdict": verdict, "detail": detail})
            })
            .collect();
        output.json(&json!({"checks": checks}))?;
    } else {
        let mut group = "";
        for (check, kept) in rows {
            if check.group != group {
                group = check.group;
                output.line(&format!("{group}:"))?;
            }
            let (verdict, detail) = words(kept);
            let detail = if detail.is_empty() {
                String::new()
            } else {
                format!(": {}", crate::series::printable(detail))
            };
            output.line(&format!("  {verdict:<9} {}{detail}", check.about))?;
        }
        let kept = rows.iter().filter(|(_, kept)| kept.is_ok()).count();
        output.line(&format!("{kept} of {} kept", rows.len()))?;
    }
    output.flush()
}

fn words(kept: &Kept) -> (&'static str, &str) {
    match kept {
        Ok(()) => ("yes", ""),
        Err(Miss::No(why)) => ("no", why),
        Err(Miss::Untried(why)) => ("not tried", why),
    }
}
