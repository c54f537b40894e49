//! `graftwire workbench`: a page on which plugins are looked at while they run.
//!
//! It starts every plugin it finds under supervision and serves one page and a JSON API on the loopback address.
//! It deliberately keeps nothing: no users, no stored settings, no history.

mod api;
mod assets;
mod channels;
mod entry;
mod guard;
mod reply;
mod roster;
mod routes;
mod server;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::plugin::interrupted;
use guard::Guard;
use roster::Roster;

/// Run plugins and look at them on a page: live panels, queries, logs, process figures.
#[derive(Debug, Args)]
pub(crate) struct WorkbenchArgs {
    /// A folder with plugins in it, or one plugin; may be repeated [default: plugins].
    #[arg(long, value_name = "DIR")]
    plugins: Vec<PathBuf>,
    /// A plugin that runs already, for instance under a debugger: its folder with standalone.txt, or ID=ADDRESS; may be
    /// repeated. It is not started, and goes on running afterwards.
    #[arg(long, value_name = "PLACE")]
    attach: Vec<String>,
    /// Where the page is served; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3333")]
    listen: String,
    /// Allow an address that other machines reach. Whoever reaches it can query, restart and stop the plugins.
    #[arg(long)]
    allow_remote: bool,
    /// Open the page in a browser.
    #[arg(long)]
    open: bool,
    /// Settings of a plugin's data source; the file is as for `query --settings`.
    #[arg(long, value_name = "ID=FILE", value_parser = id_and_file)]
    settings: Vec<(String, PathBuf)>,
    /// Secrets of a plugin's data source; the file is as for `query --secure`. They are never shown.
    #[arg(long, value_name = "ID=FILE", value_parser = id_and_file)]
    secure: Vec<(String, PathBuf)>,
}

fn id_and_file(text: &str) -> Result<(String, PathBuf), String> {
    let (id, file) = text.split_once('=').ok_or("expected ID=FILE")?;
    Ok((id.to_owned(), file.into()))
}

pub(crate) fn run(args: &WorkbenchArgs, json: bool) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|cause| Failure::file("the system gives no event loop").because(cause))?;
    runtime.block_on(serve(args, json))
}

async fn serve(args: &WorkbenchArgs, json: bool) -> Result<Exit, Failure> {
    let (listener, address) = listen(args).await?;
    let roster = Roster::find(args)?;
    announce(&roster, address, json)?;
    if args.open {
        open_browser(&url(address));
    }
    let guard = Guard::new(&args.listen, address, args.allow_remote);
    roster.start_all();
    tokio::select! {
        () = server::run(listener, Arc::clone(&roster), guard) => {}
        () = interrupted() => {}
    }
    roster.stop_all().await;
    Ok(Exit::Interrupted)
}

async fn listen(args: &WorkbenchArgs) -> Result<(TcpListener, SocketAddr), Failure> {
    let unusable = |cause: std::io::Error| {
        let cure = match cause.kind() {
            std::io::ErrorKind::AddrInUse => "; is a workbench running there? Port 0 takes a free one",
            _ => "",
        };
        Failure::usage(format!("--listen {}: the address can't be used{cure}", args.listen)).because(cause)
    };
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(&args.listen).await.map_err(unusable)?.collect();
    let remote = addresses.iter().find(|address| !address.ip().is_loopback());
    if let Some(remote) = remote {
        if !args.allow_remote {
            return Err(Failure::usage(format!(
                "--listen {}: {remote} can be reached from other machines, and the page has no login; add \
                 --allow-remote if you mean it",
                args.listen
            )));
        }
        warn(&format!("anybody who reaches {remote} can query, restart and stop these plugins"));
    }
    let listener = TcpListener::bind(addresses.as_slice()).await.map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    Ok((listener, address))
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/")
}

/// The address on stdout, for scripts and for people; nothing else goes there.
fn announce(roster: &Roster, address: SocketAddr, json: bool) -> Result<(), Failure> {
    let mut output = Output::stdout();
    let ids: Vec<&str> = roster.entries().iter().map(|entry| entry.id()).collect();
    if json {
        output.json(&json!({"url": url(address), "plugins": ids}))?;
    } else {
        output.line(&url(address))?;
        for entry in roster.entries() {
            output.line(&format!("  {}", entry.headline()))?;
        }
    }
    output.flush()
}

fn warn(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "warning: {text}");
}

/// Asks the desktop to show the page. Whether there is one is not our concern: the address was printed.
fn open_browser(url: &str) {
    let (program, first): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let mut command = tokio::process::Command::new(program);
    command.args(first).arg(url).stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    match command.stderr(std::process::Stdio::null()).spawn() {
        Ok(mut child) => drop(tokio::spawn(async move { child.wait().await })),
        Err(error) => warn(&format!("no browser could be opened ({program}: {error}); open {url} yourself")),
    }
}
