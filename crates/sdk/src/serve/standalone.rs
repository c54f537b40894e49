//! A plugin under a debugger: served on TCP without a host, and found by what a host starts from the plugin's folder.
//!
//! `-standalone` makes a process the server. A process that a host starts finds the server's address beside its
//! executable, announces it in place of its own, and stays until the host goes.
//!
//! It deliberately serves the plugin alone, without go-plugin's services: a host that shuts its plugins down must not
//! end the process that somebody debugs.

mod files;
mod folder;
#[cfg(test)]
mod tests;

use std::env;
use std::io;
use std::path::PathBuf;

use graftwire_protocol::handshake::{HandshakeLine, HostOffer, Network, highest};
use graftwire_transport::{BindOptions, bind};

use super::ending::{Ending, Reason};
use super::{Parts, ServeError, ServeOptions, clean_up, connections, drafted, own_services, print_line};
use files::{Files, Named};

/// Where a standalone server listens when nobody says: any free port, for this machine alone.
const ANY_PORT: &str = "127.0.0.1:0";

/// Why a plugin can't be served standalone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandaloneError {
    /// The plugin's folder is not where one works.
    #[error(
        "no plugin.json with the id {id:?} in or below {folder}; start it in the plugin's folder, where dist/plugin.json is",
        folder = folder.display()
    )]
    NoFolder {
        /// The plugin's id.
        id: String,
        /// The working directory.
        folder: PathBuf,
    },
    /// Another one serves already.
    #[error(
        "{file} says that process {pid} serves this plugin already; end that process first, or remove the file if it is \
         another program",
        file = file.display()
    )]
    Running {
        /// The process.
        pid: u32,
        /// The file that names it.
        file: PathBuf,
    },
    /// The files that lead to the server can't be written.
    #[error("standalone.txt and pid.txt can't be written in {folder}", folder = folder.display())]
    Files {
        /// The plugin's folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// There is no working directory.
    #[error("the working directory can't be read")]
    NoWorkingDirectory(#[source] io::Error),
}

/// Serves until SIGINT or SIGTERM.
pub(super) async fn serve(
    id: String,
    mut options: ServeOptions,
    parts: impl FnOnce() -> Parts,
) -> Result<Reason, ServeError> {
    let working_directory = env::current_dir().map_err(StandaloneError::NoWorkingDirectory)?;
    let Some(folder) = folder::of_plugin(&id, &working_directory) else {
        return Err(StandaloneError::NoFolder { id, folder: working_directory }.into());
    };
    let files = Files::in_folder(&folder);
    if let Named::Living(pid) = files.process() {
        return Err(StandaloneError::Running { pid, file: files.process_file() }.into());
    }
    let address = address_in_environment(&id).unwrap_or_else(|| ANY_PORT.to_owned());
    let bound = bind(&BindOptions::Address(address)).await?;
    let ending = Ending::new();
    ending.watch_terminal()?;
    let (backend, capabilities, limits) = parts();
    let router = own_services(highest(&options.versions), backend, &capabilities, limits).into_router();
    let router = drafted(router, options.draft_names);
    let written = files
        .write(bound.address())
        .map_err(|cause| StandaloneError::Files { folder: folder.clone(), cause })?;
    tracing::info!(address = bound.address(), folder = %folder.display(), "serving standalone");
    if let Some(start) = options.on_start.take() {
        start();
    }
    let reason = connections::serve(bound, router, limits, connections::Around::default(), &ending).await;
    drop(written);
    clean_up(options.on_shutdown.take()).await;
    Ok(reason)
}

/// The address of the standalone server that a host is to be led to, if there is one that lives.
pub(super) fn living(id: &str) -> Option<String> {
    let executable = env::current_exe().ok()?;
    let files = Files::in_folder(executable.parent()?);
    found(address_in_environment(id), &files)
}

fn found(said: Option<String>, files: &Files) -> Option<String> {
    let address = said.or_else(|| files.address())?;
    match files.process() {
        Named::Gone => {
            tracing::debug!(
                folder = %files.folder().display(),
                "the standalone server that pid.txt names is gone: the plugin serves itself"
            );
            None
        }
        Named::Nobody | Named::Living(_) => Some(address),
    }
}

/// Leads the host to the standalone server, and stays as its process until the host goes.
pub(super) async fn lead(
    address: String,
    offer: &HostOffer,
    options: &ServeOptions,
) -> Result<Reason, ServeError> {
    tracing::info!(address, "a standalone server of this plugin runs: the host is led there");
    if offer.client_cert.is_some() {
        tracing::warn!(
            "the host asks for TLS, which a standalone server does not speak; the host will refuse"
        );
    }
    let ending = Ending::new();
    ending.watch_signals()?;
    ending.watch_parent();
    let line = HandshakeLine {
        version: highest(&options.versions).number(),
        network: Network::Tcp,
        address,
        server_cert: None,
        multiplex: None,
    };
    // Go's SDK leaves the empty field for a certificate out here.
    print_line(line.to_string().trim_end_matches('|'))?;
    Ok(ending.wait().await)
}

fn address_in_environment(id: &str) -> Option<String> {
    env::var(variable(id)).ok().filter(|address| !address.is_empty())
}

fn variable(id: &str) -> String {
    format!("GF_PLUGIN_GRPC_ADDRESS_{}", id.to_uppercase().replace('-', "_"))
}

impl From<StandaloneError> for ServeError {
    fn from(error: StandaloneError) -> Self {
        Self::Standalone(error)
    }
}
